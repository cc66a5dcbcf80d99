import type { Cursor } from './cursor.ts'
import {
  astring,
  list,
  nil,
  nstring,
  nstring8,
  number,
  number64,
  nzNumber,
  quoted,
  spaced,
  string,
  word,
} from './lexis.ts'
import type { DataResponse } from './response.ts'
import { mailbox, objectId } from './values.ts'

// Responses about the server, the account and a mailbox as a whole.

type Data<Kind extends DataResponse['kind']> = Extract<DataResponse, { readonly kind: Kind }>

const itemNameChar = Array.from({ length: 256 }, (_, octet) => /[A-Za-z-]/.test(String.fromCharCode(octet)))

type StatusValue = bigint | string | undefined

const statusReaders: Readonly<Record<string, (cursor: Cursor) => StatusValue>> = {
  MESSAGES: (cursor) => BigInt(number(cursor)),
  UIDNEXT: (cursor) => BigInt(nzNumber(cursor)),
  UIDVALIDITY: (cursor) => BigInt(nzNumber(cursor)),
  UNSEEN: (cursor) => BigInt(number(cursor)),
  DELETED: (cursor) => BigInt(number(cursor)),
  SIZE: number64,
  // RFC 7162 §7
  HIGHESTMODSEQ: number64,
  // RFC 7889 §5
  APPENDLIMIT: (cursor) => (nil(cursor) ? undefined : BigInt(number(cursor))),
  // RFC 8474 §7
  MAILBOXID: objectId,
  // RFC 9208 §7
  'DELETED-STORAGE': number64,
}

/** `"STATUS" SP mailbox SP "(" [status-att-list] ")"` */
export function statusData(cursor: Cursor): Data<'status-data'> {
  cursor.space()
  const name = mailbox(cursor)
  cursor.space()
  const start = cursor.position
  const pairs = list(cursor, statusItem, { mayBeEmpty: true })
  const items = new Map(pairs)
  if (items.size !== pairs.length) cursor.fail('a status item comes twice', start)
  return { kind: 'status-data', mailbox: name, items }
}

function statusItem(cursor: Cursor): readonly [string, StatusValue] {
  const start = cursor.position
  const name = word(cursor, itemNameChar, 'a status item').toUpperCase()
  cursor.space()
  // RFC 3501 §9
  if (name === 'RECENT' && !cursor.dialect.rev2) return [name, BigInt(number(cursor))]
  const read = statusReaders[name]
  return read === undefined ? cursor.fail('not a status item', start) : [name, read(cursor)]
}

/** One namespace: its prefix and what separates levels below it. */
export interface Namespace {
  readonly prefix: string
  readonly delimiter: string | undefined
}

/** namespace-response */
export interface NamespaceAnswer {
  readonly personal: readonly Namespace[]
  readonly otherUsers: readonly Namespace[]
  readonly shared: readonly Namespace[]
}

export function namespaceData(cursor: Cursor): Data<'namespace'> {
  const [personal, otherUsers, shared] = [namespace(cursor), namespace(cursor), namespace(cursor)]
  return { kind: 'namespace', personal, otherUsers, shared }
}

/** `SP (nil / "(" 1*namespace-descr ")")`, with no space between them. */
function namespace(cursor: Cursor): readonly Namespace[] {
  cursor.space()
  if (nil(cursor)) return []
  cursor.expect('(')
  const found: Namespace[] = []
  do found.push(namespaceDescription(cursor))
  while (!cursor.takes(')'))
  return found
}

function namespaceDescription(cursor: Cursor): Namespace {
  cursor.expect('(')
  const prefix = string(cursor)
  cursor.space()
  const start = cursor.position
  const delimiter = nil(cursor) ? undefined : quoted(cursor)
  if (delimiter !== undefined && delimiter.length !== 1) cursor.fail('a delimiter is one character', start)
  // namespace-response-extensions
  spaced(cursor, (at) => {
    string(at)
    at.space()
    list(at, string)
  })
  cursor.expect(')')
  return { prefix, delimiter }
}

/** id_response (RFC 2971 §4): at most 30 fields, none twice. */
export function idData(cursor: Cursor): Data<'id'> {
  cursor.space()
  if (nil(cursor)) return { kind: 'id', fields: undefined }
  const start = cursor.position
  const pairs = list(
    cursor,
    (at): readonly [string, string | undefined] => {
      const field = string(at)
      at.space()
      return [field.toLowerCase(), nstring(at)]
    },
    { mayBeEmpty: true },
  )
  const fields = new Map(pairs)
  const isLong = pairs.some(([field, value = '']) => field.length > 30 || value.length > 1024)
  if (fields.size !== pairs.length || fields.size > 30 || isLong)
    cursor.fail('an ID has at most 30 fields of 30 octets with values of 1024 octets, none twice', start)
  return { kind: 'id', fields }
}

/** acl-data (RFC 4314 §7) */
export function aclData(cursor: Cursor): Data<'acl'> {
  cursor.space()
  const name = mailbox(cursor)
  const start = cursor.position
  const pairs = spaced(cursor, (at): readonly [string, string] => {
    const identifier = astring(at)
    at.space()
    return [identifier, rights(at)]
  })
  const entries = new Map(pairs)
  if (entries.size !== pairs.length) cursor.fail('an identifier comes twice', start)
  return { kind: 'acl', mailbox: name, rights: entries }
}

/** listrights-data: no right is listed twice (RFC 4314 §3.7). */
export function listRightsData(cursor: Cursor): Data<'listrights'> {
  cursor.space()
  const name = mailbox(cursor)
  cursor.space()
  const identifier = astring(cursor)
  cursor.space()
  const start = cursor.position
  const required = rights(cursor)
  const optional = spaced(cursor, rights)
  const all = [required, ...optional].join('')
  if (new Set(all).size !== all.length) cursor.fail('a right is listed twice', start)
  return { kind: 'listrights', mailbox: name, identifier, required, optional }
}

/** myrights-data */
export function myRightsData(cursor: Cursor): Data<'myrights'> {
  cursor.space()
  const name = mailbox(cursor)
  cursor.space()
  return { kind: 'myrights', mailbox: name, rights: rights(cursor) }
}

/** rights: lower-case letters and digits, none twice (RFC 4314 §2.1). */
function rights(cursor: Cursor): string {
  const start = cursor.position
  const letters = astring(cursor)
  if (!/^[a-z0-9]*$/.test(letters) || new Set(letters).size !== letters.length)
    cursor.fail('expected rights', start)
  return letters
}

/** quota-response. Where RFC 2087 alone is offered the list may be empty. */
export function quotaData(cursor: Cursor): Data<'quota'> {
  cursor.space()
  const root = astring(cursor)
  cursor.space()
  const start = cursor.position
  const isNew = [...cursor.dialect.capabilities].some((name) => name.startsWith('QUOTA='))
  const pairs = list(cursor, quotaResource, { mayBeEmpty: !isNew })
  const resources = new Map(pairs)
  if (resources.size !== pairs.length) cursor.fail('a resource comes twice', start)
  return { kind: 'quota', root, resources }
}

function quotaResource(
  cursor: Cursor,
): readonly [string, { readonly usage: bigint; readonly limit: bigint }] {
  const start = cursor.position
  const name = astring(cursor).toUpperCase()
  if (!/^[A-Z0-9-]+$/.test(name)) cursor.fail('not the name of a resource', start)
  cursor.space()
  const usage = number64(cursor)
  cursor.space()
  return [name, { usage, limit: number64(cursor) }]
}

/** quotaroot-response */
export function quotaRootData(cursor: Cursor): Data<'quotaroot'> {
  cursor.space()
  return { kind: 'quotaroot', mailbox: mailbox(cursor), roots: spaced(cursor, astring) }
}

/** metadata-resp (RFC 5464 §5) */
export function metadataData(cursor: Cursor): Data<'metadata'> {
  cursor.space()
  const name = mailbox(cursor)
  if (!cursor.sees(' (')) return { kind: 'metadata', mailbox: name, entries: someEntries(cursor) }
  cursor.space()
  const values = new Map(
    list(cursor, (at): readonly [string, string | undefined] => {
      const key = entry(at)
      at.space()
      return [key, nstring8(at)]
    }),
  )
  return { kind: 'metadata', mailbox: name, values, entries: [...values.keys()] }
}

function someEntries(cursor: Cursor): readonly string[] {
  const entries = spaced(cursor, entry)
  return entries.length > 0 ? entries : cursor.fail('expected an entry')
}

/** entry: private or shared, in no case two slashes together or one at the end (RFC 5464 §3.1). */
function entry(cursor: Cursor): string {
  const start = cursor.position
  const name = astring(cursor).toLowerCase()
  if (!/^\/(private|shared)(\/[^/*%\0-\x1f\x7f-\xff]+)+$/.test(name)) cursor.fail('not an entry', start)
  return name
}

/** `"LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"` (RFC 5255 §3.5) */
export function languageData(cursor: Cursor): Data<'language'> {
  cursor.space()
  return { kind: 'language', tags: list(cursor, astring) }
}

/** comparator-data (RFC 5255 §4.10) */
export function comparatorData(cursor: Cursor): Data<'comparator'> {
  cursor.space()
  const active = astring(cursor)
  return { kind: 'comparator', active, matching: cursor.takes(' ') ? list(cursor, astring) : [] }
}

/** `"JMAPACCESS" SP quoted` (RFC 9698 §4) */
export function jmapAccessData(cursor: Cursor): Data<'jmapaccess'> {
  cursor.space()
  const start = cursor.position
  const url = quoted(cursor)
  if (!URL.canParse(url)) cursor.fail('not a URL', start)
  return { kind: 'jmapaccess', url }
}
