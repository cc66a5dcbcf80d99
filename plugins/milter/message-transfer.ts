import type { Exchange } from './exchange.ts'
import type { Macros } from './macros.ts'
import { fieldOctets, type MessageView } from './message-view.ts'
import type { Modifications } from './modifications.ts'
import { protocolFlags } from './protocol.ts'
import type { Verdict } from './verdict.ts'

const goOn: Verdict = { kind: 'continue' }

/** The verdict on a whole message, and whether it is that of its end: only then do changes count. */
export interface MessageVerdict {
  readonly verdict: Verdict
  readonly isLast: boolean
}

/** Sends a message: DATA, the fields, the end of the header, the body in chunks, the end. The first decision ends it. */
export async function transferMessage(
  exchange: Exchange,
  view: MessageView,
  macros: Macros,
  modifications: Modifications,
): Promise<MessageVerdict> {
  const earlier = [
    () => exchange.ask('data', { macros }),
    () => sendFields(exchange, view),
    () => exchange.ask('endOfHeader', { macros }),
    () => sendBody(exchange, view),
  ]
  for (const step of earlier) {
    const verdict = await step()
    if (verdict.kind !== 'continue' && verdict.kind !== 'skip') return { verdict, isLast: false }
  }
  return { verdict: await exchange.ask('endOfMessage', { macros, modifications }), isLast: true }
}

async function sendFields(exchange: Exchange, { fields }: MessageView): Promise<Verdict> {
  if (!exchange.wants('header')) return goOn
  const keepsSpace = exchange.has(protocolFlags.leadingSpace)
  for (const field of fields) {
    // Of the command, its code and two NUL are no text. A name that is longer has no value that could be sent.
    const longest = Math.max(0, exchange.agreement.longestCommand - 3 - field.name.length)
    const name = Buffer.from(`${field.name.slice(0, exchange.agreement.longestCommand - 3)}\0`, 'latin1')
    const parts = [name, fieldOctets(field, { keepsSpace, longest })]
    const verdict = await exchange.ask('header', { parts })
    if (verdict.kind !== 'continue') return verdict
  }
  return goOn
}

async function sendBody(exchange: Exchange, { message }: MessageView): Promise<Verdict> {
  if (!exchange.wants('body')) return goOn
  const { content, header } = message
  const chunk = exchange.agreement.longestCommand - 1
  for (let at = header.size; at < content.size; at += chunk) {
    const octets = await content.read(at, Math.min(content.size, at + chunk))
    const verdict = await exchange.ask('body', { parts: [octets] })
    if (verdict.kind !== 'continue') return verdict
  }
  return goOn
}
