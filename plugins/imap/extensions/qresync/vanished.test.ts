import type { MessageEntry, UidRange } from 'mailwright'
import type { ImapSelected, ImapSession } from 'mailwright/imap'
import { describe, expect, test } from 'vitest'
import { intersection, tellVanished, unchangedUpTo } from './vanished.ts'

function ranges(text: string): readonly UidRange[] {
  return text.split(',').flatMap((piece) => {
    const [first, last] = piece.split(':').map(Number)
    return first ? [{ first, last: last ?? first }] : []
  })
}

function text(found: readonly UidRange[]): string {
  return found.map(({ first, last }) => (first === last ? first : `${first}:${last}`)).join()
}

describe('intersection', () => {
  test.each([
    ['1:10', '3:4', '3:4'],
    ['1:3,5:9', '2:6,9:12', '2:3,5:6,9'],
    ['1,2,3', '2', '2'],
    ['1:2', '3:4', ''],
    ['', '1:4', ''],
    ['5:4294967295', '1:6', '5:6'],
  ])('of %s and %s is %s', (one, other, expected) => {
    expect(text(intersection(ranges(one), ranges(other)))).toBe(expected)
    expect(text(intersection(ranges(other), ranges(one)))).toBe(expected)
  })
})

describe('unchangedUpTo', () => {
  const messages = [2, 3, 5, 9, 10, 12].map((uid) => ({ uid }) as MessageEntry)

  test.each([
    ['nothing is known', [], 0],
    ['one message is where it was', [{ number: 3, uid: 5, count: 1 }], 5],
    ['it is another one there', [{ number: 3, uid: 6, count: 1 }], 0],
    [
      'the last that fits counts',
      [
        { number: 1, uid: 2, count: 1 },
        { number: 5, uid: 10, count: 1 },
        { number: 6, uid: 13, count: 1 },
      ],
      10,
    ],
    ['a run fits at its beginning', [{ number: 1, uid: 2, count: 4_000_000_000 }], 3],
    ['a run fits at its end', [{ number: 3, uid: 8, count: 3 }], 10],
    ['a run lies beyond the messages', [{ number: 7, uid: 13, count: 5 }], 0],
    ['numbers are too high for what is there', [{ number: 4_000_000_000, uid: 1, count: 1 }], 0],
  ])('%s', (_, matches, uid) => {
    expect(unchangedUpTo(messages, matches)).toBe(uid)
  })
})

describe('tellVanished', () => {
  async function told(uids: readonly number[], remembered: readonly number[] | undefined, asked: string) {
    const responses: string[] = []
    const out = { untagged: (response: string) => responses.push(response), ready: async () => undefined }
    const mailbox = { uidNext: 20, vanishedSince: async () => remembered }
    const selected = { mailbox, messages: uids.map((uid) => ({ uid })) } as unknown as ImapSelected
    await tellVanished({ out } as unknown as ImapSession, selected, 5, ranges(asked))
    return responses
  }

  test('tells of all that are not there where the store does not remember', async () => {
    expect(await told([3, 4, 7, 15], undefined, '1:4294967295')).toEqual([
      'VANISHED (EARLIER) 1:2,5:6,8:14,16:19',
    ])
    expect(await told([], undefined, '1:4294967295')).toEqual(['VANISHED (EARLIER) 1:19'])
    expect(await told([3, 4, 7, 15], undefined, '3:5,19:30')).toEqual(['VANISHED (EARLIER) 5,19'])
  })

  test('never of what the client takes for there', async () => {
    expect(await told([3, 4, 7, 15], [3, 5, 7, 8], '1:4294967295')).toEqual(['VANISHED (EARLIER) 5,8'])
    expect(await told([3, 4], [3, 4], '1:4294967295')).toEqual([])
  })

  test('in several responses where there are very many', async () => {
    const uids = Array.from({ length: 2_500 }, (_, at) => 2 * at + 1)
    const responses = await told(uids, undefined, '1:4294967295')
    expect(responses.map((response) => response.split(',').length)).toEqual([1_000, 1_000, 499])
    expect(responses[2]).toMatch(/4998$/)
  })
})
