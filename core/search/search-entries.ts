import { errorCode } from '../errors.ts'
import { wholeHeader } from '../facts/whole-header.ts'
import type { Content } from '../model/content.ts'
import type { SearchCriterion } from '../model/search.ts'
import type { MessageSummary } from '../model/summary.ts'
import type { MessageEntry } from '../services/mailbox.ts'
import { Pacer } from '../summary/pacer.ts'
import { isSummaryField } from '../summary/summary-fields.ts'
import { entriesWithin } from './entries-within.ts'
import { HeaderSearch } from './header-search.ts'
import { readTexts } from './message-texts.ts'
import { type Needle, NeedleSearch } from './needle-search.ts'
import { type Known, prepareQuery, type Query } from './query.ts'

/** Messages that can be searched: a mailbox, and whatever else knows as much of its messages. */
export interface SearchSource {
  /** What is searched, ascending by UID. */
  readonly entries: readonly MessageEntry[]
  /** As `Mailbox.summaries`. */
  summaries(uids: readonly number[]): AsyncIterable<MessageSummary>
  /** As `Mailbox.content`. */
  content(uid: number): Promise<Content>
  /**
   * Those of the messages that may hold a text (folded as `foldText` folds) in a header or a body, for a store that keeps
   * something to tell from, such as `signText`. It may name too many, for they are read all the same; never too few.
   */
  textCandidates?(uids: readonly number[], folded: string): Promise<readonly number[]>
}

/**
 * UIDs of the entries that meet a criterion, ascending. What is cheap to know is asked first, and no message is read that
 * needs not be: entries, then what `textCandidates` tells, then summaries, then contents. Contents are read in bounded
 * memory, and other work gets its turn meanwhile. Messages that are removed meanwhile are left out.
 *
 * `now` is in milliseconds since 1970. MAIL_E_INVALID for what is no criterion, is deeper than 100 levels, has more than
 * 10,000 nodes, or looks for a text of more than 10,000 characters or for more than 200 texts in contents. Else fails as
 * the source does.
 */
export async function searchEntries(
  source: SearchSource,
  criterion: SearchCriterion,
  now: number,
): Promise<readonly number[]> {
  const search = new Search(source, prepareQuery(criterion, now))
  return search.run(entriesWithin(source.entries, criterion))
}

/** Those entries of which a query needs to know more than they say themselves. */
export async function undecidedEntries(
  entries: readonly MessageEntry[],
  query: Query,
): Promise<readonly MessageEntry[]> {
  const undecided: MessageEntry[] = []
  await forEach(entries, query, new Pacer(), (known) => {
    if (query.matches(known) === undefined) undecided.push(known.entry)
  })
  return undecided
}

/** Entries one after the other, in turn with other work. What `take` gets is the same object with another entry. */
async function forEach(
  entries: readonly MessageEntry[],
  query: Query,
  pacer: Pacer,
  take: (known: Known) => void,
  found?: (entry: MessageEntry, needle: Needle) => boolean | undefined,
): Promise<void> {
  const [first] = entries
  if (first === undefined) return
  // One object for all of them: to make one for each takes longer than to ask most questions.
  const known = { entry: first, found: found && ((needle: Needle) => found(known.entry, needle)) }
  let work = 0
  for (const entry of entries) {
    known.entry = entry
    take(known)
    work += query.size + entry.flags.length
    if (work < workAtOnce) continue
    work = 0
    if (pacer.isDue) await pacer.rest()
  }
}

// Where messages lie on a disk, the next are read while one is searched.
const parallelReads = 4
// How many nodes of a criterion are applied, and flags looked at, between two looks at the clock.
const workAtOnce = 10_000

class Search {
  readonly #source: SearchSource
  readonly #query: Query
  readonly #pacer = new Pacer()
  readonly #matching: number[] = []
  /** For each needle the messages that may hold it, where that is known. */
  readonly #candidates = new Map<Needle, ReadonlySet<number>>()
  /** Messages of which it is not known yet whether they match. */
  #open: readonly MessageEntry[] = []

  constructor(source: SearchSource, query: Query) {
    this.#source = source
    this.#query = query
  }

  /** Searches those of the source's entries. */
  async run(entries: readonly MessageEntry[]): Promise<readonly number[]> {
    this.#open = entries
    await this.#sift()
    if (this.#query.needles.length > 0 && this.#open.length > 0) await this.#askForCandidates()
    if (this.#query.needsHeader && this.#open.length > 0) await this.#readSummaries()
    if (this.#open.length > 0) await this.#readContents()
    return this.#matching.sort((a, b) => a - b)
  }

  /** Applies the criterion to what is known of the open messages so far. */
  async #sift(): Promise<void> {
    const open: MessageEntry[] = []
    const take = (known: Known): void => {
      if (this.#decide(known) === undefined) open.push(known.entry)
    }
    const found = (entry: MessageEntry, needle: Needle) => this.#foundIn(entry, needle)
    await forEach(this.#open, this.#query, this.#pacer, take, this.#candidates.size > 0 ? found : undefined)
    this.#open = open
  }

  /** Applies the criterion to a message and notes it where it matches. Whether it does is undefined as long as nobody knows. */
  #decide(known: Known): boolean | undefined {
    const answer = this.#query.matches(known)
    if (answer === true) this.#matching.push(known.entry.uid)
    return answer
  }

  /** The same in turn with other work, as a header may take long to look through. */
  async #decidePaced(known: Known): Promise<boolean | undefined> {
    for (;;) {
      const answer = this.#decide(known)
      if (answer !== undefined || known.header?.isCut !== true) return answer
      await known.header.goOn()
    }
  }

  #known(entry: MessageEntry): Known {
    return { entry, found: (needle) => this.#foundIn(entry, needle) }
  }

  /** False where what is kept of the message says that the needle is not there. */
  #foundIn(entry: MessageEntry, needle: Needle): boolean | undefined {
    return this.#mayHold(entry, needle) ? undefined : false
  }

  #mayHold(entry: MessageEntry, needle: Needle): boolean {
    return this.#candidates.get(needle)?.has(entry.uid) !== false
  }

  async #askForCandidates(): Promise<void> {
    if (this.#source.textCandidates === undefined) return
    const uids = this.#open.map(({ uid }) => uid)
    const asked = new Map<string, ReadonlySet<number>>()
    for (const needle of this.#query.needles) {
      const { folded } = needle
      const answer = asked.get(folded) ?? new Set(await this.#source.textCandidates(uids, folded))
      asked.set(folded, answer)
      this.#candidates.set(needle, answer)
      if (this.#pacer.isDue) await this.#pacer.rest()
    }
    await this.#sift()
  }

  async #readSummaries(): Promise<void> {
    const byUid = new Map(this.#open.map((entry) => [entry.uid, entry]))
    const open: MessageEntry[] = []
    for await (const summary of this.#source.summaries([...byUid.keys()])) {
      const entry = byUid.get(summary.uid)
      if (entry === undefined) continue
      const lacks = (field: string): boolean => !isSummaryField(field) || summary.omitted.includes(field)
      const header = new HeaderSearch(summary, lacks, this.#pacer)
      if ((await this.#decidePaced({ ...this.#known(entry), header })) === undefined) open.push(entry)
      if (this.#pacer.isDue) await this.#pacer.rest()
    }
    this.#open = open
  }

  async #readContents(): Promise<void> {
    const waiting = this.#open.values()
    let failed = false
    const lane = async (): Promise<void> => {
      for (const entry of waiting) {
        if (failed) return
        try {
          await this.#readContent(entry)
        } catch (error) {
          if (errorCode(error) === 'MAIL_E_NOT_FOUND') continue
          failed = true
          throw error
        }
      }
    }
    await Promise.all(Array.from({ length: parallelReads }, lane))
  }

  async #readContent(entry: MessageEntry): Promise<void> {
    const content = await this.#source.content(entry.uid)
    if (this.#pacer.isDue) await this.#pacer.rest()
    const known = await this.#withHeader(entry, content)
    if (known.header !== undefined && (await this.#decidePaced(known)) !== undefined) return
    const wanted = this.#query.needles.filter((needle) => this.#mayHold(entry, needle))
    const isEnough = (found: ReadonlySet<Needle>): boolean => {
      const sofar = (needle: Needle) => found.has(needle) || known.found?.(needle)
      return this.#query.matches({ ...known, found: sofar }) !== undefined
    }
    const search = new NeedleSearch(wanted, isEnough, this.#pacer)
    await readTexts(content, search, this.#pacer)
    await this.#decidePaced({ ...known, found: (needle) => search.found.has(needle) })
  }

  async #withHeader(entry: MessageEntry, content: Content): Promise<Known> {
    const known = this.#known(entry)
    if (!this.#query.needsHeader) return known
    const header = await wholeHeader(content)
    return { ...known, header: new HeaderSearch({ header }, () => false, this.#pacer) }
  }
}
