import type { Cursor } from './cursor.ts'
import { astring, list, modSequence, nil, number, nzNumber, spaced, string, word } from './lexis.ts'
import { mailbox, type NumberSet, numberSet } from './values.ts'

/** esearch-response: its correlators and its data. */
export interface SearchAnswer {
  readonly tag?: string
  readonly mailbox?: string
  readonly uidValidity?: number
  /** Whether the numbers are UIDs. */
  readonly uid: boolean
  readonly min?: number
  readonly max?: number
  readonly count?: number
  readonly all?: NumberSet
  readonly modSequence?: bigint
  /** The range that was asked for, and what lies in it; undefined for NIL. */
  readonly partial?: { readonly range: readonly [number, number]; readonly results: NumberSet | undefined }
  /** ADDTO and REMOVEFROM in their order. */
  readonly updates: readonly SearchUpdate[]
  /** RELEVANCY (RFC 6203 §4). */
  readonly relevancy?: readonly number[]
  /** Which data came, in their order. */
  readonly names: readonly string[]
}

export interface SearchUpdate {
  readonly verb: 'ADDTO' | 'REMOVEFROM'
  readonly position: number
  readonly numbers: NumberSet
}

type Building = { -readonly [Name in keyof SearchAnswer]: SearchAnswer[Name] } & {
  readonly names: string[]
}

type DataReader = (cursor: Cursor) => Partial<SearchAnswer>

const readers: Readonly<Record<string, DataReader>> = {
  MIN: (cursor) => ({ min: nzNumber(cursor) }),
  MAX: (cursor) => ({ max: nzNumber(cursor) }),
  COUNT: (cursor) => ({ count: number(cursor) }),
  ALL: (cursor) => ({ all: numberSet(cursor) }),
  // RFC 7162 §3.1.10
  MODSEQ: (cursor) => ({ modSequence: modSequence(cursor) }),
  // RFC 9394 §4
  PARTIAL: (cursor) => ({ partial: partial(cursor) }),
  // RFC 5267 §5
  ADDTO: (cursor) => ({ updates: updates(cursor, 'ADDTO') }),
  REMOVEFROM: (cursor) => ({ updates: updates(cursor, 'REMOVEFROM') }),
  RELEVANCY: (cursor) => ({ relevancy: list(cursor, relevancy) }),
}

// Only these may come more than once.
const repeatable = ['ADDTO', 'REMOVEFROM']

export function esearch(cursor: Cursor): SearchAnswer {
  const answer: Building = { uid: false, updates: [], names: [] }
  if (cursor.sees(' (')) {
    cursor.space()
    correlators(cursor, answer)
  }
  if (cursor.takes(' UID')) answer.uid = true
  spaced(cursor, () => datum(cursor, answer))
  return answer
}

/** search-correlator: each once at most (RFC 7377 §4). */
function correlators(cursor: Cursor, answer: Building): void {
  const start = cursor.position
  const names = list(cursor, () => {
    const name = keyword(cursor)
    cursor.space()
    if (name === 'TAG') answer.tag = tagString(cursor)
    else if (name === 'MAILBOX') answer.mailbox = mailbox(cursor)
    else if (name === 'UIDVALIDITY') answer.uidValidity = nzNumber(cursor)
    else cursor.fail('expected TAG, MAILBOX or UIDVALIDITY', start)
    return name
  })
  if (new Set(names).size !== names.length) cursor.fail('a correlator comes twice', start)
}

/** tag-string: RFC 4466 §3 wants a string, RFC 9051 §9 takes any astring. */
function tagString(cursor: Cursor): string {
  return cursor.dialect.rev2 ? astring(cursor) : string(cursor)
}

function datum(cursor: Cursor, answer: Building): void {
  const start = cursor.position
  const name = keyword(cursor)
  const read = readers[name]
  if (read === undefined) cursor.fail('not a datum of a search', start)
  if (answer.names.includes(name) && !repeatable.includes(name)) cursor.fail(`${name} comes twice`, start)
  cursor.space()
  const found = read?.(cursor) ?? {}
  Object.assign(answer, found, { updates: [...answer.updates, ...(found.updates ?? [])] })
  answer.names.push(name)
}

const letter = Array.from({ length: 256 }, (_, octet) => /[A-Za-z]/.test(String.fromCharCode(octet)))

function keyword(cursor: Cursor): string {
  return word(cursor, letter, 'a keyword').toUpperCase()
}

/** ret-data-partial */
function partial(cursor: Cursor): NonNullable<SearchAnswer['partial']> {
  cursor.expect('(')
  const first = signed(cursor)
  cursor.expect(':')
  const start = cursor.position
  const last = signed(cursor)
  if (first < 0 !== last < 0) cursor.fail('a range counts from one end', start)
  cursor.space()
  const results = nil(cursor) ? undefined : numberSet(cursor)
  cursor.expect(')')
  return { range: [first, last], results }
}

function signed(cursor: Cursor): number {
  return cursor.takes('-') ? -nzNumber(cursor) : nzNumber(cursor)
}

/** `(context-position SP sequence-set …)` */
function updates(cursor: Cursor, verb: SearchUpdate['verb']): SearchUpdate[] {
  return list(cursor, () => {
    const position = number(cursor)
    cursor.space()
    return { verb, position, numbers: numberSet(cursor) }
  })
}

/** score: 1 to 100 (RFC 6203 §4). */
function relevancy(cursor: Cursor): number {
  const start = cursor.position
  const score = nzNumber(cursor)
  if (score > 100) cursor.fail('a score is 100 at most', start)
  return score
}

/** What stands behind SEARCH and SORT (RFC 7162 §7). */
export function foundNumbers(cursor: Cursor): {
  readonly numbers: readonly number[]
  readonly modSequence?: bigint
} {
  const numbers: number[] = []
  while (cursor.sees(' ') && !cursor.sees(' (')) {
    cursor.space()
    numbers.push(nzNumber(cursor))
  }
  if (numbers.length === 0 || !cursor.takes(' (')) return { numbers }
  cursor.expect('MODSEQ ')
  const highest = modSequence(cursor)
  cursor.expect(')')
  return { numbers, modSequence: highest }
}

/** One message of a thread, and the messages below it. */
export interface ThreadNode {
  /** undefined for a parent that is not there. */
  readonly number: number | undefined
  readonly children: readonly ThreadNode[]
}

// Far beyond any discussion, and below what recursion can take.
const deepest = 500

/** `[SP 1*thread-list]` (RFC 5256 §5) */
export function threads(cursor: Cursor): readonly ThreadNode[] {
  if (!cursor.takes(' ')) return []
  const found: ThreadNode[] = []
  do found.push(threadList(cursor, 0))
  while (cursor.sees('('))
  return found
}

/** thread-list */
function threadList(cursor: Cursor, depth: number): ThreadNode {
  if (depth > deepest) cursor.fail('threads nested too deep')
  cursor.expect('(')
  const node = cursor.sees('(')
    ? { number: undefined, children: nestedThreads(cursor, depth) }
    : threadMembers(cursor, depth)
  cursor.expect(')')
  return node
}

/** thread-members: each the parent of the next. */
function threadMembers(cursor: Cursor, depth: number): ThreadNode {
  const numbers = [nzNumber(cursor)]
  let children: readonly ThreadNode[] = []
  while (children.length === 0 && cursor.takes(' ')) {
    if (cursor.sees('(')) children = nestedThreads(cursor, depth)
    else numbers.push(nzNumber(cursor))
  }
  for (const number of numbers.slice(1).toReversed()) children = [{ number, children }]
  return { number: numbers[0], children }
}

/** thread-nested: at least two. */
function nestedThreads(cursor: Cursor, depth: number): readonly ThreadNode[] {
  const found: ThreadNode[] = []
  while (cursor.sees('(')) found.push(threadList(cursor, depth + 1))
  if (found.length < 2) cursor.fail('a single thread is not nested')
  return found
}
