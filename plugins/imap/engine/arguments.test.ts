import { bufferContent } from 'mailwright'
import type { ImapLiteral } from 'mailwright/imap'
import { describe, expect, test } from 'vitest'
import { Arguments } from './arguments.ts'
import { Refusal } from './result.ts'

const args = (...parts: readonly (string | ImapLiteral)[]): Arguments => new Arguments(parts, { utf8: false })

function literal(text: string, binary = false): ImapLiteral {
  const octets = Buffer.from(text, 'latin1')
  return { content: bufferContent(octets), octets, binary }
}

function refused(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof Refusal) return error.result.status
    throw error
  }
  return 'taken'
}

describe('Arguments', () => {
  test('reads what stands there, from left to right', () => {
    const read = args('atom "qu\\"ot\\\\ed" NIL 42 inbox (\\seen $X) 1:* ', literal('lit(eral'), ' end')
    expect(read.atom()).toBe('atom')
    read.space()
    expect(read.string()).toBe('qu"ot\\ed')
    read.space()
    expect(read.nstring()).toBeUndefined()
    read.space()
    expect(read.number()).toBe(42)
    read.space()
    expect(read.mailbox()).toBe('INBOX')
    read.space()
    expect(read.flags()).toEqual(['$X', '\\Seen'])
    read.space()
    expect(read.sequenceSet()).toEqual([{ first: 1, last: Number.POSITIVE_INFINITY }])
    read.space()
    expect(read.atEnd).toBe(false)
    expect(read.astring()).toBe('lit(eral')
    read.space()
    expect(read.rest()).toBe('end')
    read.end()
  })

  test.each([
    ['a mailbox in modified UTF-7', '"Entw&APw-rfe"', 'Entwürfe'],
    [
      'a mailbox in UTF-8, though nobody agreed on it',
      `"${Buffer.from('Entwürfe').toString('latin1')}"`,
      'Entwürfe',
    ],
    ['INBOX in any case, also above others', 'iNbOx/a', 'INBOX/a'],
    ['what only begins like it', 'inboxes', 'inboxes'],
    ['an ampersand', 'a&-b', 'a&b'],
    ['what no atom may hold, as offlineimap sends it', 'back\\slash', 'back\\slash'],
    ['wildcards, which mean nothing there', '100%*', '100%*'],
  ])('%s', (_, written, name) => expect(args(written).mailbox()).toBe(name))

  test.each(['&', 'a&b', '&AGE-', '&2AA-', '"\xff"', '"a\x01"'])('no mailbox: %j', (written) =>
    expect(refused(() => args(written).mailbox())).toBe('NO'),
  )

  test.each([
    ['"1-Feb-2026"', '2026-02-01'],
    ['29-feb-2024', '2024-02-29'],
    ['01-Jan-0099', '0099-01-01'],
  ])('date %s', (written, day) => expect(args(written).date()).toBe(day))

  test.each([
    ['"a', 'A quoted string does not end'],
    ['"a\\"', 'A quoted string does not end'],
    ['"a\\b"', 'Only \\ and " may stand behind a backslash'],
  ])('%s: %s', (written, problem) => expect(() => args(written).mailbox()).toThrow(problem))

  test.each(['31-Jun-2026', '"1-Feb-2026', '1-Feb-2026"', '1-Foo-2026', '1-Feb-26', '0-Feb-2026', ''])(
    'no date: %j',
    (written) => expect(refused(() => args(written).date())).toBe('BAD'),
  )

  test('date-time, in its own zone', () => {
    expect(args('" 1-Jan-2026 12:00:00 +0130"').dateTime().toISOString()).toBe('2026-01-01T10:30:00.000Z')
    for (const wrong of [
      '"1-Jan-2026 12:00:00 +0000"',
      '"01-Jan-2026 25:00:00 +0000"',
      '"32-Jan-2026 12:00:00 +0000"',
      '" 1-Jan-2026 12:00:00 +9999"',
      '"31-Dec-9999 23:59:59 -1200"',
      '" 1-Jan-0000 00:00:00 +0100"',
    ])
      expect(refused(() => args(wrong).dateTime())).toBe('BAD')
  })

  test.each([
    ['atom', (read: Arguments) => read.atom()],
    ['number', (read: Arguments) => read.number()],
    ['string', (read: Arguments) => read.string()],
    ['list', (read: Arguments) => read.list(() => read.atom())],
    ['flags', (read: Arguments) => read.flags()],
    ['literal', (read: Arguments) => read.literal()],
    ['set', (read: Arguments) => read.sequenceSet()],
    ['space', (read: Arguments) => read.space()],
  ])('nothing is no %s', (_, read) => expect(refused(() => read(args('')))).toBe('BAD'))

  test('what is more than expected is refused', () => {
    expect(refused(() => args('x').end())).toBe('BAD')
    expect(refused(() => args('', literal('x'), '').end())).toBe('BAD')
    expect(refused(() => args('4294967296').number())).toBe('BAD')
    expect(refused(() => args('0').number(1))).toBe('BAD')
    expect(refused(() => args('9223372036854775808').number64())).toBe('BAD')
    expect(args('9223372036854775807').number64()).toBe(Number.MAX_SAFE_INTEGER)
    expect(refused(() => args('"a').string())).toBe('BAD')
    expect(refused(() => args('"a\\b"').string())).toBe('BAD')
    expect(refused(() => args('', literal('a\0b'), '').string())).toBe('BAD')
    expect(refused(() => args('(\\Recent)').flags())).toBe('BAD')
  })

  test('literal8 is a literal, and no string (RFC 9051 §9)', () => {
    const binary = (): Arguments => args('', literal('a', true), '')
    expect(binary().literal().binary).toBe(true)
    for (const read of [
      () => binary().astring(),
      () => binary().string(),
      () => binary().nstring(),
      () => binary().text(),
      () => binary().mailbox(),
      () => binary().mailboxPattern(),
    ])
      expect(refused(read)).toBe('BAD')
  })
})
