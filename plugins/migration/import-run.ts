import { type AccountStore, errorText, type StoreAbilities } from 'mailwright'
import { ahead, batches } from './batches.ts'
import { type Doubts, doubtsAbout } from './doubts.ts'
import { isRefusal } from './end-of-run.ts'
import type { NameFilter } from './glob.ts'
import type { Journal } from './journal.ts'
import type { Progress } from './progress.ts'
import type {
  LoadedMessage,
  LoadedMessages,
  MailSource,
  OpenedSource,
  SourceEntry,
  SourceMailbox,
} from './source.ts'
import { ImportSummary, type MailboxSummary } from './summary.ts'
import { type Target, TargetMailboxes } from './target-mailboxes.ts'
import { plainName } from './target-name.ts'
import { TargetWriter } from './target-writer.ts'

/** What is imported, and where to. */
export interface ImportPlan {
  readonly source: MailSource
  readonly account: AccountStore
  readonly supports: StoreAbilities
  /** The mailbox for the source's INBOX, by its levels; the others go below it. Empty: all keep their names. */
  readonly into: readonly string[]
  /** By the names that mailboxes have at the source. */
  readonly isWanted: NameFilter
  /** Older messages are left out. */
  readonly since: Date | undefined
}

/** One run of an import: goes through the mailboxes of a source and stores what the journal does not have yet. */
export class ImportRun {
  readonly #plan: ImportPlan
  readonly #journal: Journal
  readonly #progress: Progress
  readonly #summary = new ImportSummary()
  /** Names here by those at the source. */
  readonly #names = new Map<string, string>()

  constructor(plan: ImportPlan, journal: Journal, progress: Progress) {
    this.#plan = plan
    this.#journal = journal
    this.#progress = progress
  }

  /** Does as much as can be done; what kept it from all is in the summary. */
  async run(): Promise<ImportSummary> {
    const { source, account, supports, into } = this.#plan
    try {
      const targets = await TargetMailboxes.read(account, supports, into)
      const mailboxes = await wantedMailboxes(this.#plan)
      this.#progress.expect(mailboxes)
      for (const mailbox of mailboxes) await this.#mailbox(mailbox, targets)
      if (supports.subscriptions) await this.#subscribe(targets)
    } catch (error) {
      this.#summary.stopped = errorText(error)
    } finally {
      this.#progress.end()
    }
    this.#summary.skipped.push(...source.skipped)
    return this.#summary
  }

  async #mailbox(mailbox: SourceMailbox, targets: TargetMailboxes): Promise<void> {
    const name = plainName(mailbox.levels)
    this.#progress.turnTo(name)
    try {
      const opened = await this.#plan.source.open(mailbox)
      try {
        const target = await targets.prepare(mailbox, this.#journal.record(mailbox.key)?.target)
        this.#names.set(name, target.name)
        await this.#fill(mailbox, opened, target)
      } finally {
        await opened.close()
      }
    } catch (error) {
      if (!isRefusal(error)) throw error
      this.#summary.skipped.push({ what: name, why: errorText(error) })
    }
  }

  async #fill(mailbox: SourceMailbox, opened: OpenedSource, target: Target): Promise<void> {
    const { account, supports } = this.#plan
    const summary = this.#summary.mailbox(plainName(mailbox.levels), target)
    const known = this.#journal.record(mailbox.key)
    const goesOn = known?.identity === opened.identity && known.targetId === target.id
    const keepUids = target.isNew || (goesOn && known.keepUids)
    const start = { identity: opened.identity, target: target.name, targetId: target.id, keepUids }
    const record = this.#journal.start(mailbox.key, start)
    const doubts = await doubtsAbout(record, target, account)
    const writer = new TargetWriter({ account, supports, journal: this.#journal, target, keepUids })
    try {
      const wanted = this.#missing(opened, record.done, summary)
      for await (const loaded of ahead(loadedBatches(opened, wanted))) {
        try {
          await this.#store(loaded, writer, doubts, summary)
        } finally {
          await loaded.dispose()
        }
      }
    } finally {
      await doubts.close()
    }
    await this.#journal.complete()
  }

  /** The messages that are wanted and not noted as stored. */
  async *#missing(
    opened: OpenedSource,
    done: ReadonlySet<string>,
    summary: MailboxSummary,
  ): AsyncGenerator<SourceEntry> {
    for await (const entry of opened.entries()) {
      const isDone = done.has(entry.key)
      if (!isDone && isRecent(entry, this.#plan.since)) {
        yield entry
        continue
      }
      if (isDone) summary.already++
      else summary.older++
      this.#progress.add(1, entry.size)
    }
  }

  async #store(
    { messages, failed }: LoadedMessages,
    writer: TargetWriter,
    doubts: Doubts,
    summary: MailboxSummary,
  ): Promise<void> {
    const missing: LoadedMessage[] = []
    const found: string[] = []
    for (const message of messages) {
      if (await doubts.isPresent(message)) found.push(message.entry.key)
      else missing.push(message)
    }
    if (found.length > 0) this.#journal.found(found)
    const refused = missing.length > 0 ? await writer.write(missing) : []
    const sizes = new Map(missing.map(({ entry, content }) => [entry, content.size]))
    for (const { entry } of refused) sizes.delete(entry)
    summary.already += found.length
    summary.imported += sizes.size
    summary.octets += sum(sizes.values())
    for (const { entry, problem } of [...failed, ...refused])
      summary.failed.push({ message: entry.label, problem })
    this.#progress.add(messages.length + failed.length, sum(messages.map(({ content }) => content.size)))
  }

  async #subscribe(targets: TargetMailboxes): Promise<void> {
    for (const levels of await this.#plan.source.subscriptions()) {
      const name = plainName(levels)
      if (!this.#plan.isWanted(name)) continue
      const problem = await targets.subscribe(levels, this.#names)
      if (problem === undefined) this.#summary.subscribed++
      else this.#summary.skipped.push({ what: `the subscription to ${name}`, why: problem })
    }
  }
}

/** The mailboxes of the source that are to be imported. */
export async function wantedMailboxes({
  source,
  isWanted,
}: Pick<ImportPlan, 'source' | 'isWanted'>): Promise<readonly SourceMailbox[]> {
  return (await source.mailboxes()).filter(({ levels }) => isWanted(plainName(levels)))
}

/** Whether a message is of the time that is wanted. One without a date always is. */
export function isRecent({ internalDate }: SourceEntry, since: Date | undefined): boolean {
  return since === undefined || internalDate === undefined || internalDate >= since
}

async function* loadedBatches(
  opened: OpenedSource,
  entries: AsyncIterable<SourceEntry>,
): AsyncGenerator<LoadedMessages> {
  for await (const batch of batches(entries)) yield await opened.load(batch)
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
