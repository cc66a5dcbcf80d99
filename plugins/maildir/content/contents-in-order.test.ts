import { bufferContent, type Content } from 'mailwright'
import { expect, it } from 'vitest'
import { makeRecord } from '../index/index-record.ts'
import { ContentsInOrder } from './contents-in-order.ts'

const recordsOf = (...sizes: readonly number[]) =>
  sizes.map((size, at) =>
    makeRecord({
      uid: at + 1,
      base: `${at}.a.h`,
      location: 'cur/:2,',
      size,
      internalDate: 0,
      savedDate: 0,
      modSequence: 1,
      keywords: [],
    }),
  )

function opener(failing = 0) {
  const opened: number[] = []
  const open = async ({ entry: { uid } }: ReturnType<typeof makeRecord>): Promise<Content> => {
    opened.push(uid)
    if (uid === failing) throw new Error('it failed')
    return bufferContent(Buffer.from(String(uid)))
  }
  return { opened, open }
}

const range = (to: number): readonly number[] => Array.from({ length: to }, (_, at) => at + 1)
const text = async (content: Promise<Content>): Promise<string> => String(await (await content).read(0, 9))

it('opens some at a time, each once and in order, and more while some are left', async () => {
  const { opened, open } = opener()
  const ahead = new ContentsInOrder(recordsOf(...range(60)), open)
  expect(opened).toEqual([])
  for (const uid of range(60)) {
    expect(await text(ahead.next())).toBe(String(uid))
    expect(opened.length).toBeGreaterThanOrEqual(Math.min(60, uid + 7))
    expect(opened.length).toBeLessThanOrEqual(uid + 23)
  }
  expect(opened).toEqual(range(60))
  expect(() => ahead.next()).toThrow(RangeError)
})

it('opens fewer that are large, and the largest by itself', async () => {
  const { opened, open } = opener()
  const ahead = new ContentsInOrder(recordsOf(200_000, 200_000, 200_000, 9_000_000, 1), open)
  const counts: number[] = []
  for (const uid of range(5)) {
    expect(await text(ahead.next())).toBe(String(uid))
    counts.push(opened.length)
  }
  expect(counts).toEqual([2, 3, 3, 4, 5])
})

it('fails when the turn of what failed comes, and goes on', async () => {
  const { open } = opener(2)
  const ahead = new ContentsInOrder(recordsOf(1, 1, 1), open)
  expect(await text(ahead.next())).toBe('1')
  await expect(ahead.next()).rejects.toThrow('it failed')
  expect(await text(ahead.next())).toBe('3')
})
