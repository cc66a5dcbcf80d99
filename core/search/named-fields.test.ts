import { describe, expect, it } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { parseHeader } from '../model/header/header.ts'
import { decodeSummary, encodeSummary } from '../summary/stored-summary.ts'
import { summarise } from '../summary/summariser.ts'
import { namedFields } from './named-fields.ts'

const message = Buffer.from(
  [
    'Subject: one',
    'subject \t: two',
    'Subjects: no',
    'X-Subject: no',
    'SUBJECT:',
    '\tthree,',
    ' four',
    'no field',
    ' subject: folded',
    'Subject:five\r\rsix',
    'From: =?utf-8?q?Zo=C3=AB?=',
    'To: \u00ff',
    '',
    'Subject: body',
  ].join('\r\n'),
  'latin1',
)

async function stored(octets: Buffer): Promise<{ readonly header: ReturnType<typeof parseHeader> }> {
  const summary = decodeSummary(1, encodeSummary(await summarise(1, bufferContent(octets))))
  if (summary === undefined) throw new Error('the summary is damaged')
  return summary
}

describe('the fields of a summary', () => {
  it.each(['subject', 'subjects', 'x-subject', 'from', 'to', 'cc', 'no field', ''])('%s', async (name) => {
    const expected = parseHeader(message).all(name)
    const found = namedFields(await stored(message), name)
    expect(found.map(({ text }) => text)).toEqual(expected.map(({ text }) => text))
    expect(found.map(({ bodyOctets }) => bodyOctets)).toEqual(expected.map(({ bodyOctets }) => bodyOctets))
  })

  it('a header without any, and one that is cut', async () => {
    for (const text of ['', '\r\n', 'Subject: a', 'Subject', 'Subject:', 'Subject: a\r\n\tb', 'x'])
      expect(namedFields(await stored(Buffer.from(text)), 'subject').map((field) => field.text)).toEqual(
        parseHeader(Buffer.from(text))
          .all('subject')
          .map((field) => field.text),
      )
  })
})

it('the fields of any other header', () => {
  const header = parseHeader(message)
  expect(namedFields({ header }, 'subject')).toBe(header.all('subject'))
})
