import { type ImportPlan, isRecent, wantedMailboxes } from './import-run.ts'
import type { JournalState } from './journal-lines.ts'
import { ImportSummary } from './summary.ts'
import { TargetMailboxes } from './target-mailboxes.ts'
import { plainName } from './target-name.ts'

/** What a run would do, by looking at the source only. */
export async function survey(plan: ImportPlan, state: JournalState): Promise<ImportSummary> {
  const { source, account, supports, into, since } = plan
  const summary = new ImportSummary()
  const targets = await TargetMailboxes.read(account, supports, into)
  for (const mailbox of await wantedMailboxes(plan)) {
    const name = targets.nameOf(mailbox)
    const counted = summary.mailbox(plainName(mailbox.levels), { name })
    const opened = await source.open(mailbox)
    try {
      const record = state.mailboxes.get(mailbox.key)
      const done = record?.identity === opened.identity ? record.done : new Set<string>()
      for await (const entry of opened.entries()) {
        if (done.has(entry.key)) counted.already++
        else if (isRecent(entry, since)) {
          counted.imported++
          counted.octets += entry.size
        } else counted.older++
      }
    } finally {
      await opened.close()
    }
  }
  summary.skipped.push(...source.skipped)
  return summary
}
