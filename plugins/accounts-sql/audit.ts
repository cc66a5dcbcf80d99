import type { AuditAction, AuditEntry, AuditQuery } from 'mailwright'
import { auditKey, auditLimit } from 'mailwright/accounts'
import type { Changes } from './changes.ts'
import type { AuditRow } from './tables.ts'

/** The newest entries that a query asks for, oldest first. */
export async function findAudit(changes: Changes, query: AuditQuery): Promise<readonly AuditEntry[]> {
  const { subject, since, until } = query
  const key = subject === undefined ? undefined : auditKey(subject)
  const limit = auditLimit(query)
  const rows: AuditRow[] = await changes.database.query((knex) => {
    const wanted = knex<AuditRow>('accounts_audit').orderBy('id', 'desc').limit(limit)
    if (key !== undefined) wanted.where({ subject_key: key })
    if (since !== undefined) wanted.where('at', '>=', since.getTime())
    if (until !== undefined) wanted.where('at', '<=', until.getTime())
    return wanted.select()
  })
  return rows
    .filter((row) => key === undefined || row.subject_key === key)
    .toReversed()
    .map(toEntry)
}

function toEntry({ at, actor, action, subject, detail }: AuditRow): AuditEntry {
  const parsed: AuditEntry['detail'] = JSON.parse(detail)
  return { at: new Date(Number(at)), actor, action: action as AuditAction, subject, detail: parsed }
}
