import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { createWaitingLine } from './waiting-line.ts'

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

describe('the waiting line', () => {
  it('runs so many at a time, the others in their order', async () => {
    const line = createWaitingLine('tests', 2, 10)
    const gates = Array.from({ length: 5 }, gate)
    const started: number[] = []
    const all = gates.map(({ opened }, index) =>
      line.run(async () => {
        started.push(index)
        await opened
        return index
      }),
    )
    await Promise.resolve()
    expect(started).toEqual([0, 1])
    gates[1]?.open()
    await all[1]
    await Promise.resolve()
    expect(started).toEqual([0, 1, 2])
    for (const { open } of gates) open()
    expect(await Promise.all(all)).toEqual([0, 1, 2, 3, 4])
    expect(started).toEqual([0, 1, 2, 3, 4])
  })

  it('refuses when it is full, and takes again when it is not', async () => {
    const line = createWaitingLine('tests', 1, 1)
    const { opened, open } = gate()
    const first = line.run(() => opened)
    const second = line.run(async () => 'second')
    const refused = await line.run(async () => 'third').catch(errorCode)
    expect(refused).toBe('MAIL_E_UNAVAILABLE')
    open()
    await first
    expect(await second).toBe('second')
    expect(await line.run(async () => 'fourth')).toBe('fourth')
  })

  it('goes on after a failure', async () => {
    const line = createWaitingLine('tests', 1, 1)
    const failed = line.run(async () => {
      throw new Error('no')
    })
    const next = line.run(async () => 'next')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('next')
  })
})
