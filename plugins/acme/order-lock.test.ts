import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lockDuration, OrderLock } from './order-lock.ts'

let folder: string
let path: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-lock-'))
  path = join(folder, 'acme/lock')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('one at a time', async () => {
  const clock = fakeClock()
  const [one, other] = [new OrderLock(path, clock), new OrderLock(path, clock)]
  const taken = await Promise.all([one.take(), other.take()])
  expect(taken.toSorted()).toEqual([false, true])
  const [holder, waiting] = taken[0] === true ? [one, other] : [other, one]
  // Only the owner's release counts.
  await waiting.release()
  expect(await new OrderLock(path, clock).take()).toBe(false)
  await holder.release()
  expect(await readdir(join(folder, 'acme'))).toEqual([])
  expect(clock.waiting).toBe(0)
})

test('lasts while its owner lives, and not long after it has died', async () => {
  const clock = fakeClock()
  const owner = new OrderLock(path, clock)
  expect(await owner.take()).toBe(true)
  for (let quarter = 0; quarter < 12; quarter++) {
    const before = await stat(path)
    clock.advance(lockDuration / 4)
    await vi.waitFor(async () => expect((await stat(path)).ino).not.toBe(before.ino))
    expect(await new OrderLock(path, clock).take()).toBe(false)
  }
  await owner.release()
  // A process whose timers no longer run.
  const dead = fakeClock(clock.now())
  expect(await new OrderLock(path, dead).take()).toBe(true)
  clock.advance(lockDuration)
  const heirs = Array.from({ length: 8 }, () => new OrderLock(path, clock))
  const taken = await Promise.all(heirs.map((each) => each.take()))
  expect(taken.filter(Boolean)).toHaveLength(1)
  await Promise.all(heirs.map((each) => each.release()))
  expect(await readdir(join(folder, 'acme'))).toEqual([])
})

test.each(['', '{', 'null', '{"owner":"me"}', '{"owner":"me","until":9e15}'])(
  'what nobody could have written, such as %j, is no lock',
  async (text) => {
    const clock = fakeClock()
    const lock = new OrderLock(path, clock)
    await lock.take()
    await lock.release()
    await writeFile(path, text)
    const next = new OrderLock(path, clock)
    expect(await next.take()).toBe(true)
    await next.release()
  },
)
