import { parseHeader } from 'mailwright'
import { expect, test } from 'vitest'
import { missingFields } from './submission-fields.ts'

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
