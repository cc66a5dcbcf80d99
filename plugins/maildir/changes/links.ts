import { isMissing, systemCode } from 'mailwright/disk'
import type { MaildirContext } from '../context.ts'
import type { Arrival } from '../delivery/arrival.ts'
import { copyFile } from '../files/durable-file.ts'
import { inGroups } from '../files/groups.ts'
import { type Located, pathOf } from '../files/scan.ts'
import type { IndexRecord } from '../index/index-record.ts'
import type { MailboxState } from '../mailbox/mailbox-state.ts'

/** A message that was linked from another mailbox. */
export interface Copy extends Arrival {
  readonly source: IndexRecord
}

/** A message that is to be linked, from the name that it was last seen with. */
interface Wanted {
  readonly record: IndexRecord
  readonly located: Located
  readonly base: string
}

const attempts = 4

// A file system that cannot link from there.
const withoutLinks: readonly (string | undefined)[] = ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'ENOSYS']

/** Links messages into another mailbox's `tmp`. */
export class Links {
  /** Those that are there. */
  readonly copies: Copy[] = []
  readonly #source: MailboxState
  readonly #target: MailboxState
  readonly #leaving: ReadonlySet<string>

  constructor(source: MailboxState, target: MailboxState) {
    this.#source = source
    this.#target = target
    this.#leaving = new Set(target.table.leaving)
  }

  /**
   * Links them from whatever names they have now; those that are gone are left out. With `keepNames` a name
   * that is free there is kept.
   */
  async make(records: readonly IndexRecord[], keepNames: boolean): Promise<void> {
    let wanted = records.map((record): Wanted => {
      const base = keepNames && this.#isFree(record.base) ? record.base : this.#freshName(record.base)
      return { record, located: this.#source.located(record), base }
    })
    for (let attempt = 0; attempt < attempts && wanted.length > 0; attempt++)
      wanted = await this.#again(await this.#link(wanted))
  }

  /** Answers those that could not be linked, with what was in the way. */
  async #link(wanted: readonly Wanted[]): Promise<readonly (Wanted & { readonly problem: unknown })[]> {
    const { batches } = this.#target.context
    const outcomes = await batches.link(wanted.map((each) => this.#paths(each)))
    const problems: (Wanted & { readonly problem: unknown })[] = []
    const apart: Wanted[] = []
    for (const [at, each] of wanted.entries()) {
      const problem = outcomes[at]
      if (problem === undefined) this.#made(each)
      else if (withoutLinks.includes(systemCode(problem))) apart.push(each)
      else problems.push({ ...each, problem })
    }
    await inGroups(apart, async (each) => {
      const problem = await this.#copy(each).catch((error: unknown) => error)
      if (problem === undefined) this.#made(each)
      else problems.push({ ...each, problem })
    })
    return problems
  }

  /** Those that can be tried again: under another name, or from where they are by now. */
  async #again(failed: readonly (Wanted & { readonly problem: unknown })[]): Promise<Wanted[]> {
    const missing = failed.filter(({ problem }) => isMissing(problem))
    const found =
      missing.length === 0 ? undefined : await this.#source.look(missing.map(({ record }) => record.base))
    return failed.flatMap(({ record, located, base, problem }): Wanted[] => {
      if (systemCode(problem) === 'EEXIST') return [{ record, located, base: this.#freshName(record.base) }]
      if (!isMissing(problem)) throw problem
      const seen = found?.get(record.base)
      return seen === undefined ? [] : [{ record, located: seen, base }]
    })
  }

  async #copy(wanted: Wanted): Promise<undefined> {
    const [from, to] = this.#paths(wanted)
    await copyFile(this.#target.context.files, from, to, wanted.record.entry.internalDate)
  }

  #paths({ located, base }: Wanted): readonly [from: string, to: string] {
    return [pathOf(this.#source.place.path, located), `${this.#target.place.path}/tmp/${base}`]
  }

  #made({ record, located, base }: Wanted): void {
    const { keywords, entry } = record
    const { letters, rest } = located
    const { size } = entry
    const facts = { size, internalDate: entry.internalDate.getTime(), emailId: entry.id }
    this.copies.push({ base, letters, rest, keywords, ...facts, source: record })
  }

  /** Whether no message of the mailbox has that name, nor one that is still to be removed from it. */
  #isFree(base: string): boolean {
    return this.#target.table.byBase(base) === undefined && !this.#leaving.has(base)
  }

  #freshName(base: string): string {
    return freshName(this.#target.context, base)
  }
}

/** A new name that carries the sizes of the old one. */
function freshName({ names }: MaildirContext, base: string): string {
  const sizes = /(?:,[SW]=\d{1,15})+$/.exec(base)?.[0] ?? ''
  return `${names()}${sizes}`
}
