import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Address, bufferContent, type Content, formatAddress, formatDate } from 'mailwright'
import type { TlsReport } from './report.ts'

/** A report on its way by mail. */
export interface MailedReport {
  readonly report: TlsReport
  /** Whom it is about. */
  readonly domain: string
  /** Who we are: the domain of `from` (RFC 8460 §5.3). */
  readonly submitter: string
  /** Whom questions go to: the report's `contact-info`. */
  readonly from: Address
  readonly to: Address
  /** Milliseconds since 1970. */
  readonly now: number
}

/** As it is sent (RFC 8460 §5.2). */
export function packedReport(report: TlsReport): Buffer {
  return gzipSync(JSON.stringify(report))
}

/** The message that carries a report (RFC 8460 §5.3). It wants to arrive even where TLS is what has failed (RFC 8689 §5). */
export function reportMessage(mailed: MailedReport): Content {
  const { report, domain, submitter, from, to, now } = mailed
  const packed = packedReport(report).toString('base64')
  const boundary = `report-${randomUUID()}`
  const lines = [
    `From: <${formatAddress(from)}>`,
    `To: <${formatAddress(to)}>`,
    `Date: ${formatDate(new Date(now))}`,
    `Message-ID: <${randomUUID()}.tls-report@${submitter}>`,
    // Names may be long; lines may be folded where a space is (RFC 5322 §2.2.3). The id is a msg-id, which has no colon.
    `Subject: Report Domain: ${domain}`,
    ` Submitter: ${submitter}`,
    ` Report-ID: <${report['report-id'].replaceAll(':', '.')}@${submitter}>`,
    `TLS-Report-Domain: ${domain}`,
    `TLS-Report-Submitter: ${submitter}`,
    'TLS-Required: No',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type="tlsrpt";`,
    ` boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    'This is a report of how securely mail went',
    `from ${submitter}`,
    `to ${domain}`,
    `on ${report['date-range']['start-datetime'].slice(0, 10)} (RFC 8460).`,
    '',
    `--${boundary}`,
    'Content-Type: application/tlsrpt+gzip',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment;',
    ` filename="${reportFileName(mailed)}"`,
    '',
    ...(packed.match(/.{1,76}/g) ?? []),
    `--${boundary}--`,
    '',
  ]
  return bufferContent(Buffer.from(lines.join('\r\n')))
}

/** RFC 8460 §5.1: who, of whom, from when to when. */
function reportFileName({
  report,
  domain,
  submitter,
}: Pick<MailedReport, 'report' | 'domain' | 'submitter'>): string {
  const { 'start-datetime': start, 'end-datetime': end } = report['date-range']
  const [from, to] = [start, end].map((time) => Date.parse(time) / 1000)
  return `${submitter}!${domain}!${from}!${to}.json.gz`
}
