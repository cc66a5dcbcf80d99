import { describe, expect, it } from 'vitest'
import type { SummaryFacts } from '../model/summary.ts'
import { imapBody, imapBodyStructure, imapEnvelope } from './imap-texts.ts'
import { decodeSummary, encodeSummary, keptBodyStructure, keptEnvelope } from './stored-summary.ts'
import { Summariser } from './summariser.ts'

function summaryOf(...lines: readonly string[]): SummaryFacts {
  const summariser = new Summariser()
  summariser.add(Buffer.from(lines.join('\r\n'), 'latin1'))
  const summary = decodeSummary(1, encodeSummary(summariser.finish()))
  if (summary === undefined) throw new Error('not a summary')
  return summary
}

/** The same as a value, from which all has to be made. */
function asValue({ header, omitted, envelope, structure, preview }: SummaryFacts): SummaryFacts {
  return { header, omitted, envelope, structure, preview }
}

const [envelope, structure] = [
  '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)',
  '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0',
]

const messages: Readonly<Record<string, SummaryFacts>> = {
  nothing: summaryOf(),
  plain: summaryOf('From: A <a@example.org>', 'Subject: s', 'Received: x', '', 'body', ''),
  'octets beyond ASCII': summaryOf(
    'From: \xc3\xbc <a@example.org>',
    'Subject: \xfc',
    'Content-Description: \xfc',
    '',
    '',
  ),
  'encoded parameters': summaryOf("Content-Type: text/plain; name*=utf-8''%C3%BC", '', ''),
  'an attached message': summaryOf(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: message/rfc822',
    '',
    'Received: x',
    'From: b@example.org',
    'To: Group: a@b;',
    '',
    '--b',
    'Content-Type: message/global',
    '',
    'Subject: \xc3\xbc',
    '',
    '--b--',
  ),
}

describe('the texts of a summary', () => {
  it.each(Object.entries(messages))('are the same whether they were kept or not: %s', (_, summary) => {
    expect(keptEnvelope(summary)).toBe(imapEnvelope(summary))
    expect(keptBodyStructure(summary)).toBe(imapBodyStructure(summary))
    for (const form of ['ascii', 'utf8', 'rev2'] as const) {
      expect(imapEnvelope(summary, form)).toBe(imapEnvelope(asValue(summary), form))
      expect(imapBodyStructure(summary, form)).toBe(imapBodyStructure(asValue(summary), form))
      expect(imapBody(summary, form)).toBe(imapBody(asValue(summary), form))
    }
  })

  it('are what IMAP wants', () => {
    const nothing = summaryOf()
    expect([imapEnvelope(nothing), imapBody(nothing), imapBodyStructure(nothing)]).toEqual([
      envelope,
      `${structure})`,
      `${structure} NIL NIL NIL NIL)`,
    ])
  })

  it('are those of the form', () => {
    const [beyond, encoded, attached] = Object.values(messages).slice(2)
    if (beyond === undefined || encoded === undefined || attached === undefined) throw new Error('no message')
    expect(imapEnvelope(beyond)).toContain('{1}\r\n\xfc')
    expect(imapEnvelope(beyond, 'utf8')).toContain('"\xc3\xbc"')
    expect(imapBodyStructure(beyond, 'utf8')).toContain('"\xc3\xbc"')
    expect(imapBodyStructure(encoded, 'utf8')).toContain('"utf-8\'\'%C3%BC"')
    expect(imapBodyStructure(encoded, 'rev2')).toContain('"\xc3\xbc"')
    expect(imapBodyStructure(attached, 'utf8')).not.toContain('"\xc3\xbc"')
    expect(imapBodyStructure(attached, 'rev2')).toContain('"\xc3\xbc"')
  })

  it('are not kept where they are long', () => {
    const many = summaryOf(
      `To: ${'a@example.org,'.repeat(5_000)}`,
      'Content-Type: multipart/mixed; boundary=b',
      '',
      ...Array<string>(4_000).fill('--b\r\n'),
    )
    expect([keptEnvelope(many), keptBodyStructure(many)]).toEqual([undefined, undefined])
    expect(encodeSummary(many).length).toBeLessThan(150_000)
    expect(imapEnvelope(many).split('"example.org")')).toHaveLength(5_001)
    expect(imapBodyStructure(many).split('"plain"')).toHaveLength(4_001)
  })
})
