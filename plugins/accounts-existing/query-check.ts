import type { ConfigFault, Database } from 'mailwright'
import { columnsOf } from './bound-query.ts'
import { probe } from './probe.ts'
import type { NamedQuery } from './query-mapping.ts'

// Dovecot's conditions of a login that nobody here would check: an account with them must not be open to all.
const conditions: readonly string[] = ['allow_nets', 'nologin', 'nopassword', 'proxy', 'proxy_maybe']

const domain = 'mailwright.invalid'
const nobody = { address: `nobody@${domain}`, localPart: 'nobody', domain, service: 'lmtp' }

/** Runs a query for nobody and looks at its columns: one of each group must be there. */
export async function checkQuery(
  database: Database,
  query: NamedQuery | undefined,
  needed: readonly (readonly string[])[],
): Promise<readonly ConfigFault[]> {
  if (query === undefined) return []
  const { path } = query
  const bindings = { ...nobody, login: nobody.address, id: nobody.address }
  const found = await probe(database, (knex) => columnsOf(knex, query, bindings))
  if ('problem' in found) return [{ path, problem: `cannot be run: ${found.problem}` }]
  const missing = needed.filter((names) => !names.some((name) => found.value.includes(name)))
  return [
    ...missing.map((names) => ({ path, problem: `has no column ${names.join(' or ')}` })),
    ...found.value
      .filter((name) => conditions.includes(name))
      .map((name) => ({
        path,
        problem: `has the column ${name}, a condition of logins that is not checked here`,
      })),
  ]
}
