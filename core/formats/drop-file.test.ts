import { describe, expect, test } from 'vitest'
import {
  type DropEnvelope,
  dropHeadSize,
  dropNameKind,
  formatDropEnvelope,
  formatDropHead,
  longestDropEnvelope,
  newDropNames,
  parseDropEnvelope,
  parseDropHead,
} from './drop-file.ts'

describe('the first line', () => {
  test('has one length, and is read as it was written', () => {
    for (const lengths of [
      { envelope: 0, content: 0 },
      { envelope: longestDropEnvelope, content: 2 ** 40 },
    ]) {
      const line = formatDropHead(lengths)
      expect(line).toHaveLength(dropHeadSize)
      expect(parseDropHead(Buffer.from(line))).toEqual(lengths)
    }
  })

  test.each([
    '',
    '\0'.repeat(dropHeadSize),
    'x'.repeat(dropHeadSize),
    formatDropHead({ envelope: 1, content: 1 }).trim(),
  ])('%j is none', (text) => expect(parseDropHead(Buffer.from(text))).toBeUndefined())
})

describe('the envelope', () => {
  test('is read as it was written', () => {
    const envelope: DropEnvelope = {
      sender: 'jö@example.org',
      recipients: ['root', '"a\nb"@example.org'],
      fullName: 'Jo "x"',
      body: '8BITMIME',
      ret: 'HDRS',
      envelopeId: 'an id',
      notify: ['SUCCESS', 'DELAY'],
    }
    expect(parseDropEnvelope(formatDropEnvelope(envelope))).toEqual(envelope)
  })

  test.each([
    '',
    '{',
    '[]',
    'null',
    '{"sender":"a"}',
    '{"sender":"a","recipients":[]}',
    '{"sender":1,"recipients":["b"]}',
    '{"sender":"a","recipients":[1]}',
  ])('%j is none', (text) => {
    expect(() => parseDropEnvelope(Buffer.from(text))).toThrowError(
      expect.objectContaining({ code: 'MAIL_E_INVALID' }),
    )
  })

  test('what it should not say does not count', () => {
    const odd = {
      sender: '',
      recipients: ['a'],
      fullName: 1,
      body: 'BINARYMIME',
      ret: 'x',
      envelopeId: {},
      notify: ['NEVER', 'DELAY'],
    }
    expect(parseDropEnvelope(Buffer.from(JSON.stringify(odd)))).toEqual({ sender: '', recipients: ['a'] })
  })

  test('does not grow for ever', () => {
    const recipients = Array.from({ length: 1_000_000 }, (_, number) => `user${number}@example.org`)
    expect(() => formatDropEnvelope({ sender: '', recipients })).toThrowError(/too many recipients/)
  })
})

test('names tell what is whole, and sort by time', () => {
  const [first, later] = [newDropNames(1_000), newDropNames(2_000_000_000_000)]
  expect(dropNameKind(first.temporary)).toBe('temporary')
  expect(dropNameKind(first.whole)).toBe('whole')
  expect(first.whole < later.whole).toBe(true)
  for (const name of ['taken', 'm', `../${first.whole}`, `${first.whole}.x`])
    expect(dropNameKind(name)).toBeUndefined()
})
