import { isCount, isEmailId, isLocation, isName, isTime, isUid } from './index-change.ts'
import {
  emailIdOf,
  type IndexRecord,
  makeRecord,
  type RecordFacts,
  type SideReference,
} from './index-record.ts'
import { IndexTable, type TableFacts, type Vanished } from './index-table.ts'

// The whole index as one frame: a line of JSON with what is there once, then one column a fact, then the base names.
// Columns are arrays of little-endian numbers, so that 100,000 messages are read in the time of a copy. Columns of 64
// bits come first: each must start at a multiple of its width.

interface Head {
  readonly version: number
  readonly id: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly modSequence: number
  readonly vanishedFloor: number
  readonly messages: number
  readonly vanished: number
  readonly arriving: readonly string[]
  readonly leaving: readonly string[]
  /** Each combination of location and keywords that occurs, once. */
  readonly states: readonly (readonly [location: string, keywords: readonly string[]])[]
  /** By UID; few mailboxes have any. */
  readonly uidls: Readonly<Record<string, string>>
  /** By UID, where they are others than the base names give; not in what was written before there were any. */
  readonly emailIds?: Readonly<Record<string, string>>
}

export const indexVersion = 1

const wideColumns = ['size', 'internalDate', 'savedDate', 'modSequence', 'summaryAt', 'signatureAt'] as const
const narrowColumns = ['uid', 'state', 'summaryLength', 'signatureLength'] as const
type Column = (typeof wideColumns)[number] | (typeof narrowColumns)[number]

export function encodeSnapshot(table: TableFacts): Buffer {
  const { records, vanished } = table
  const { combinations, stateOf } = statesOf()
  const numbered = records.map((record) => columnsOf(record, stateOf(record)))
  const wide = wideColumns.map((name) => Float64Array.from(numbered, (row) => row[name]))
  const narrow = narrowColumns.map((name) => Uint32Array.from(numbered, (row) => row[name]))
  const head: Head = {
    version: indexVersion,
    id: table.id,
    uidValidity: table.uidValidity,
    uidNext: table.uidNext,
    modSequence: table.modSequence,
    vanishedFloor: table.vanishedFloor,
    messages: records.length,
    vanished: vanished.length,
    arriving: table.arriving,
    leaving: table.leaving,
    states: combinations,
    uidls: Object.fromEntries(
      records.flatMap(({ entry: { uid, uidl } }) => (uidl === undefined ? [] : [[uid, uidl]])),
    ),
    emailIds: Object.fromEntries(
      records.flatMap(({ entry: { uid, id }, base }) => (id === emailIdOf(base) ? [] : [[uid, id]])),
    ),
  }
  const line = Buffer.from(`${JSON.stringify(head)}\n`)
  return Buffer.concat([
    line,
    ...[...wide, Float64Array.from(vanished, ({ modSequence }) => modSequence)].map(octetsOf),
    ...[...narrow, Uint32Array.from(vanished, ({ uid }) => uid)].map(octetsOf),
    Buffer.from(records.map(({ base }) => base).join('/')),
  ])
}

/** Numbers combinations of location and keywords. Many messages share the list of their keywords, which may be long. */
function statesOf() {
  const states = new Map<string, number>()
  const ofLists = new Map<readonly string[], Map<string, number>>()
  const combinations: [string, readonly string[]][] = []
  const numberOf = (location: string, keywords: readonly string[]): number => {
    const key = `${location}\0${keywords.join(' ')}`
    const known = states.get(key)
    if (known !== undefined) return known
    states.set(key, combinations.length)
    return combinations.push([location, keywords]) - 1
  }
  const stateOf = ({ location, keywords }: IndexRecord): number => {
    const byLocation = ofLists.get(keywords) ?? new Map<string, number>()
    const state = byLocation.get(location) ?? numberOf(location, keywords)
    ofLists.set(keywords, byLocation.set(location, state))
    return state
  }
  return { combinations, stateOf }
}

/** Reads what {@link encodeSnapshot} wrote; undefined for anything that is not consistent in itself. */
export function decodeSnapshot(octets: Buffer): IndexTable | undefined {
  const end = octets.indexOf(10)
  const head = end < 0 ? undefined : headOf(octets.subarray(0, end).toString())
  if (head === undefined) return undefined
  const { messages, vanished } = head
  const columns = messages * (8 * wideColumns.length + 4 * narrowColumns.length) + vanished * 12
  if (octets.length < end + 1 + columns) return undefined
  // A copy, for the columns have to start at a multiple of eight.
  const body = new Uint8Array(octets.subarray(end + 1, end + 1 + columns))
  let at = 0
  const wide = (count: number): Float64Array => {
    at += count * 8
    return new Float64Array(body.buffer, at - count * 8, count)
  }
  const narrow = (count: number): Uint32Array => {
    at += count * 4
    return new Uint32Array(body.buffer, at - count * 4, count)
  }
  const column = {} as Record<Column, Float64Array | Uint32Array>
  for (const name of wideColumns) column[name] = wide(messages)
  const vanishedAt = wide(vanished)
  for (const name of narrowColumns) column[name] = narrow(messages)
  const vanishedUids = narrow(vanished)
  const names = octets.subarray(end + 1 + columns).toString()
  const bases = messages === 0 ? [] : names.split('/')
  if (bases.length !== messages) return undefined
  const records: IndexRecord[] = []
  let last = 0
  for (let row = 0; row < messages; row++) {
    const facts = factsAt(column, row, bases[row] ?? '', head)
    if (facts === undefined || facts.uid <= last || facts.uid >= head.uidNext) return undefined
    last = facts.uid
    records.push(makeRecord(facts))
  }
  const gone: Vanished[] = []
  for (let row = 0; row < vanished; row++) {
    const [uid, modSequence] = [vanishedUids[row], vanishedAt[row]]
    if (!isUid(uid) || !isCount(modSequence)) return undefined
    gone.push({ uid, modSequence })
  }
  return new IndexTable({ ...head, records, vanished: gone })
}

function columnsOf({ entry, summary, signature }: IndexRecord, state: number): Record<Column, number> {
  return {
    uid: entry.uid,
    state,
    size: entry.size,
    internalDate: entry.internalDate.getTime(),
    savedDate: entry.savedDate.getTime(),
    modSequence: entry.modSequence,
    summaryAt: summary?.offset ?? 0,
    summaryLength: summary?.length ?? 0,
    signatureAt: signature?.offset ?? 0,
    signatureLength: signature?.length ?? 0,
  }
}

function factsAt(
  column: Readonly<Record<Column, Float64Array | Uint32Array>>,
  row: number,
  base: string,
  { states, uidls, emailIds = {} }: Head,
): RecordFacts | undefined {
  const [location, keywords] = states[column.state[row] ?? -1] ?? []
  if (location === undefined || keywords === undefined || base === '') return undefined
  const at = (name: Column): number => column[name][row] ?? 0
  const [size, modSequence] = [at('size'), at('modSequence')]
  const [internalDate, savedDate] = [at('internalDate'), at('savedDate')]
  const [summaryAt, signatureAt] = [at('summaryAt'), at('signatureAt')]
  const isSound =
    isCount(size) &&
    isCount(modSequence) &&
    isTime(internalDate) &&
    isTime(savedDate) &&
    isCount(summaryAt) &&
    isCount(signatureAt)
  if (!isSound) return undefined
  const uid = at('uid')
  return {
    uid,
    uidl: uidls[uid],
    emailId: emailIds[uid],
    base,
    location,
    keywords,
    size,
    internalDate,
    savedDate,
    modSequence,
    summary: reference(summaryAt, at('summaryLength')),
    signature: reference(signatureAt, at('signatureLength')),
  }
}

function reference(offset: number, length: number): SideReference | undefined {
  return length === 0 ? undefined : { offset, length }
}

function headOf(line: string): Head | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const head = value as Head
  const isHead =
    typeof value === 'object' &&
    value !== null &&
    head.version === indexVersion &&
    typeof head.id === 'string' &&
    isUid(head.uidValidity) &&
    [head.uidNext, head.modSequence, head.vanishedFloor, head.messages, head.vanished].every(isCount) &&
    [head.arriving, head.leaving].every((names) => Array.isArray(names) && names.every(isName)) &&
    isByUid(head.uidls, (uidl) => typeof uidl === 'string') &&
    (head.emailIds === undefined || isByUid(head.emailIds, isEmailId)) &&
    Array.isArray(head.states) &&
    head.states.every(
      (state) =>
        Array.isArray(state) &&
        isLocation(state[0]) &&
        Array.isArray(state[1]) &&
        state[1].every((keyword) => typeof keyword === 'string'),
    )
  return isHead ? head : undefined
}

function isByUid(values: unknown, is: (value: unknown) => boolean): boolean {
  return typeof values === 'object' && values !== null && Object.values(values).every(is)
}

/** The version of a snapshot that this code may be too old for. */
export function snapshotVersion(octets: Buffer): number {
  return Number(/^\{"version":(\d{1,9}),/.exec(octets.subarray(0, 30).toString('latin1'))?.[1] ?? 0)
}

function octetsOf(column: Float64Array | Uint32Array): Buffer {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength)
}
