import {
  type Address,
  type Clock,
  type Log,
  type ReportedRecipient,
  type StatusNotification,
  type StatusNotifications,
  type StatusReport,
  sameAddress,
} from 'mailwright'
import { isLossReport } from './message-id.ts'
import type { DsnOptions } from './options.ts'
import type { TextKind } from './texts.ts'
import {
  isAutomatic,
  type NotificationKind,
  notificationKinds,
  recipientsOf,
  wantsToKnow,
} from './told-recipients.ts'
import { type Telling, Writer } from './writer.ts'

// So that no notification becomes much larger than a megabyte.
const mostRecipients = 2_000

/** What makes notifications. */
export interface NotificationSurroundings {
  readonly hostname: string
  readonly clock: Clock
  readonly log: Log
}

/** Decides who is told of what; see README.md. */
export class Notifications implements StatusNotifications {
  readonly #options: DsnOptions
  readonly #log: Log
  readonly #hostname: string
  readonly #writer: Writer

  constructor(options: DsnOptions, surroundings: NotificationSurroundings) {
    this.#options = options
    this.#log = surroundings.log
    this.#hostname = surroundings.hostname
    this.#writer = new Writer(options, surroundings)
  }

  async compose(report: StatusReport): Promise<readonly StatusNotification[]> {
    const { reversePath } = report
    const tellings = reversePath === null ? this.#ofLoss(report) : this.#toSender(report, reversePath)
    const notifications: StatusNotification[] = []
    for (const telling of tellings)
      for (const recipients of batches(telling.recipients))
        notifications.push({
          to: telling.to,
          message: await this.#writer.write(report, {
            ...telling,
            recipients,
            kind: wordsFor(telling.kind, recipients),
          }),
        })
    return notifications
  }

  #toSender(report: StatusReport, to: Address): readonly Telling[] {
    const warns = this.#options.delayWarnings && !isAutomatic(report.message.header)
    const tellings: Telling[] = notificationKinds.map((kind) => ({
      to,
      kind,
      recipients: recipientsOf(report.recipients, kind).filter((one) => wantsToKnow(one, warns)),
      whole: mayReturn(report, kind),
    }))
    const { copyTo } = this.#options
    if (copyTo === undefined) return tellings
    const failed = recipientsOf(report.recipients, 'failed')
    return [...tellings, { to: copyTo, kind: 'failed', recipients: failed, whole: false }]
  }

  /** RFC 5321 §6.1: what has the null reverse-path is never answered. What was lost of it is told to the postmaster, and no more. */
  #ofLoss(report: StatusReport): readonly Telling[] {
    const failed = recipientsOf(report.recipients, 'failed')
    const { doubleBounces: to } = this.#options
    const own = isLossReport(report.message.header, this.#hostname)
    const recipients = to === undefined || own ? [] : failed.filter((one) => !isFor(one, to))
    const untold = failed.length - recipients.length
    if (untold > 0)
      this.#log.warn('bounced', {
        transaction: report.id,
        text: 'it has no return address, and nobody is told',
        recipients: untold,
      })
    return to === undefined ? [] : [{ to, kind: 'lost', recipients, whole: !requiresTls(report) }]
  }
}

/** RFC 3461 §4.3: RET is about failures; of what succeeds or goes on the header is enough. */
function mayReturn(report: StatusReport, kind: NotificationKind): boolean {
  return kind === 'failed' && report.parameters.ret !== 'HDRS' && !requiresTls(report)
}

/** RFC 8689 §5: then RET=FULL is passed over. */
function requiresTls({ parameters }: StatusReport): boolean {
  return parameters.requireTls === true
}

/** Only what is in a mailbox, or where one would be, is called delivered. */
function wordsFor(kind: TextKind, recipients: readonly ReportedRecipient[]): TextKind {
  return kind === 'delivered' && recipients.some(({ action }) => action !== 'delivered') ? 'relayed' : kind
}

/** Who cannot be reached need not be told so. */
function isFor({ recipient, finalRecipient }: ReportedRecipient, address: Address): boolean {
  return sameAddress(recipient, address) || sameAddress(finalRecipient, address)
}

function* batches(recipients: readonly ReportedRecipient[]): Generator<readonly ReportedRecipient[]> {
  for (let at = 0; at < recipients.length; at += mostRecipients)
    yield recipients.slice(at, at + mostRecipients)
}
