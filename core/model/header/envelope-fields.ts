import { type AddressList, parseAddressList } from '../address/address-list.ts'
import type { Header } from './header-fields.ts'

/** What a list of messages shows of each, and what IMAP calls ENVELOPE (RFC 9051 §7.5.2). */
export interface EnvelopeFields {
  /** Date as written. */
  readonly date: string | undefined
  /** Subject as written, encoded words untouched. */
  readonly subject: string | undefined
  readonly from: AddressList
  /** Sender; where it names nobody, From. */
  readonly sender: AddressList
  /** Reply-To; where it names nobody, From. */
  readonly replyTo: AddressList
  readonly to: AddressList
  readonly cc: AddressList
  readonly bcc: AddressList
  readonly inReplyTo: string | undefined
  readonly messageId: string | undefined
}

const nobody: AddressList = { entries: [], mailboxes: [], truncated: false }

/** Reads the fields of ENVELOPE from a message's header. Address fields that occur twice are read as one list. */
export function readEnvelopeFields(header: Header): EnvelopeFields {
  const from = addresses(header, 'from')
  return {
    date: header.first('date')?.body,
    subject: header.first('subject')?.body,
    from,
    sender: orElse(addresses(header, 'sender'), from),
    replyTo: orElse(addresses(header, 'reply-to'), from),
    to: addresses(header, 'to'),
    cc: addresses(header, 'cc'),
    bcc: addresses(header, 'bcc'),
    inReplyTo: header.first('in-reply-to')?.body,
    messageId: header.first('message-id')?.body,
  }
}

function addresses(header: Header, name: string): AddressList {
  const fields = header.all(name)
  return fields.length === 0 ? nobody : parseAddressList(fields.map((field) => field.body).join(', '))
}

function orElse(list: AddressList, other: AddressList): AddressList {
  return list.entries.length > 0 ? list : other
}
