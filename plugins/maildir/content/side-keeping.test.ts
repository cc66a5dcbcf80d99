import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, expect, it } from 'vitest'
import { SideKeeping } from './side-keeping.ts'

let clock: FakeClock
/** The UIDs that were to be kept together. */
let kept: (readonly number[])[]
let end: () => void
let keeping: SideKeeping

beforeEach(() => {
  clock = fakeClock()
  kept = []
  keeping = new SideKeeping(clock, (items) => {
    kept.push(items.map(({ uid }) => uid))
    return new Promise((resolve) => {
      end = resolve
    })
  })
})

const megabytes = (count: number): Buffer => Buffer.alloc(count * 1024 * 1024)
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('keeps some at a time, each when those before are kept', async () => {
  keeping.add({ uid: 1, content: megabytes(1) })
  await keeping.begin()
  keeping.add({ uid: 2, content: megabytes(1) })
  const next = keeping.begin()
  await settled()
  expect(kept).toEqual([[1]])
  end()
  await next
  const finished = keeping.finish()
  await settled()
  end()
  await finished
  expect([kept, clock.waiting]).toEqual([[[1], [2]], 0])
})

it('is waited for a moment only, and throws away what would not fit into memory meanwhile', async () => {
  keeping.add({ uid: 1, content: megabytes(1) })
  await keeping.begin()
  keeping.add({ uid: 2, content: megabytes(9) })
  const next = keeping.begin()
  await settled()
  clock.advance(100)
  await next
  keeping.add({ uid: 3, content: megabytes(1) })
  await keeping.begin()
  expect([keeping.isFull, kept]).toEqual([false, [[1]]])
  end()
  await settled()
  await keeping.begin()
  expect(kept).toEqual([[1], [3]])
  await keeping.finish()
  expect(clock.waiting).toBe(0)
})

it('keeps what was made last too, once what takes its time is kept; nobody waits for that', async () => {
  keeping.add({ uid: 1, content: megabytes(1) })
  await keeping.begin()
  keeping.add({ uid: 2, content: megabytes(1) })
  const finished = keeping.finish()
  await settled()
  clock.advance(100)
  await finished
  expect(kept).toEqual([[1]])
  end()
  await settled()
  expect(kept).toEqual([[1], [2]])
})
