import {
  type AccountStore,
  type Content,
  errorCode,
  errorText,
  type Mailbox,
  type MailboxInfo,
  type MessageEntry,
  type StoreAbilities,
} from 'mailwright'
import { isRefusal } from './end-of-run.ts'
import type { NameFilter } from './glob.ts'
import type { Progress } from './progress.ts'
import { ImportSummary, type MailboxSummary } from './summary.ts'

/** A form in which mail can be written. */
export interface ExportForm {
  /** MAIL_E_EXISTS where something would be overwritten that must not be. Writes nothing. */
  check(names: readonly string[]): Promise<void>
  /** Begins a mailbox. */
  begin(mailbox: Mailbox): Promise<ExportedMailbox>
  /** All mailboxes are written. Answers how many subscriptions are, too. */
  finish(subscriptions: readonly string[]): Promise<number>
}

/** A mailbox that is being written. */
export interface ExportedMailbox {
  add(entry: MessageEntry, content: Content): Promise<void>
  /** All messages are there. Answers what could not be kept, in words. */
  end(): Promise<readonly string[]>
  /** Something failed: leaves no half of a file behind. */
  abort(): Promise<void>
}

/** What is exported, and how. */
export interface ExportPlan {
  readonly account: AccountStore
  readonly supports: Pick<StoreAbilities, 'subscriptions'>
  readonly form: ExportForm
  readonly isWanted: NameFilter
}

/** Writes the mailboxes of an account. MAIL_E_EXISTS where there is something already. */
export async function exportMailboxes(
  { account, supports, form, isWanted }: ExportPlan,
  progress: Progress,
): Promise<ImportSummary> {
  const own = (await account.mailboxes()).filter(({ namespace }) => namespace === 'personal')
  const names = own.map(({ name }: MailboxInfo) => name).filter(isWanted)
  await form.check(names)
  const summary = new ImportSummary()
  const statuses = []
  for (const name of names) statuses.push(await account.status(name))
  progress.expect(statuses)
  try {
    for (const name of names) {
      progress.turnTo(name)
      await exportMailbox(await account.openMailbox(name), form, progress, summary)
    }
    const all = supports.subscriptions ? await account.subscriptions() : []
    summary.subscribed = await form.finish(all.filter(isWanted))
  } catch (error) {
    summary.stopped = errorText(error)
  } finally {
    progress.end()
  }
  return summary
}

async function exportMailbox(
  mailbox: Mailbox,
  form: ExportForm,
  progress: Progress,
  summary: ImportSummary,
): Promise<void> {
  const { name } = mailbox
  const counted = summary.mailbox(name, { name })
  try {
    const exported = await form.begin(mailbox)
    try {
      for (const entry of mailbox.entries) {
        await exportMessage(mailbox, entry, exported, counted)
        progress.add(1, entry.size)
      }
    } catch (error) {
      await exported.abort()
      throw error
    }
    for (const why of await exported.end()) summary.skipped.push({ what: name, why })
  } finally {
    await mailbox.close()
  }
}

async function exportMessage(
  mailbox: Mailbox,
  entry: MessageEntry,
  exported: ExportedMailbox,
  counted: MailboxSummary,
): Promise<void> {
  try {
    await exported.add(entry, await mailbox.content(entry.uid))
    counted.imported++
    counted.octets += entry.size
  } catch (error) {
    // Removed by somebody else meanwhile: it is no part of the mailbox any more.
    if (errorCode(error) === 'MAIL_E_NOT_FOUND') return
    if (!isRefusal(error)) throw error
    counted.failed.push({ message: `UID ${entry.uid}`, problem: errorText(error) })
  }
}
