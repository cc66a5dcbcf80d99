import type { HistoryEntry, HistoryQuery } from '../services/history.ts'

/** Calls back with one buffer of JSON lines after the other, oldest first; may be asked to do it again. */
type EachSegment = (visit: (lines: Buffer) => void) => Promise<void>

const defaultLimit = 1_000

/**
 * Finds the entries of a query. Lines are searched as octets and only those with a hit are parsed, so that a day of a
 * busy server is a matter of reading its file. With an id there is a second pass, for the session of a transaction
 * and the transactions of a session.
 */
export async function matchEntries(query: HistoryQuery, each: EachSegment): Promise<readonly HistoryEntry[]> {
  const { id, limit = defaultLimit } = query
  if (id === undefined) return (await collect(each, query.text ?? '', query, () => true)).slice(-limit)
  const direct = await collect(each, id, query, (entry) => entry.session === id || entry.transaction === id)
  const related = new Set(
    direct.flatMap(({ session }) => (session === undefined || session === id ? [] : [session])),
  )
  const entries = new Set(direct.map((entry) => JSON.stringify(entry)))
  const all = [...direct]
  for (const session of related) {
    // Of the transaction's session: what was said before and after it, not what other transactions did.
    const own = (entry: HistoryEntry) => entry.session === session && entry.transaction === undefined
    for (const entry of await collect(each, session, query, own)) {
      if (!entries.has(JSON.stringify(entry))) all.push(entry)
    }
  }
  return all.sort((a, b) => a.at - b.at).slice(-limit)
}

async function collect(
  each: EachSegment,
  needle: string,
  { since, until, text }: HistoryQuery,
  accept: (entry: HistoryEntry) => boolean,
): Promise<HistoryEntry[]> {
  const found: HistoryEntry[] = []
  const within = ({ at }: HistoryEntry) =>
    (since === undefined || at >= since.getTime()) && (until === undefined || at <= until.getTime())
  await each((lines) => {
    for (const line of linesWith(lines, needle)) {
      const entry = parseEntry(line)
      if (entry === undefined || !within(entry) || !accept(entry)) continue
      if (text === undefined || line.toLowerCase().includes(text.toLowerCase())) found.push(entry)
    }
  })
  return found
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

/** An entry, or undefined for a line that a crash cut short. */
function parseEntry(line: string): HistoryEntry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'at' in value ? (value as HistoryEntry) : undefined
  } catch {
    return undefined
  }
}
