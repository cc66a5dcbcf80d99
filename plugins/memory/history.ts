import {
  definePlugin,
  type History,
  type HistoryEntry,
  type HistoryQuery,
  history as historyKey,
  type PluginFactory,
  readOptions,
} from 'mailwright'

export interface MemoryHistoryOptions {
  /** How many entries are kept; the oldest go first. 100,000 */
  readonly entries: number
}

const defaultLimit = 1000

/** A `history` of the newest entries. */
export function createMemoryHistory(mostEntries: number): History {
  let kept: HistoryEntry[] = []
  return {
    record(entry) {
      kept.push({ ...entry, ...(entry.facts === undefined ? {} : { facts: { ...entry.facts } }) })
      // Now and then, so that the oldest are not moved for each new one.
      if (kept.length > 2 * mostEntries) kept = kept.slice(-mostEntries)
    },
    async find(query) {
      const wanted = kept.slice(-mostEntries).filter(matcher(query, sessionsOf(query.id, kept)))
      return wanted.slice(-(query.limit ?? defaultLimit))
    },
    async flush() {},
  }
}

/** The sessions in which a transaction took place; nothing for a session's own id. */
function sessionsOf(
  id: string | undefined,
  entries: readonly HistoryEntry[],
): ReadonlySet<string | undefined> {
  const own = entries.filter((entry) => id !== undefined && entry.transaction === id)
  return new Set(own.flatMap(({ session }) => session ?? []))
}

function matcher(
  query: HistoryQuery,
  sessions: ReadonlySet<string | undefined>,
): (entry: HistoryEntry) => boolean {
  const { id, since, until } = query
  const text = query.text?.toLowerCase()
  return (entry) => {
    const { at, session, transaction } = entry
    if (since !== undefined && at < since.getTime()) return false
    if (until !== undefined && at > until.getTime()) return false
    // Of a transaction's session, what was said before and after it; not what its other transactions did.
    const related = transaction === undefined && sessions.has(session)
    if (id !== undefined && session !== id && transaction !== id && !related) return false
    return text === undefined || JSON.stringify(entry).toLowerCase().includes(text)
  }
}

/** The plugin `memory-history`. */
export const memoryHistory: PluginFactory<Partial<MemoryHistoryOptions>> = definePlugin<MemoryHistoryOptions>(
  {
    name: 'memory-history',
    provides: [historyKey],
    parseOptions(input) {
      const read = readOptions(input)
      return read.done({ entries: read.integer('entries', { default: 100_000, min: 1, max: 10_000_000 }) })
    },
    setup({ provide }, options) {
      provide(historyKey, createMemoryHistory(options.entries))
    },
  },
)
