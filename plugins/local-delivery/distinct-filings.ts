import type { Filing } from 'mailwright'

/** One filing for each mailbox, with what all for it ask: nobody gets a second copy there (RFC 5228 §2.10.3). */
export function distinctFilings(filings: readonly Filing[]): readonly Filing[] {
  const distinct = new Map<string, Filing>()
  for (const filing of filings) {
    const mailbox = canonicalName(filing.mailbox)
    const before = distinct.get(mailbox)
    distinct.set(mailbox, before === undefined ? { ...filing, mailbox } : joined(before, filing))
  }
  return [...distinct.values()]
}

/** RFC 9051 §5.1: INBOX is the same in any case. */
function canonicalName(mailbox: string): string {
  return mailbox.replace(/^inbox(?=\/|$)/i, 'INBOX')
}

function joined(one: Filing, other: Filing): Filing {
  const flags = [...new Set([...(one.flags ?? []), ...(other.flags ?? [])])]
  return {
    ...one,
    ...(flags.length === 0 ? {} : { flags }),
    ...(other.create === true ? { create: true } : {}),
  }
}
