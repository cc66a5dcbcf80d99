import { describe, expect, it } from 'vitest'
import { errorCode } from './errors.ts'
import { Slots } from './slots.ts'

function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

describe('slots', () => {
  it('let in so many at a time, the others in their order', async () => {
    const slots = new Slots(2)
    const gates = Array.from({ length: 5 }, gate)
    const started: number[] = []
    const all = gates.map(({ opened }, index) =>
      slots.run(async () => {
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

  it('refuse when too many wait, and take again when they do not', async () => {
    const slots = new Slots(1, { waiting: 1, what: 'tests' })
    const { opened, open } = gate()
    const first = slots.run(() => opened)
    const second = slots.run(async () => 'second')
    const refused = await slots.run(async () => 'third').catch((error: unknown) => error)
    expect(errorCode(refused)).toBe('MAIL_E_UNAVAILABLE')
    expect(String(refused)).toContain('too many tests at the same time')
    open()
    await first
    expect(await second).toBe('second')
    expect(await slots.run(async () => 'fourth')).toBe('fourth')
  })

  it('go on after a failure', async () => {
    const slots = new Slots(1, { waiting: 1, what: 'tests' })
    const failed = slots.run(async () => {
      throw new Error('no')
    })
    const next = slots.run(async () => 'next')
    await expect(failed).rejects.toThrow('no')
    expect(await next).toBe('next')
  })
})
