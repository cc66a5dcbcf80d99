import { type Address, editFault, parseAddress, type Reply, reply, replyText } from 'mailwright'

/** What a policy server wants done, of what Postfix's access(5) lists. */
export type PolicyAction =
  /** No opinion. A policy server cannot silence others: its "OK" is no more than that. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'refuse'; readonly reply: Reply }
  | { readonly kind: 'prepend'; readonly name: string; readonly value: string }
  | { readonly kind: 'hold'; readonly text: string }
  | { readonly kind: 'discard'; readonly text: string }
  | { readonly kind: 'redirect'; readonly address: Address }
  | { readonly kind: 'bcc'; readonly address: Address }
  | { readonly kind: 'note'; readonly level: 'warning' | 'information'; readonly text: string }
  /** What has no counterpart here, or is malformed. */
  | { readonly kind: 'unknown' }

const pass: PolicyAction = { kind: 'pass' }
const unknown: PolicyAction = { kind: 'unknown' }

/** Each word with what it makes of the text behind it. */
const words: Readonly<Record<string, (text: string) => PolicyAction>> = {
  OK: () => pass,
  PERMIT: () => pass,
  DUNNO: () => pass,
  // Only a later "no" of somebody else would be softened by it, and that is not ours to change.
  DEFER_IF_REJECT: () => pass,
  REJECT: (text) => refuse(554, text, 'Access denied'),
  DEFER: (text) => refuse(450, text, 'Access denied, try again later'),
  DEFER_IF_PERMIT: (text) => refuse(450, text, 'Service unavailable, try again later'),
  PREPEND: prepend,
  HOLD: (text) => ({ kind: 'hold', text: text || 'held by the policy server' }),
  DISCARD: (text) => ({ kind: 'discard', text: text || 'discarded by the policy server' }),
  REDIRECT: (text) => toAddress('redirect', text),
  BCC: (text) => toAddress('bcc', text),
  WARN: (text) => ({ kind: 'note', level: 'warning', text: text || 'a warning without a text' }),
  INFO: (text) => ({ kind: 'note', level: 'information', text: text || 'an information without a text' }),
}

/** Reads the right side of `action=…`. Words may be in any case. */
export function parseAction(action: string): PolicyAction {
  const [, word = '', text = ''] = /^(\S+)(?:[ \t]+(.*?))?\s*$/s.exec(action.trimStart()) ?? []
  if (/^[45]\d\d$/.test(word)) return refuse(Number(word), text, 'Access denied')
  // What "pop before SMTP" tables have: access(5) takes it for OK.
  if (/^\d+$/.test(word) && text === '') return pass
  const name = word.toUpperCase()
  return Object.hasOwn(words, name) ? (words[name]?.(text) ?? unknown) : unknown
}

/** RFC 3463 §2: the class of the enhanced code is that of the reply. A policy server may have the two at odds. */
function refuse(code: number, given: string, otherwise: string): PolicyAction {
  const [, status, rest] = /^[245](\.\d{1,3}\.\d{1,3})(?:\s+(.*))?$/s.exec(given) ?? []
  const text = status === undefined ? given : (rest ?? '')
  const enhanced = `${String(code)[0]}${status ?? '.7.1'}`
  return { kind: 'refuse', reply: reply(code, enhanced, replyText(text || otherwise)) }
}

function prepend(text: string): PolicyAction {
  const [, name = '', value = ''] = /^([^:\s]+)\s*:\s*(.*)$/s.exec(text) ?? []
  const isField = editFault({ kind: 'insert-field', name, value }) === undefined
  return isField ? { kind: 'prepend', name, value } : unknown
}

function toAddress(kind: 'redirect' | 'bcc', text: string): PolicyAction {
  const address = parseAddress(text.replace(/^<(.*)>$/s, '$1'))
  return address === undefined ? unknown : { kind, address }
}
