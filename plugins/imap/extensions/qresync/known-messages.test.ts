import type { ImapSession } from 'mailwright/imap'
import { describe, expect, test } from 'vitest'
import { Arguments } from '../../engine/arguments.ts'
import { type KnownMessages, readKnownMessages } from './known-messages.ts'

function read(text: string, ...enabled: readonly string[]): KnownMessages {
  const args = new Arguments([text], { utf8: false })
  const known = readKnownMessages(args, { enabled: new Set(enabled) } as unknown as ImapSession)
  args.end()
  return known
}

describe('readKnownMessages', () => {
  test('takes the three forms of RFC 7162 §7, and all four arguments', () => {
    const known = { uidValidity: 67890007, modSequence: 20050715194045000, uids: undefined, matches: [] }
    expect(read(' (67890007 9007199254740991)')).toEqual({ ...known, modSequence: Number.MAX_SAFE_INTEGER })
    expect(read(' (67890007 5 41:211,214:541)')).toEqual({
      ...known,
      modSequence: 5,
      uids: [
        { first: 41, last: 211 },
        { first: 214, last: 541 },
      ],
    })
    expect(read(' (67890007 5 (1:2,5 7,9:10))')).toEqual({
      ...known,
      modSequence: 5,
      matches: [
        { number: 1, uid: 7, count: 1 },
        { number: 2, uid: 9, count: 1 },
        { number: 5, uid: 10, count: 1 },
      ],
    })
    expect(read(' (67890007 5 1:9 (1:3 3:5))').matches).toEqual([{ number: 1, uid: 3, count: 3 }])
  })

  test('costs no more than its text, however many messages it speaks of', () => {
    const { matches } = read(' (1 1 (1:4294967295 1:4294967295))')
    expect(matches).toEqual([{ number: 1, uid: 1, count: 4_294_967_295 }])
  })

  test.each([
    ['', 'nothing'],
    [' (1)', 'no mod-sequence'],
    [' (0 1)', 'no UIDVALIDITY'],
    [' (1 1 *)', 'a star'],
    [' (1 1 1:*)', 'an open end'],
    [' (1 1 $)', 'a saved result'],
    [' (1 1 (1:* 1:*))', 'open ends of pairs'],
    [' (1 1 (1:2 5))', 'more numbers than UIDs'],
    [' (1 1 (1 5:6))', 'more UIDs than numbers'],
    [' (1 1 (2,1 5,6))', 'numbers that descend'],
    [' (1 1 (1,2 6,5))', 'UIDs that descend'],
    [' (1 1 (1,1 5,6))', 'a number twice'],
    [' (1 1 (2:1 5:6))', 'a range backwards'],
    [' (1 1 1:5 (1 1) 7)', 'too much'],
    [' (1 1 )', 'a space'],
    [' 1 1', 'no parentheses'],
  ])('refuses "%s": %s', (text) => {
    expect(() => read(text)).toThrow()
  })

  test('has no message numbers where only UIDs are in use', () => {
    expect(() => read(' (1 1 (1 1))', 'UIDONLY')).toThrow('Only UIDs are in use')
    expect(read(' (1 1 1:5)', 'UIDONLY').uids).toEqual([{ first: 1, last: 5 }])
  })
})
