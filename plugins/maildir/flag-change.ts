import { join } from 'node:path'
import {
  type FlagChange,
  type FlagChangeOptions,
  type FlagOutcome,
  formatMaildirFileName,
  UnavailableError,
} from 'mailwright'
import { isFull, isMissing } from './disk-errors.ts'
import { changeKept } from './flags.ts'
import { inGroups } from './groups.ts'
import type { Alteration } from './index-change.ts'
import { type IndexRecord, lettersAt, locationOf } from './index-record.ts'
import type { Chosen, MailboxState } from './mailbox-state.ts'
import { type Located, pathOf } from './scan.ts'

// How often a message that others rename at the same time is followed.
const attempts = 8

/** Changes flags and keywords of the messages that still exist. Durable when it resolves. */
export function changeFlags(
  state: MailboxState,
  chosen: Chosen,
  change: FlagChange,
  { unchangedSince }: FlagChangeOptions = {},
): Promise<FlagOutcome> {
  return state.exclusively(async () => {
    const records = chosenRecords(state, chosen)
    const isModified = ({ entry }: IndexRecord): boolean =>
      entry.modSequence > (unchangedSince ?? Number.POSITIVE_INFINITY)
    const modified = records.filter(isModified)
    const wanted = records.filter((record) => !isModified(record))
    const spelled = spelledAs(state, change)
    const work = new FlagWork(state, spelled)
    try {
      await inGroups(wanted, (record) => work.change(record))
    } finally {
      await work.finish()
    }
    return {
      entries: wanted.flatMap(({ entry: { uid } }) =>
        work.gone.has(uid) ? [] : (state.record(uid)?.entry ?? []),
      ),
      modified: modified.map(({ entry: { uid } }) => uid),
    }
  })
}

/** The records of messages that a session has chosen, as far as they exist; only within `exclusively`. */
export function chosenRecords(state: MailboxState, { uids, uidValidity }: Chosen): readonly IndexRecord[] {
  state.requireValidity(uidValidity)
  return existing(state, uids)
}

/** The records of UIDs, ascending, each once. */
export function existing(state: MailboxState, uids: readonly number[]): readonly IndexRecord[] {
  return [...new Set(uids)]
    .sort((a, b) => a - b)
    .map((uid) => state.record(uid))
    .filter((record) => record !== undefined)
}

/** Renames files, and then tells the index. */
class FlagWork {
  readonly gone = new Set<number>()
  readonly #state: MailboxState
  readonly #change: FlagChange
  readonly #altered: Alteration[] = []
  readonly #touched = new Set<string>()

  constructor(state: MailboxState, change: FlagChange) {
    this.#state = state
    this.#change = change
  }

  /** Changes one message, under whatever name its file has now. */
  async change(record: IndexRecord): Promise<void> {
    const { uid } = record.entry
    let located: Located | undefined = this.#state.located(record)
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) located = (await this.#state.look([record.base])).get(record.base)
      if (located === undefined) return void this.gone.add(uid)
      const { letters, keywords } = changeKept(
        { letters: located.letters, keywords: record.keywords },
        this.#change,
      )
      const sameKeywords = keywords.join(' ') === record.keywords.join(' ')
      // Somebody else may just have set the flag: then the file has it, and only the index does not know.
      const isKnown = letters === lettersAt(record.location)
      if (letters === located.letters && isKnown && sameKeywords) return
      const moved = letters === located.letters ? located : await this.#rename(located, letters)
      if (moved === undefined) continue
      this.#altered.push([uid, locationOf(moved), keywords])
      return
    }
    const { path } = this.#state.place
    throw new UnavailableError(`a message in ${path} is renamed faster than its flags can be changed`)
  }

  /** Makes the renames durable, then the index, and tells of them; also where a later one has failed. */
  async finish(): Promise<void> {
    const { context, place, table } = this.#state
    // `cur` first: where a file system loses half of a rename, the message is then in both places, not in neither.
    for (const directory of [...this.#touched].sort())
      await context.directories.sync(join(place.path, directory))
    if (this.#altered.length === 0) return
    const altered = this.#altered.toSorted(([a], [b]) => a - b)
    try {
      await this.#state.write({ modSequence: table.modSequence + 1, altered })
    } catch (error) {
      // The names of the files have changed, and they decide; the index follows when there is room.
      if (!isFull(error) || this.#touched.size === 0) throw error
      context.log.warn('unavailable', { mailbox: place.path, problem: 'the index is behind', error })
      this.#state.goAhead({ altered })
    }
    const entries = altered.flatMap(([uid]) => this.#state.record(uid)?.entry ?? [])
    const uids = entries.map(({ uid }) => uid)
    context.announce.flagged(
      this.#state.change({ cause: 'store', uids, flags: entries.map(({ flags }) => flags) }),
    )
  }

  /** Undefined where the file has another name by now. */
  async #rename(located: Located, letters: string): Promise<Located | undefined> {
    const { context, place } = this.#state
    const fileName = formatMaildirFileName({ ...located, letters })
    const moved = { ...located, letters, fileName, directory: 'cur' as const }
    try {
      await context.files.rename(pathOf(place.path, located), pathOf(place.path, moved))
      this.#touched.add('cur').add(located.directory)
      return moved
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
}

/** Keywords as the mailbox spells them already: case makes no other one of them. */
function spelledAs({ table }: MailboxState, change: FlagChange): FlagChange {
  const spell = (flags: readonly string[]): readonly string[] => flags.map((flag) => table.spell(flag))
  if ('add' in change) return { add: spell(change.add) }
  return 'remove' in change ? { remove: spell(change.remove) } : { set: spell(change.set) }
}
