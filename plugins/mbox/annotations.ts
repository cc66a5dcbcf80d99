import { MailwrightError, type Metadata } from 'mailwright'
import type { AccountFacts } from './account-file.ts'

// RFC 5464 §3.2: levels of printable ASCII and spaces without wildcards, below /private or /shared.
const entryName = /^\/(?:private|shared)(?:\/[\x20-\x24\x26-\x29\x2b-\x2e\x30-\x7e]+)+$/
const longestName = 1000

/** Facts with annotations of a mailbox (`''`: of the account) set, or removed where they are null. MAIL_E_INVALID. */
export function withAnnotations(
  facts: AccountFacts,
  mailbox: string,
  changes: ReadonlyMap<string, Buffer | null>,
): AccountFacts {
  const entries = new Map(facts.annotations.get(mailbox))
  for (const [name, value] of changes) {
    const canonical = canonicalEntryName(name)
    if (value === null) entries.delete(canonical)
    else entries.set(canonical, Buffer.from(value))
  }
  return { ...facts, annotations: withList(facts, mailbox, entries) }
}

function withList(facts: AccountFacts, mailbox: string, entries: Metadata): AccountFacts['annotations'] {
  const annotations = new Map(facts.annotations)
  if (entries.size === 0) annotations.delete(mailbox)
  else annotations.set(mailbox, entries)
  return annotations
}

function canonicalEntryName(name: string): string {
  const canonical = name.toLowerCase()
  if (name.length <= longestName && entryName.test(canonical)) return canonical
  throw new MailwrightError('MAIL_E_INVALID', `not an annotation's name: ${JSON.stringify(name)}`)
}
