import { expect, test } from 'vitest'
import { parseHeader } from '../model/header/header.ts'
import { decodeEncodedWords } from '../model/mime/encoded-word.ts'
import { missingFields } from './missing-fields.ts'

const facts = {
  hostname: 'mx.example.org',
  id: 'q1',
  sender: { localPart: 'jo smith', domain: 'example.org' },
  date: new Date(Date.UTC(2026, 10, 23, 10)),
}

function missing(header: string): string {
  return missingFields(parseHeader(Buffer.from(header)), facts)
}

test('everything is put in where nothing is there', () => {
  expect(missing('Subject: x\r\n\r\n')).toBe(
    'Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: <"jo smith"@example.org>\r\nMessage-ID: <q1@mx.example.org>\r\n',
  )
})

test('what is there is left alone, whatever the case of its name', () => {
  expect(missing('DATE: x\r\nfrom: y\r\nMessage-Id: z\r\n\r\n')).toBe('')
  expect(missing('Date: x\r\nFrom: y\r\n\r\nMessage-ID: in the body\r\n')).toBe(
    'Message-ID: <q1@mx.example.org>\r\n',
  )
})

test('nothing is put in where a part of the header was not read', () => {
  expect(missing(`${'X: y\r\n'.repeat(2_000)}From: z\r\n\r\n`)).toBe('')
})

test('a message that is sent on gets Resent- fields', () => {
  expect(missing('Resent-To: x@example.org\r\nFrom: y\r\n\r\n')).toBe(
    'Resent-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nResent-From: <"jo smith"@example.org>\r\nResent-Message-ID: <q1@mx.example.org>\r\n',
  )
})

test.each([
  ['Jo Smith', 'Jo Smith <'],
  ['Jo "x" Smith', '"Jo \\"x\\" Smith" <'],
  ['Smith, Jo', '"Smith, Jo" <'],
  ['a\r\nBcc: b', '"a Bcc: b" <'],
  ['', '<'],
  [' \n ', '<'],
])('the name %j in From', (displayName, start) => {
  const from = missingFields(parseHeader(Buffer.alloc(0)), { ...facts, displayName })
  expect(from).toContain(`\r\nFrom: ${start}"jo smith"@example.org>\r\n`)
})

test('a name beyond ASCII is made encoded words, each of whole characters', () => {
  const displayName = 'Jörg 😀 '.repeat(14).trim()
  const fields = parseHeader(
    Buffer.from(missingFields(parseHeader(Buffer.alloc(0)), { ...facts, displayName })),
  )
  const words = fields.first('From')?.body.split(' <')[0] ?? ''
  expect(words.split(' ').every((word) => word.length <= 75 && /^=\?utf-8\?B\?[\w+/=]+\?=$/.test(word))).toBe(
    true,
  )
  expect(decodeEncodedWords(words)).toBe(displayName)
})
