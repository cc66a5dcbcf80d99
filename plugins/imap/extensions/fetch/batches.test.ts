import { bufferContent, type Mailbox, type MessageEntry, type MessageSummary, withUid } from 'mailwright'
import { summarise } from 'mailwright/summaries'
import { describe, expect, it } from 'vitest'
import { Batches } from './batches.ts'
import { FetchedMessage } from './message.ts'

const parts = '--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nx\r\n'.repeat(9_000)
const text = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts}--b--\r\n`

async function batchesOf(descending: boolean, text: string) {
  const summary = await summarise(0, bufferContent(Buffer.from(text)))
  let read = 0
  const mailbox: Pick<Mailbox, 'summaries'> = {
    async *summaries(uids) {
      for (const uid of uids) {
        read += 1
        yield withUid(uid, summary)
      }
    },
  }
  const entries = Array.from({ length: 600 }, (_, index) => ({ uid: index + 1 }) as MessageEntry)
  const batches = new Batches(entries, descending, mailbox)
  const uids: number[][] = []
  for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
    expect([...(batch.summaries?.keys() ?? [])]).toEqual(batch.entries.map(({ uid }) => uid))
    uids.push(batch.entries.map(({ uid }) => uid))
  }
  return { uids, read }
}

describe('batches', () => {
  it('are of 250 messages', async () => {
    const { uids, read } = await batchesOf(false, 'Subject: x\r\n\r\n')
    expect(uids.map((each) => [each[0], each.length])).toEqual([
      [1, 250],
      [251, 250],
      [501, 100],
    ])
    expect(read).toBe(600)
    const descending = await batchesOf(true, 'Subject: x\r\n\r\n')
    expect(descending.uids.map((each) => [each[0], each.length])).toEqual([
      [351, 250],
      [101, 250],
      [1, 100],
    ])
  })

  it.each([false, true])('are smaller where summaries are large (descending: %s)', async (descending) => {
    const { uids, read } = await batchesOf(descending, text)
    const ordered = descending ? uids.toReversed().flat() : uids.flat()
    expect(ordered).toEqual(Array.from({ length: 600 }, (_, index) => index + 1))
    expect(Math.max(...uids.map((each) => each.length))).toBeLessThan(30)
    expect(read).toBeLessThan(2_400)
  })
})

it('a message that is written holds its summary no more', () => {
  const message = new FetchedMessage({} as never, { uid: 1 } as MessageEntry, {} as MessageSummary)
  expect(message.summary).toEqual({})
  message.forget()
  expect(() => message.summary).toThrow()
})
