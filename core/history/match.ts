import type { HistoryEntry, HistoryQuery } from '../services/history.ts'

/** Calls back with one buffer of whole JSON lines after the other, oldest first; may be asked to do it again. */
type EachPart = (visit: (lines: Buffer) => void) => Promise<void>

const defaultLimit = 1_000

/**
 * Finds the entries of a query. Lines are searched as octets and only those with a hit are parsed, so that a day of a
 * busy server is a matter of reading its file. With an id there is a second pass, for the session of a transaction
 * and the transactions of a session.
 */
export async function matchEntries(query: HistoryQuery, each: EachPart): Promise<readonly HistoryEntry[]> {
  const { id, limit = defaultLimit } = query
  const meets = filter(query)
  if (id === undefined) return newest(each, limit, (lines) => linesWith(lines, ''), meets)
  const ids = new Set([id])
  const isDirect = ({ session, transaction }: HistoryEntry) => session === id || transaction === id
  const direct = await newest(
    each,
    limit,
    (lines) => linesWith(lines, id),
    (line, entry) => {
      if (!isDirect(entry)) return false
      for (const other of [entry.session, entry.transaction]) if (other !== undefined) ids.add(other)
      return meets(line, entry)
    },
  )
  if (ids.size === 1) return direct
  // Of a transaction's session what was said before and after it, not what other transactions did; of a session's
  // transactions what happened when it was over.
  const isRelated = ({ session, transaction }: HistoryEntry) =>
    ids.has((transaction === undefined ? session : session === undefined ? transaction : undefined) ?? '')
  return newest(
    each,
    limit,
    (lines) => linesWithIds(lines, ids),
    (line, entry) => (isDirect(entry) || isRelated(entry)) && meets(line, entry),
  )
}

/** Whether an entry and the line it was read from meet what a query says beside the id. */
function filter({ since, until, text }: HistoryQuery): (line: string, entry: HistoryEntry) => boolean {
  const needle = text === undefined ? '' : JSON.stringify(text).slice(1, -1).toLowerCase()
  return (line, { at }) =>
    (since === undefined || at >= since.getTime()) &&
    (until === undefined || at <= until.getTime()) &&
    (needle === '' || line.toLowerCase().includes(needle))
}

/** The newest entries that are accepted, oldest first; those of one moment as they were written. */
async function newest(
  each: EachPart,
  limit: number,
  linesOf: (lines: Buffer) => Iterable<string>,
  accept: (line: string, entry: HistoryEntry) => boolean,
): Promise<readonly HistoryEntry[]> {
  let found: HistoryEntry[] = []
  await each((lines) => {
    for (const line of linesOf(lines)) {
      const entry = parseEntry(line)
      if (entry !== undefined && accept(line, entry)) found.push(entry)
      // However much is found, no more is kept than is asked for.
      if (found.length > 2 * limit + 1_000) found = cut(found, limit)
    }
  })
  return cut(
    found.sort((a, b) => a.at - b.at),
    limit,
  )
}

function cut(entries: HistoryEntry[], limit: number): HistoryEntry[] {
  return limit <= 0 ? [] : entries.slice(-limit)
}

/** The lines that hold a text; for an empty text all lines. */
function* linesWith(lines: Buffer, needle: string): Generator<string> {
  let from = 0
  while (from < lines.length) {
    const hit = needle === '' ? from : lines.indexOf(needle, from)
    if (hit < 0) return
    const start = hit === 0 ? 0 : lines.lastIndexOf('\n', hit - 1) + 1
    const end = lines.indexOf('\n', hit)
    const stop = end < 0 ? lines.length : end
    yield lines.toString('utf8', start, stop)
    from = stop + 1
  }
}

const idsInLine = /"(?:session|transaction)":"([^"]*)"/g

/** The lines that name one of these sessions and transactions. */
function* linesWithIds(lines: Buffer, ids: ReadonlySet<string>): Generator<string> {
  for (const line of linesWith(lines, '')) {
    for (const [, id = ''] of line.matchAll(idsInLine)) {
      if (!ids.has(id)) continue
      yield line
      break
    }
  }
}

/** An entry, or undefined for a line that a crash cut short. */
function parseEntry(line: string): HistoryEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isEntry =
      typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number'
    return isEntry ? (value as HistoryEntry) : undefined
  } catch {
    return undefined
  }
}
