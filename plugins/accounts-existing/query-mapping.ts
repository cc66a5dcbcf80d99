import type { OptionReader } from 'mailwright'
import { type BoundQuery, type ParsedQuery, parseNamedQuery } from './bound-query.ts'
import { parseDovecotQuery } from './dovecot-variables.ts'

/** A query with the path of its option. */
export interface NamedQuery extends BoundQuery {
  readonly path: string
}

/** A site's own queries. */
export interface QueryMapping {
  readonly domain: NamedQuery
  readonly account: NamedQuery
  readonly accountById: NamedQuery | undefined
  readonly alias: NamedQuery | undefined
  readonly password: NamedQuery | undefined
  readonly setPassword: NamedQuery | undefined
}

/** What a query may name. */
const bindingNames = {
  domain: ['domain'],
  account: ['address', 'localPart', 'domain', 'service'],
  accountById: ['id'],
  alias: ['address', 'localPart', 'domain'],
  password: ['login', 'address', 'localPart', 'domain', 'service'],
  setPassword: ['id', 'address', 'localPart', 'domain', 'password', 'oldPassword'],
} as const

const missing: NamedQuery = { sql: '', parameters: [], path: '' }

/** Reads `queries`: complete queries with parameters such as `:address`. */
export function readQueries(read: OptionReader): QueryMapping {
  const query = (name: keyof typeof bindingNames): NamedQuery | undefined =>
    readQuery(read, name, `queries.${name}`, (text) => parseNamedQuery(text, bindingNames[name]))
  return {
    domain: query('domain') ?? absent(read, 'domain'),
    account: query('account') ?? absent(read, 'account'),
    accountById: query('accountById'),
    alias: query('alias'),
    password: query('password'),
    setPassword: query('setPassword'),
  }
}

/** Reads queries with Dovecot's variables, beside each other in the options. */
export function readDovecotQueries(read: OptionReader): QueryMapping {
  const query = (name: string): NamedQuery | undefined => readQuery(read, name, name, parseDovecotQuery)
  const password = query('passwordQuery') ?? absent(read, 'passwordQuery')
  return {
    domain: query('domainQuery') ?? absent(read, 'domainQuery'),
    // What Dovecot calls prefetch: the password's row has the account's fields too.
    account: query('userQuery') ?? password,
    accountById: undefined,
    alias: query('aliasQuery'),
    password,
    setPassword: readQuery(read, 'setPasswordQuery', 'setPasswordQuery', (text) =>
      parseNamedQuery(text, bindingNames.setPassword),
    ),
  }
}

function readQuery(
  read: OptionReader,
  name: string,
  path: string,
  parse: (text: string) => ParsedQuery,
): NamedQuery | undefined {
  const text = read.optionalString(name)
  if (text === undefined || text === '') return text === undefined ? undefined : missing
  const parsed = parse(text)
  if ('query' in parsed) return { ...parsed.query, path }
  read.fault(name, parsed.problem)
  return missing
}

function absent(read: OptionReader, name: string): NamedQuery {
  read.fault(name, 'is missing; it must be a query')
  return missing
}
