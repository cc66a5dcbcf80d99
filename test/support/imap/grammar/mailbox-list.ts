import type { Cursor } from './cursor.ts'
import { astring, atom, list, nil, quoted } from './lexis.ts'
import { mailbox } from './values.ts'

/** mailbox-list: what LIST and LSUB say of a mailbox. */
export interface MailboxListing {
  /** As the standards write them. */
  readonly attributes: readonly string[]
  /** undefined where there is no hierarchy. */
  readonly delimiter: string | undefined
  readonly mailbox: string
  /** Extended data by tag in upper case, as nested lists of words; absent where the response has none. */
  readonly extended?: ReadonlyMap<string, ExtendedValue>
}

/** tagged-ext-val */
export type ExtendedValue = string | readonly ExtendedValue[]

const selectability = ['\\NonExistent', '\\Noselect', '\\Marked', '\\Unmarked']
// RFC 9051 §9, RFC 5465 §8, RFC 6154 §2, RFC 8457 §3.
const attributes = [
  ...selectability,
  ...'\\Noinferiors \\HasChildren \\HasNoChildren \\Subscribed \\Remote \\NoAccess'.split(' '),
  ...'\\All \\Archive \\Drafts \\Flagged \\Junk \\Sent \\Trash \\Important'.split(' '),
]

export function mailboxList(cursor: Cursor): MailboxListing {
  cursor.space()
  const found = listAttributes(cursor)
  cursor.space()
  const delimiter = nil(cursor) ? undefined : hierarchyDelimiter(cursor)
  cursor.space()
  const listing = { attributes: found, delimiter, mailbox: mailbox(cursor) }
  if (!cursor.takes(' ')) return listing
  const start = cursor.position
  const items = list(cursor, extendedItem, { mayBeEmpty: true })
  const extended = new Map(items)
  if (extended.size !== items.length) cursor.fail('an extended data item comes twice', start)
  return { ...listing, extended }
}

/** mbx-list-flags: none twice, one at most that says whether a mailbox can be selected, and no contradiction. */
function listAttributes(cursor: Cursor): readonly string[] {
  const start = cursor.position
  const found = list(cursor, attribute, { mayBeEmpty: true })
  const has = (name: string): boolean => found.includes(name)
  if (new Set(found).size !== found.length) cursor.fail('an attribute comes twice', start)
  if (found.filter((name) => selectability.includes(name)).length > 1)
    cursor.fail(`more than one of ${selectability.join(', ')}`, start)
  // RFC 9051 §7.3.1: it is an error to return both.
  if (has('\\HasChildren') && (has('\\HasNoChildren') || has('\\Noinferiors')))
    cursor.fail('a mailbox with children that has none or may have none', start)
  return found
}

function attribute(cursor: Cursor): string {
  const start = cursor.position
  cursor.expect('\\')
  const name = `\\${atom(cursor)}`.toUpperCase()
  const known = attributes.find((each) => each.toUpperCase() === name)
  return known ?? cursor.fail(`no standard defines the attribute ${name}`, start)
}

/** `DQUOTE QUOTED-CHAR DQUOTE` */
function hierarchyDelimiter(cursor: Cursor): string {
  const start = cursor.position
  const text = Buffer.from(quoted(cursor), 'latin1').toString()
  if ([...text].length !== 1) cursor.fail('a hierarchy delimiter is one character', start)
  return text
}

/** mbox-list-extended-item */
function extendedItem(cursor: Cursor): readonly [string, ExtendedValue] {
  const tag = astring(cursor).toUpperCase()
  cursor.space()
  const start = cursor.position
  const value = extendedValue(cursor)
  if (tag === 'CHILDINFO' && !isChildInfo(cursor.octets.toString('latin1', start, cursor.position)))
    cursor.fail('CHILDINFO has quoted selection options', start)
  return [tag, value]
}

/** childinfo-extended-item: the options are always quoted (RFC 9051 §9). */
function isChildInfo(text: string): boolean {
  return /^\("[^"]+"( "[^"]+")*\)$/.test(text)
}

/** tagged-ext-val: a number, a set of numbers, or something in parentheses. */
function extendedValue(cursor: Cursor): ExtendedValue {
  if (cursor.sees('(')) return components(cursor, 0)
  const start = cursor.position
  const text = atom(cursor)
  if (!/^\d+(:\d+)?(,\d+(:\d+)?)*$/.test(text)) cursor.fail('expected a number, a set or a list', start)
  return text
}

const deepest = 20

/** tagged-ext-comp in parentheses. */
function components(cursor: Cursor, depth: number): readonly ExtendedValue[] {
  if (depth > deepest) cursor.fail('lists nested too deep')
  const component = (): ExtendedValue => (cursor.sees('(') ? components(cursor, depth + 1) : astring(cursor))
  return list(cursor, component, { mayBeEmpty: depth === 0 })
}
