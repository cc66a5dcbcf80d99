import type { AuditEntry, AuditQuery } from '../../services/accounts.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { since } from '../times.ts'
import { withAdministration } from './administration.ts'
import { countWord, given } from './quantities.ts'

function row({ at, actor, action, subject, detail }: AuditEntry): readonly string[] {
  const facts = Object.entries(detail).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [at.toISOString(), actor, action, subject, facts.join(' ')]
}

export const auditCommands: readonly CoreCommand[] = [
  {
    usage: 'audit list',
    summary: 'who changed what of domains, accounts and aliases, the oldest first',
    options: [
      { flags: '--subject <subject>', summary: 'of one domain, one address, or the catch-all @example.org' },
      { flags: '--since <when>', summary: 'not before: a time, or a duration such as 2h' },
      { flags: '--limit <number>', summary: 'the newest so many: 1000' },
    ],
    examples: ['mailwright audit list --subject me@example.org --since 30d'],
    action: async (context, _words, options) => {
      const { subject, limit } = options
      const [from, most] = [since(options.since), given(limit) ? countWord(limit, 'entries') : undefined]
      const query: AuditQuery = {
        ...(given(subject) ? { subject } : {}),
        ...(from === undefined ? {} : { since: from }),
        ...(most === undefined ? {} : { limit: most }),
      }
      return withAdministration(context, async (administration) => {
        const entries = await administration.audit(query)
        return { json: entries, text: table(['when', 'who', 'what', 'of', 'how'], entries.map(row)) }
      })
    },
  },
]
