import { expect, it } from 'vitest'
import { Serial } from './serial.ts'

it('runs one task at a time, in their order, and goes on after a failure', async () => {
  const serial = new Serial()
  const log: string[] = []
  const task = (name: string) => async () => {
    log.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    log.push(`${name} ends`)
    if (name === 'a') throw new Error('failed')
    return name
  }
  const runs = await Promise.allSettled(['a', 'b', 'c'].map((name) => serial.run(task(name))))
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(runs.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})
