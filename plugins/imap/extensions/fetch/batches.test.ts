import { bufferContent, type Mailbox, type MessageEntry, type MessageSummary, withUid } from 'mailwright'
import { summarise } from 'mailwright/summaries'
import { describe, expect, it } from 'vitest'
import { inBatches, summarised } from './batches.ts'
import { FetchedMessage } from './message.ts'

const parts = '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n'.repeat(9_000)
const text = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`

async function batchesOf(descending: boolean, text: string) {
  const summary = await summarise(0, bufferContent(Buffer.from(text)))
  const read: number[] = []
  const mailbox: Pick<Mailbox, 'summaries'> = {
    async *summaries(uids) {
      for (const uid of uids) {
        read.push(uid)
        yield withUid(uid, summary)
      }
    },
  }
  const entries = Array.from({ length: 600 }, (_, index) => ({ uid: index + 1 }) as MessageEntry)
  const uids: number[][] = []
  const batches = inBatches(entries, descending, async function* (some) {
    for await (const batch of summarised(mailbox, some)) yield { ...batch, asked: batch.entries.length }
  })
  for await (const { entries, summaries } of batches) {
    expect([...summaries.keys()]).toEqual(entries.map(({ uid }) => uid))
    uids.push(entries.map(({ uid }) => uid))
  }
  return { uids, read }
}

const all = Array.from({ length: 600 }, (_, index) => index + 1)

describe('batches', () => {
  it('are of 250 messages', async () => {
    const { uids, read } = await batchesOf(false, 'Subject: x\r\n\r\n')
    expect(uids.map((each) => [each[0], each.length])).toEqual([
      [1, 250],
      [251, 250],
      [501, 100],
    ])
    expect(read).toEqual(all)
    const descending = await batchesOf(true, 'Subject: x\r\n\r\n')
    expect(descending.uids.map((each) => [each[0], each.length])).toEqual([
      [351, 250],
      [101, 250],
      [1, 100],
    ])
  })

  it('end where summaries are large, and nothing is read twice', async () => {
    const { uids, read } = await batchesOf(false, text)
    expect(uids.flat()).toEqual(all)
    expect(Math.max(...uids.map((each) => each.length))).toBeLessThan(30)
    expect(read).toEqual(all)
  })

  it('are as small where the last come first', async () => {
    const { uids, read } = await batchesOf(true, text)
    expect(uids.toReversed().flat()).toEqual(all)
    expect(Math.max(...uids.map((each) => each.length))).toBeLessThan(30)
    expect(read.length).toBeLessThan(2_400)
  })

  it('tell of messages that are gone', async () => {
    const mailbox = { async *summaries() {} }
    const entries = [{ uid: 1 }, { uid: 2 }] as MessageEntry[]
    const found: unknown[] = []
    for await (const batch of summarised(mailbox, entries)) found.push(batch)
    expect(found).toEqual([{ entries, summaries: new Map() }])
  })
})

it('a message that is written holds its summary no more', () => {
  const message = new FetchedMessage({} as never, { uid: 1 } as MessageEntry, {} as MessageSummary)
  expect(message.summary).toEqual({})
  message.forget()
  expect(() => message.summary).toThrow()
})
