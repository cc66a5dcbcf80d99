import { createHash } from 'node:crypto'
import {
  type Address,
  type Clock,
  type Content,
  type Database,
  errorCode,
  type Flow,
  formatReply,
  isRefusal,
  parseAddress,
  type Reply,
} from 'mailwright'
import type { DomainReport } from './domain-reports.ts'
import type { TlsReport } from './report.ts'
import { packedReport, reportMessage } from './report-message.ts'
import type { ReportPosting } from './report-posting.ts'
import type { SentReportRow } from './tables.ts'

export interface ReportSendingOptions {
  readonly database: Database
  readonly flow: Flow
  readonly clock: Clock
  /** Whom questions go to: the report's `contact-info`. */
  readonly from: Address
  readonly post: ReportPosting
}

/** What became of a report for one address. */
export interface SendingOutcome {
  /** The address as the domain has published it. */
  readonly rua: string
  readonly outcome: 'sent' | 'sent before' | 'refused' | 'no address'
  /** What was answered, where it was refused. */
  readonly reply?: string
}

const here = { address: 'local', port: 0 } as const

/** Sends reports by mail and by HTTPS, each to each address once, whoever sends them and how often. */
export class ReportSending {
  readonly #options: ReportSendingOptions

  constructor(options: ReportSendingOptions) {
    this.#options = options
  }

  /** MAIL_E_UNAVAILABLE where the database does not say what was sent. */
  async send(day: string, report: DomainReport, signal?: AbortSignal): Promise<readonly SendingOutcome[]> {
    const outcomes: SendingOutcome[] = []
    for (const rua of report.rua ?? []) outcomes.push(await this.#once(day, report, rua, signal))
    return outcomes
  }

  async #once(
    day: string,
    { domain, report }: DomainReport,
    rua: string,
    signal: AbortSignal | undefined,
  ): Promise<SendingOutcome> {
    const { database, post } = this.#options
    const isPosted = /^https:/i.test(rua)
    const to = isPosted ? undefined : mailAddress(rua)
    if (!isPosted && to === undefined) return { rua, outcome: 'no address' }
    const id = createHash('sha256')
      .update(JSON.stringify([day, domain, rua]))
      .digest('hex')
    if (!(await this.#claim(id, day))) return { rua, outcome: 'sent before' }
    const trouble =
      to === undefined ? await post(rua, packedReport(report), signal) : await this.#mail(domain, report, to)
    if (trouble === undefined) return { rua, outcome: 'sent' }
    await database.query((knex) => knex<SentReportRow>('smtp_out_sent_reports').where({ id }).delete())
    return { rua, outcome: 'refused', reply: trouble }
  }

  /** Why it was not taken; undefined where it was. */
  async #mail(domain: string, report: TlsReport, to: Address): Promise<string | undefined> {
    const { clock, from } = this.#options
    const content = reportMessage({ report, domain, submitter: from.domain, from, to, now: clock.now() })
    const answer = await this.#submit(to, content)
    return isRefusal(answer) ? formatReply(answer).replaceAll('\r\n', ' / ') : undefined
  }

  /** False where somebody has sent it, or is about to. */
  async #claim(id: string, day: string): Promise<boolean> {
    const { database, clock } = this.#options
    try {
      const row = { id, day, sent_at: clock.now() }
      await database.query((knex) => knex<SentReportRow>('smtp_out_sent_reports').insert(row))
      return true
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_EXISTS') return false
      throw error
    }
  }

  /** Hands it on as a program of this machine would; every hook sees it, those that sign too. */
  async #submit(to: Address, content: Content): Promise<Reply> {
    const { flow, from } = this.#options
    const session = flow.openSession({ role: 'local', local: here, remote: here })
    try {
      const begun = await session.mail(from, { size: content.size })
      if (!begun.ok) return begun.reply
      const taken = await begun.transaction.recipient(to)
      if (isRefusal(taken)) return taken
      const [answer] = await begun.transaction.message(content)
      return answer?.reply ?? taken
    } finally {
      session.close('a report was handed in')
    }
  }
}

/** The address of a `mailto:` (RFC 6068 §2), without what may stand behind it. */
function mailAddress(rua: string): Address | undefined {
  const [, text = ''] = /^mailto:([^?]*)/i.exec(rua) ?? []
  try {
    return parseAddress(decodeURIComponent(text))
  } catch {
    return undefined
  }
}
