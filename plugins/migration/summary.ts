import type { CommandOutput } from 'mailwright'
import { octetsText, printableLine } from './progress.ts'
import type { SkippedPart } from './source.ts'
import type { Target } from './target-mailboxes.ts'

/** What became of one mailbox. */
export interface MailboxSummary {
  /** At the source. */
  readonly mailbox: string
  /** Here. */
  readonly target: string
  /** The target is not named as the source is. */
  readonly renamed: boolean
  imported: number
  /** Octets of those. */
  octets: number
  /** Stored by earlier runs. */
  already: number
  /** Left out because of `--since`. */
  older: number
  readonly failed: { readonly message: string; readonly problem: string }[]
}

/** What an import came to. */
export class ImportSummary {
  readonly mailboxes: MailboxSummary[] = []
  readonly skipped: SkippedPart[] = []
  subscribed = 0
  /** Why it ended before its end. */
  stopped: string | undefined

  mailbox(mailbox: string, { name, insteadOf }: Pick<Target, 'name' | 'insteadOf'>): MailboxSummary {
    const summary: MailboxSummary = {
      mailbox,
      target: name,
      renamed: insteadOf !== undefined,
      imported: 0,
      octets: 0,
      already: 0,
      older: 0,
      failed: [],
    }
    this.mailboxes.push(summary)
    return summary
  }

  /** Printed by the command: exit code 1 where anything was not imported. `verb` is such as `imported`. */
  output(verb: string): CommandOutput {
    const { mailboxes, skipped, subscribed, stopped } = this
    const failed = mailboxes.reduce((count, each) => count + each.failed.length, 0)
    const isWhole = stopped === undefined && failed === 0 && skipped.length === 0
    const json = { mailboxes, subscribed, skipped, ...(stopped === undefined ? {} : { stopped }) }
    return { json, text: this.#lines(verb).map(printableLine).join('\n'), exitCode: isWhole ? 0 : 1 }
  }

  #lines(verb: string): readonly string[] {
    const { mailboxes, skipped, subscribed, stopped } = this
    return [
      ...mailboxes.map((mailbox) => mailboxLine(mailbox, verb)),
      ...mailboxes.flatMap(({ mailbox, failed }) =>
        failed.map(({ message, problem }) => `failed: ${mailbox}, ${message}: ${problem}`),
      ),
      ...skipped.map(({ what, why }) => `left out: ${what}: ${why}`),
      totalLine(mailboxes, verb, subscribed),
      ...(stopped === undefined ? [] : [`ended early: ${stopped}; the same command goes on from here`]),
    ]
  }
}

function mailboxLine(summary: MailboxSummary, verb: string): string {
  const { mailbox, target, renamed, already, older, failed } = summary
  const name = mailbox === target ? mailbox : `${mailbox} → ${target}${renamed ? ' (renamed)' : ''}`
  const rest = [
    ...(already > 0 ? [`${already} already there`] : []),
    ...(older > 0 ? [`${older} older`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
  ]
  return [`${name}: ${verb} ${summary.imported} (${octetsText(summary.octets)})`, ...rest].join(', ')
}

function totalLine(mailboxes: readonly MailboxSummary[], verb: string, subscribed: number): string {
  const messages = mailboxes.reduce((count, { imported }) => count + imported, 0)
  const octets = mailboxes.reduce((count, each) => count + each.octets, 0)
  const told = `${verb} ${messages} messages (${octetsText(octets)}) in ${mailboxes.length} mailboxes`
  return subscribed === 0 ? told : `${told}, ${subscribed} subscriptions`
}
