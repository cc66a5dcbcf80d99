import {
  type Address,
  addressKey,
  canonicalDomain,
  formatAddress,
  parseAddress,
} from '../model/address/address.ts'
import type { AliasTarget, AuditAction, AuditEntry, AuditQuery, DomainChange } from '../services/accounts.ts'
import { invalid } from './rules.ts'

/** A change as it is noted: all of an entry but when and by whom. */
export interface AuditNote {
  readonly action: AuditAction
  /** A domain's name, or an address. */
  readonly subject: string | Address
  readonly detail?: AuditEntry['detail']
}

const defaultLimit = 1000

/** A subject as people read it: `@example.org` for a catch-all. */
export function auditSubject(subject: string | Address): string {
  if (typeof subject === 'string') return subject
  return subject.localPart === '' ? `@${subject.domain}` : formatAddress(subject)
}

/** What subjects are compared by. MAIL_E_INVALID where it is neither a domain nor an address. */
export function auditKey(subject: string): string {
  const at = subject.lastIndexOf('@')
  const domain = canonicalDomain(at <= 0 ? subject.slice(at + 1) : subject)
  if (domain !== undefined) return at === 0 ? addressKey({ localPart: '', domain }) : domain
  const address = parseAddress(subject)
  return address === undefined ? invalid('is neither a domain nor an address', subject) : addressKey(address)
}

/** How many entries a query wants. MAIL_E_INVALID. */
export function auditLimit({ limit = defaultLimit }: AuditQuery): number {
  return Number.isSafeInteger(limit) && limit > 0 ? limit : invalid('is no number of entries', String(limit))
}

/** The entries that a query asks for, from a list in the order of time. */
export function findInAudit(entries: readonly AuditEntry[], query: AuditQuery): readonly AuditEntry[] {
  const { subject, since, until } = query
  const key = subject === undefined ? undefined : auditKey(subject)
  return entries
    .filter(
      (entry) =>
        (key === undefined || auditKey(entry.subject) === key) &&
        (since === undefined || entry.at >= since) &&
        (until === undefined || entry.at <= until),
    )
    .slice(-auditLimit(query))
}

/** The settings that a change names, null for those that it takes away. */
export function changeDetail(change: DomainChange): AuditEntry['detail'] {
  return Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value ?? null]))
}

/** What the audit trail says of an alias's target. */
export function targetDetail(target: AliasTarget): AuditEntry['detail'] {
  const { expiresAt } = target
  return {
    target: auditSubject(target),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  }
}
