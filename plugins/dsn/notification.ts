import { randomUUID } from 'node:crypto'
import {
  type Address,
  bufferContent,
  createMessage,
  formatAddress,
  formatDate,
  joinedContent,
  type Message,
  quotedPrintable,
  type Slice,
} from 'mailwright'
import { displayName, field, headerText, unfoldedField } from './field.ts'
import { isAsciiText, plainText } from './plain-text.ts'
import type { ReturnedPart } from './returned-part.ts'
import type { StatusPart } from './status-part.ts'

/** A notification before it is a message. */
export interface Draft {
  readonly from: { readonly name: string; readonly address: Address }
  readonly to: Address
  readonly date: number
  readonly messageId: string
  /** Message-ids with their brackets, that of the message itself last; empty where it has none. */
  readonly references: readonly string[]
  readonly subject: string
  /** RFC 5646 */
  readonly language: string
  /** Lines end with LF. */
  readonly text: string
  readonly status: StatusPart
  readonly returned: ReturnedPart
}

/** The message (RFC 6522): text, report, and what goes back, whose octets are not copied. */
export function createNotification(draft: Draft): Promise<Message> {
  const { status, returned } = draft
  // Made after all that stands between its lines, and of 122 random bits: nobody can have written it there.
  const boundary = `=_${randomUUID()}`
  const text = textPart(draft)
  const isEightBit = returned.encoding === '8bit' || !isAsciiText(status.text)
  const head = [
    messageFields(draft),
    'MIME-Version: 1.0\r\n',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="${boundary}"\r\n`,
    ...(isEightBit ? ['Content-Transfer-Encoding: 8bit\r\n'] : []),
    `\r\n--${boundary}\r\n${text}`,
    `\r\n--${boundary}\r\n${statusFields(status)}\r\n${status.text}`,
    `\r\n--${boundary}\r\n${returnedFields(returned)}\r\n`,
  ].join('')
  return createMessage(joinedContent([octets(head), ...returned.slices, octets(`\r\n--${boundary}--\r\n`)]))
}

function messageFields(draft: Draft): string {
  const { from, references } = draft
  return [
    unfoldedField('Date', formatDate(new Date(draft.date))),
    field('From', `${displayName(from.name)} <${formatAddress(from.address)}>`),
    unfoldedField('To', `<${plainText(formatAddress(draft.to), 600)}>`),
    field('Subject', headerText(draft.subject)),
    unfoldedField('Message-ID', draft.messageId),
    ...(references.length === 0
      ? []
      : [unfoldedField('In-Reply-To', references.at(-1) ?? ''), field('References', references.join(' '))]),
    // RFC 3834 §5: made by a program, in answer to a message.
    'Auto-Submitted: auto-replied\r\n',
  ].join('')
}

function textPart({ text, language }: Draft): string {
  const lines = text.split('\n')
  const isPlain = isAsciiText(text) && lines.every((line) => line.length <= 998)
  const body = lines.join('\r\n')
  return [
    'Content-Description: Notification\r\n',
    'Content-Type: text/plain; charset=utf-8\r\n',
    `Content-Language: ${language}\r\n`,
    ...(isPlain ? [] : ['Content-Transfer-Encoding: quoted-printable\r\n']),
    `\r\n${isPlain ? body : quotedPrintable(Buffer.from(body))}`,
  ].join('')
}

function statusFields({ type, text }: StatusPart): string {
  const encoding = isAsciiText(text) ? '' : 'Content-Transfer-Encoding: 8bit\r\n'
  return `Content-Description: Delivery report\r\nContent-Type: ${type}\r\n${encoding}`
}

function returnedFields({ holds, type, encoding }: ReturnedPart): string {
  const described = holds === 'message' ? 'Original message' : 'Header of the original message'
  const written = encoding === '7bit' ? '' : `Content-Transfer-Encoding: ${encoding}\r\n`
  return `Content-Description: ${described}\r\nContent-Type: ${type}\r\n${written}`
}

function octets(text: string): Slice {
  const content = bufferContent(Buffer.from(text))
  return { content, start: 0, end: content.size }
}
