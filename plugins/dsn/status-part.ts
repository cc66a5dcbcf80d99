import {
  formatDate,
  needsSmtpUtf8,
  type ReportedRecipient,
  type StatusReport,
  sameAddress,
  withEnhancedCode,
} from 'mailwright'
import { field, unfoldedField } from './field.ts'
import { asciiText, plainText } from './plain-text.ts'
import { receivedFrom } from './received-from.ts'
import { replyLine } from './reply-line.ts'
import { isInternational, typedAddress, typedOriginal } from './typed-address.ts'

/** The part of a notification that programs read (RFC 3464 §2.1). */
export interface StatusPart {
  /** RFC 3464, or RFC 6533 where addresses beyond ASCII are written as they are. */
  readonly type: 'message/delivery-status' | 'message/global-delivery-status'
  /** Lines with CRLF. */
  readonly text: string
}

/**
 * The fields of a message and of each recipient. They are in UTF-8 only where an address needs it and the message came
 * by SMTPUTF8, so that its sender can read that.
 */
export function statusPart(
  report: StatusReport,
  recipients: readonly ReportedRecipient[],
  hostname: string,
): StatusPart {
  const isGlobal = report.parameters.smtpUtf8 === true && recipients.some(needsUtf8)
  const text = (line: string) => (isGlobal ? line : asciiText(line))
  const blocks = recipients.map((recipient) => recipientFields(recipient, isGlobal, text))
  return {
    type: isGlobal ? 'message/global-delivery-status' : 'message/delivery-status',
    text: [messageFields(report, hostname, text), ...blocks].join('\r\n'),
  }
}

function needsUtf8({ recipient, finalRecipient, parameters }: ReportedRecipient): boolean {
  const { originalRecipient = '' } = parameters
  return [recipient, finalRecipient].some(needsSmtpUtf8) || isInternational(originalRecipient)
}

type Written = (line: string) => string

/** RFC 3464 §2.2 */
function messageFields(report: StatusReport, hostname: string, text: Written): string {
  const { envelopeId } = report.parameters
  const from = receivedFrom(report.message.header, hostname, report.id)
  return [
    unfoldedField('Reporting-MTA', `dns; ${hostname}`),
    ...(from === undefined ? [] : [unfoldedField('Received-From-MTA', `dns; ${text(from)}`)]),
    ...(envelopeId === undefined
      ? []
      : [unfoldedField('Original-Envelope-Id', text(plainText(envelopeId, 200)))]),
    unfoldedField('X-Mailwright-Queue-Id', text(plainText(report.id, 100))),
    unfoldedField('Arrival-Date', formatDate(new Date(report.arrivedAt))),
  ].join('')
}

/** RFC 3464 §2.3 */
function recipientFields(reported: ReportedRecipient, isGlobal: boolean, text: Written): string {
  const { finalRecipient, action, reply, remoteHost, remotePlace, lastAttempt, willRetryUntil } = reported
  const { originalRecipient } = reported.parameters
  const remote = remoteHost === undefined ? '' : plainText(remoteHost, 255)
  // Only what an SMTP server said is of the type "smtp" (RFC 3464 §2.1.2).
  const diagnostic = `${remotePlace === undefined ? 'X-Mailwright' : 'smtp'}; ${replyLine(reply)}`
  return [
    unfoldedField('Final-Recipient', typedAddress(finalRecipient, isGlobal)),
    // Not without ORCPT (RFC 3461 §6.3 (d)).
    ...(originalRecipient === undefined
      ? []
      : [unfoldedField('Original-Recipient', typedOriginal(originalRecipient, isGlobal))]),
    ...forwardPath(reported, isGlobal),
    unfoldedField('Action', action),
    unfoldedField('Status', withEnhancedCode(reply).enhanced ?? ''),
    ...(remote === '' ? [] : [unfoldedField('Remote-MTA', `dns; ${text(remote)}`)]),
    field('Diagnostic-Code', text(diagnostic)),
    ...(lastAttempt === undefined
      ? []
      : [unfoldedField('Last-Attempt-Date', formatDate(new Date(lastAttempt)))]),
    ...(action === 'delayed' && willRetryUntil !== undefined
      ? [unfoldedField('Will-Retry-Until', formatDate(new Date(willRetryUntil)))]
      : []),
  ].join('')
}

/** What the sender called the recipient, where only a field of our own may say so (RFC 3464 §2.4): the text does not name them all. */
function forwardPath(
  { recipient, finalRecipient, parameters }: ReportedRecipient,
  isGlobal: boolean,
): readonly string[] {
  if (parameters.originalRecipient !== undefined || sameAddress(recipient, finalRecipient)) return []
  return [unfoldedField('X-Mailwright-Forward-Path', typedAddress(recipient, isGlobal))]
}
