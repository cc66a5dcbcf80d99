import { join } from 'node:path'
import {
  type FlagChange,
  type FlagChangeOptions,
  type FlagOutcome,
  Pacer,
  UnavailableError,
} from 'mailwright'
import { isDiskFull, isMissing } from 'mailwright/disk'
import { formatMaildirFileName } from 'mailwright/formats'
import { firstFailure } from '../batches/file-batches.ts'
import { inGroups } from '../files/groups.ts'
import { type Located, pathOf } from '../files/scan.ts'
import type { Alteration } from '../index/index-change.ts'
import { type IndexRecord, lettersAt, locationOf } from '../index/index-record.ts'
import type { Chosen } from '../mailbox/mailbox-snapshot.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'
import { inPieces } from './alteration-pieces.ts'
import { ChangedFlags } from './changed-flags.ts'

// How often a message that others rename at the same time is followed.
const attempts = 8
// Messages that are looked at while the files of those before are renamed.
const atOnce = 500

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
    const work = new FlagWork(state, spelledAs(state, change))
    try {
      await work.changeAll(wanted)
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

/** A message whose file is to have another name. */
interface Rename {
  readonly record: IndexRecord
  readonly located: Located
  readonly moved: Located
  readonly keywords: readonly string[]
}

/** Renames files, and then tells the index. */
class FlagWork {
  readonly gone = new Set<number>()
  readonly #state: MailboxState
  readonly #changed: ChangedFlags
  readonly #altered: Alteration[] = []
  readonly #touched = new Set<string>()

  constructor(state: MailboxState, change: FlagChange) {
    this.#state = state
    this.#changed = new ChangedFlags(change)
  }

  /** Changes messages, under whatever names their files have now. */
  async changeAll(records: readonly IndexRecord[]): Promise<void> {
    const missing: IndexRecord[] = []
    const pacer = new Pacer()
    let renaming: Promise<readonly IndexRecord[]> = Promise.resolve([])
    try {
      for (let from = 0; from < records.length; from += atOnce) {
        const renames: Rename[] = []
        for (const record of records.slice(from, from + atOnce)) {
          const rename = this.#plan(record, this.#state.located(record))
          if (rename !== undefined) renames.push(rename)
          if (pacer.isDue) await pacer.rest()
        }
        missing.push(...(await renaming))
        renaming = this.#rename(renames)
      }
      missing.push(...(await renaming))
    } finally {
      await Promise.allSettled([renaming])
    }
    await inGroups(missing, (record) => this.#follow(record))
  }

  /** What is left to be renamed; undefined where the change is made, or is none. */
  #plan(record: IndexRecord, located: Located): Rename | undefined {
    const { letters, keywords, haveKeywordsChanged } = this.#changed.of(located.letters, record.keywords)
    if (letters !== located.letters) {
      const fileName = formatMaildirFileName({ ...located, letters })
      return { record, located, keywords, moved: { ...located, letters, fileName, directory: 'cur' } }
    }
    // Somebody else may just have set the flag: then the file has it, and only the index does not know.
    const isKnown = letters === lettersAt(record.location)
    if (!isKnown || haveKeywordsChanged) this.#altered.push([record.entry.uid, locationOf(located), keywords])
    return undefined
  }

  /** Answers those whose files have other names by now. */
  async #rename(renames: readonly Rename[]): Promise<readonly IndexRecord[]> {
    const { context, place } = this.#state
    const outcomes = await context.batches.rename(
      renames.map(({ located, moved }) => [pathOf(place.path, located), pathOf(place.path, moved)]),
    )
    const missing: IndexRecord[] = []
    for (const [at, { record, located, keywords, moved }] of renames.entries()) {
      const outcome = outcomes[at]
      if (isMissing(outcome)) missing.push(record)
      if (outcome !== undefined) continue
      this.#touched.add('cur').add(located.directory)
      this.#altered.push([record.entry.uid, locationOf(moved), keywords])
    }
    const failure = firstFailure(outcomes.filter((outcome) => !isMissing(outcome)))
    if (failure !== undefined) throw failure
    return missing
  }

  /** Looks where a message's file is by now, and changes it there. */
  async #follow(record: IndexRecord): Promise<void> {
    for (let attempt = 1; attempt < attempts; attempt++) {
      const located = (await this.#state.look([record.base])).get(record.base)
      if (located === undefined) return void this.gone.add(record.entry.uid)
      const rename = this.#plan(record, located)
      if (rename === undefined || (await this.#rename([rename])).length === 0) return
    }
    const { path } = this.#state.place
    throw new UnavailableError(`a message in ${path} is renamed faster than its flags can be changed`)
  }

  /**
   * Makes the renames and the index durable, and tells of them; also where a later one has failed. Both at the same time, for
   * a power cut that spares only one leaves the names of the files to decide.
   */
  async finish(): Promise<void> {
    const synced = this.#syncRenames()
    synced.catch(() => undefined)
    try {
      await this.#record()
    } finally {
      await synced
    }
  }

  async #syncRenames(): Promise<void> {
    const { context, place } = this.#state
    // `cur` first: where a file system loses half of a rename, the message is then in both places, not in neither.
    for (const directory of [...this.#touched].sort())
      await context.directories.sync(join(place.path, directory))
  }

  #keywordsOf(uid: number): readonly string[] {
    return this.#state.record(uid)?.keywords ?? []
  }

  async #record(): Promise<void> {
    const { context, table } = this.#state
    if (this.#altered.length === 0) return
    const altered = this.#altered.toSorted(([a], [b]) => a - b)
    let written = 0
    try {
      for (const piece of inPieces(altered)) {
        await this.#state.write({ modSequence: table.modSequence + 1, altered: piece })
        written += piece.length
      }
    } catch (error) {
      this.#goAhead(altered.slice(written), error)
    }
    const entries = altered.flatMap(([uid]) => this.#state.record(uid)?.entry ?? [])
    const uids = entries.map(({ uid }) => uid)
    context.announce.flagged(
      this.#state.change({ cause: 'store', uids, flags: entries.map(({ flags }) => flags) }),
    )
  }

  /** The names of the files have changed, and they decide; the index follows when there is room. Keywords are there alone. */
  #goAhead(altered: readonly Alteration[], error: unknown): void {
    const { context, place } = this.#state
    if (!isDiskFull(error) || this.#touched.size === 0) throw error
    context.log.warn('unavailable', { mailbox: place.path, problem: 'the index is behind', error })
    const kept = altered.map(([uid, location]) => [uid, location, this.#keywordsOf(uid)] as const)
    const haveKeywordsChanged = altered.some(
      ([, , keywords], at) => keywords !== kept[at]?.[2] && keywords.join() !== kept[at]?.[2].join(),
    )
    this.#state.goAhead({ altered: kept })
    if (haveKeywordsChanged) throw error
  }
}

/** Keywords as the mailbox spells them already: case makes no other one of them. */
function spelledAs({ table }: MailboxState, change: FlagChange): FlagChange {
  const spell = (flags: readonly string[]): readonly string[] => flags.map((flag) => table.spell(flag))
  if ('add' in change) return { add: spell(change.add) }
  return 'remove' in change ? { remove: spell(change.remove) } : { set: spell(change.set) }
}
