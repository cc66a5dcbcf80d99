import type { ImapSearchKey, ImapWords } from 'mailwright/imap'

const not: ImapSearchKey = (parser) => {
  parser.args.space()
  const term = parser.key()
  return (scope) => ({ kind: 'not', of: term(scope) })
}

/** `OR a OR b OR c d` is one choice of four, however long: programs write such chains. */
const or: ImapSearchKey = (parser) => {
  const { args } = parser
  args.space()
  const terms = [parser.key()]
  args.space()
  while (args.takes('OR ')) {
    terms.push(parser.key())
    args.space()
  }
  terms.push(parser.key())
  return (scope) => ({ kind: 'or', of: terms.map((term) => term(scope)) })
}

/** Keys that are made of others (RFC 9051 §6.4.4). */
export const combiningKeys: ImapWords<ImapSearchKey> = { NOT: not, OR: or }
