import { bufferContent, type Content, type MessageEntry } from 'mailwright'
import { fakeClock } from 'mailwright/testing'
import { beforeEach, expect, it } from 'vitest'
import { type AheadOctets, ReadAhead } from './read-ahead.ts'

const clock = fakeClock(0)
let opened: number[]
let fails: Set<number>
let ofAll: AheadOctets

beforeEach(() => {
  opened = []
  fails = new Set()
  ofAll = { octets: 0 }
})

const entry = (uid: number, size = 10): MessageEntry => ({
  uid,
  id: String(uid),
  size,
  flags: [],
  internalDate: new Date(0),
  savedDate: new Date(0),
  modSequence: 1,
})
const list = (count: number, size?: number): readonly MessageEntry[] =>
  Array.from({ length: count }, (_, at) => entry(at + 1, size))

function readAhead(): ReadAhead {
  return new ReadAhead(clock, ofAll, async (uid): Promise<Content> => {
    opened.push(uid)
    if (fails.delete(uid)) throw new Error(`${uid} failed`)
    return bufferContent(Buffer.from(String(uid)))
  })
}

/** Asks for one after the other; answers what came. */
async function ask(
  ahead: ReadAhead,
  entries: readonly MessageEntry[],
  ...uids: readonly number[]
): Promise<readonly string[]> {
  const found: string[] = []
  for (const uid of uids) {
    const at = entries.findIndex((each) => each.uid === uid)
    found.push(String(await (await ahead.content(entries, at)).read(0, 9)))
  }
  return found
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)

it('reads on from the third of a row, and opens each once', async () => {
  const ahead = readAhead()
  const entries = list(100)
  expect(await ask(ahead, entries, 1, 2)).toEqual(['1', '2'])
  expect(opened).toEqual([1, 2])
  expect(await ask(ahead, entries, 3)).toEqual(['3'])
  expect(opened).toEqual(range(1, 19))
  expect(await ask(ahead, entries, ...range(4, 100))).toEqual(range(4, 100).map(String))
  expect(opened).toEqual(range(1, 100))
  expect(ofAll.octets).toBe(0)
})

it('reads nothing on for somebody who asks here and there, or for several at once', async () => {
  const ahead = readAhead()
  const entries = list(100)
  await ask(ahead, entries, 1, 3, 2, 9, 10, 50, 51, 49)
  expect(opened).toHaveLength(8)
  await Promise.all(range(52, 70).map((uid) => ahead.content(entries, uid - 1)))
  expect(opened).toHaveLength(27)
})

it('forgets what is not asked for: elsewhere, at the end, and after a second', async () => {
  const entries = list(100)
  const ahead = readAhead()
  await ask(ahead, entries, 1, 2, 3)
  expect(ofAll.octets).toBe(160)
  await ask(ahead, entries, 50)
  expect(ofAll.octets).toBe(0)
  await ask(ahead, entries, 51, 52)
  expect(ofAll.octets).toBe(160)
  clock.advance(1000)
  expect(ofAll.octets).toBe(0)
  opened = []
  await ask(ahead, entries, 53)
  expect(opened).toEqual(range(53, 69))
  ahead.forget()
  expect(ofAll.octets).toBe(0)
  // Backwards is no row; a row that begins further in front is.
  opened = []
  await ask(ahead, entries, 10, 11, 12)
  expect(opened).toEqual(range(10, 28))
})

it('keeps little: some octets of one session, and of all together', async () => {
  const ahead = readAhead()
  await ask(ahead, list(100, 60_000), 1, 2, 3)
  expect(opened).toEqual(range(1, 7))
  ahead.forget()
  const entries = [...list(5), entry(6, 1_000_000), ...list(20).slice(6)]
  opened = []
  expect(await ask(ahead, entries, ...range(1, 20))).toEqual(range(1, 20).map(String))
  expect(opened.toSorted((a, b) => a - b)).toEqual(range(1, 20))
  ofAll.octets = 16 * 1024 * 1024 - 25
  opened = []
  await ask(ahead, entries, 1, 2, 3)
  expect(opened).toEqual([1, 2, 3, 4, 5])
})

it('tries again what could not be read ahead', async () => {
  const ahead = readAhead()
  const entries = list(10)
  fails.add(5)
  expect(await ask(ahead, entries, ...range(1, 10))).toEqual(range(1, 10).map(String))
  expect(opened.filter((uid) => uid === 5)).toHaveLength(2)
  fails.add(1)
  await expect(ask(ahead, entries, 1)).rejects.toThrow('1 failed')
})
