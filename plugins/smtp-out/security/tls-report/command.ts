import {
  type Clock,
  type CommandOutput,
  canonicalDomain,
  type Database,
  type Flow,
  type PluginCommand,
  parseAddress,
  type Resolver,
  UsageError,
} from 'mailwright'
import { utcDay } from './counted-session.ts'
import { type DomainReport, domainReports } from './domain-reports.ts'
import type { Reporter } from './report.ts'
import type { ReportPosting } from './report-posting.ts'
import { ReportSending, type SendingOutcome } from './report-sending.ts'

export interface TlsReportCommandOptions extends Reporter {
  readonly database: Database
  readonly resolver: Resolver
  readonly clock: Clock
  readonly flow: Flow
  readonly post: ReportPosting
}

const dayForm = /^\d{4}-\d{2}-\d{2}$/

/** `mailwright tls-report [day]`. */
export function tlsReportCommand(options: TlsReportCommandOptions): PluginCommand {
  const today = () => utcDay(options.clock.now())
  return {
    name: 'tls-report',
    summary: 'how securely mail went out on a day: a report for each domain (RFC 8460)',
    arguments: [{ name: 'day', summary: 'such as 2026-01-31, UTC; yesterday where absent', optional: true }],
    options: [
      { flags: '--domain <name>', summary: 'the report for this domain only' },
      { flags: '--send', summary: 'send the reports to the domains that want them, each once' },
    ],
    async run({ arguments: [day = utcDay(options.clock.now() - 86_400_000)], options: { domain, send } }) {
      if (!dayForm.test(day) || Number.isNaN(Date.parse(day)))
        throw new UsageError(`${JSON.stringify(day)} is no day, such as 2026-01-31`)
      if (send === true && day >= today()) throw new UsageError(`${day} is not over yet (UTC)`)
      const reports = await domainReports(options, day, wantedDomain(domain))
      if (reports.length === 0) return { json: [], text: `no sessions were counted on ${day}` }
      return send === true ? sent(options, day, reports) : printed(reports)
    },
  }
}

function wantedDomain(text: string | boolean | undefined): string | undefined {
  if (typeof text !== 'string') return undefined
  const domain = canonicalDomain(text)
  if (domain === undefined) throw new UsageError(`${JSON.stringify(text)} is no domain`)
  return domain
}

function printed(reports: readonly DomainReport[]): CommandOutput {
  const parts = reports.map(
    (each) => `${each.domain}: ${wishOf(each)}\n${JSON.stringify(each.report, undefined, 2)}`,
  )
  return { json: reports, text: parts.join('\n\n') }
}

function wishOf({ rua }: Pick<DomainReport, 'rua'>): string {
  return rua === null ? 'DNS does not answer' : rua.join(', ') || 'no reports are wanted'
}

async function sent(
  { database, flow, clock, contact, post }: TlsReportCommandOptions,
  day: string,
  reports: readonly DomainReport[],
): Promise<CommandOutput> {
  const from = parseAddress(contact)
  if (from === undefined)
    throw new UsageError(`${JSON.stringify(contact)} is no address to send reports from`)
  const sending = new ReportSending({ database, flow, clock, from, post })
  const json: SentReport[] = []
  for (const each of reports)
    json.push({ domain: each.domain, rua: each.rua, outcomes: await sending.send(day, each) })
  const isWhole = json.every(
    ({ rua, outcomes }) => rua !== null && outcomes.every(({ outcome }) => outcome !== 'refused'),
  )
  return { json, text: json.map(sentText).join('\n'), ...(isWhole ? {} : { exitCode: 1 }) }
}

type SentReport = Omit<DomainReport, 'report'> & { readonly outcomes: readonly SendingOutcome[] }

function sentText(sent: SentReport): string {
  if (sent.outcomes.length === 0) return `${sent.domain}: ${wishOf(sent)}`
  const lines = sent.outcomes.map(({ rua, outcome, reply }) =>
    [sent.domain, outcome, rua, reply ?? []].flat(),
  )
  return lines.map((words) => words.join(': ')).join('\n')
}
