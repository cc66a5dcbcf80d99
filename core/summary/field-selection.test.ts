import { describe, expect, it } from 'vitest'
import type { SummaryFacts } from '../model/summary.ts'
import { imapHeaderFields } from './imap-texts.ts'
import { decodeSummary, encodeSummary } from './stored-summary.ts'
import { Summariser } from './summariser.ts'

function summaryOf(...lines: readonly string[]): SummaryFacts {
  const summariser = new Summariser()
  summariser.add(Buffer.from(lines.join('\r\n'), 'latin1'))
  const summary = decodeSummary(1, encodeSummary(summariser.finish()))
  if (summary === undefined) throw new Error('not a summary')
  return summary
}

const summary = summaryOf(
  'From someone',
  'Received: x',
  'Subject: one',
  '\ttwo: three',
  'X-A: 1',
  `X-Long: ${'x'.repeat(9_000)}`,
  'x-a : \xfc',
  'X-AB: 3',
  '__proto__: 4',
  '',
  'X-A: body',
)

describe('imapHeaderFields', () => {
  it.each([
    [['subject'], 'Subject: one\r\n\ttwo: three\r\n\r\n'],
    [['X-A'], 'X-A: 1\r\nx-a : \xfc\r\n\r\n'],
    [['x-ab', 'SUBJECT'], 'Subject: one\r\n\ttwo: three\r\nX-AB: 3\r\n\r\n'],
    [['__PROTO__'], '__proto__: 4\r\n\r\n'],
    [['date', '\ttwo', 'constructor'], '\r\n'],
  ])('has %j', (names, text) => {
    expect(imapHeaderFields(names)?.(summary)).toBe(text)
    const { header, omitted } = summary
    expect(imapHeaderFields(names)?.({ header, omitted })).toBe(text)
  })

  it('does not know what summaries leave out', () => {
    for (const names of [['Received'], ['subject', 'ARC-Seal'], ['']])
      expect(imapHeaderFields(names)).toBeUndefined()
    const withLong = imapHeaderFields(['subject', 'X-Long'])
    expect(withLong?.(summary)).toBeUndefined()
    expect(withLong?.(summaryOf('X-Long: x', '', ''))).toBe('X-Long: x\r\n\r\n')
    const cut = summaryOf('Subject: x', `To: ${'x'.repeat(1_100_000)}`, '')
    expect(cut.header.truncated).toBe(true)
    expect(imapHeaderFields(['subject'])?.(cut)).toBeUndefined()
  })

  // RFC 9051 §7.5.2: an empty line that is not there is not put in.
  it('ends as the header does', () => {
    expect(imapHeaderFields(['subject'])?.(summaryOf('Subject: x'))).toBe('Subject: x')
    expect(imapHeaderFields(['subject'])?.(summaryOf('Subject: x', ''))).toBe('Subject: x\r\n')
    expect(imapHeaderFields(['to'])?.(summaryOf('Subject: x', '', ''))).toBe('\r\n')
    expect(imapHeaderFields(['to'])?.(summaryOf())).toBe('')
  })
})
