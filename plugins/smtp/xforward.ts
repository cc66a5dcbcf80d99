import { type AttributeForms, isPort, readAttributes } from './proxied-attributes.ts'
import { notAuthorized, ok, transactionOpen } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

type Name = 'NAME' | 'ADDR' | 'PORT' | 'PROTO' | 'HELO' | 'IDENT' | 'SOURCE'

/** What is taken into the history. */
export const xforwardForms: AttributeForms<Name> = {
  NAME: () => true,
  ADDR: () => true,
  PORT: isPort,
  PROTO: (value) => value.length <= 64,
  HELO: () => true,
  IDENT: () => true,
  SOURCE: (value) => /^(?:LOCAL|REMOTE)$/i.test(value),
}

// What could be taken for something else in a log or a header, as Postfix has it.
const special = /[^\x21-\x7e]|[<>()\\";@]/g

/**
 * XFORWARD, as Postfix has it: somebody whose word is taken says where the next message came from before. It is for the history
 * and decides nothing; with the end of the transaction it is forgotten.
 */
export function xforward(session: SmtpSession, argument: string): Answer {
  if (!session.trust.xforward) return { reply: notAuthorized }
  if (session.transaction !== undefined) return { reply: transactionOpen }
  const attributes = readAttributes(argument, xforwardForms)
  if (!attributes.ok) return { reply: attributes.reply }
  const forwarded = new Map(session.forwarded)
  for (const [name, value] of attributes.value) {
    if (value === undefined) forwarded.delete(name)
    else forwarded.set(name, value.replace(special, '?'))
  }
  session.forwarded = forwarded
  return { reply: ok }
}

/** Puts it into the history of the transaction that has begun. Without an address it is mail of the forwarder's own machine. */
export function noteForwarded({ forwarded, transaction, flow }: SmtpSession): void {
  const id = transaction?.transaction.id
  if (forwarded === undefined || id === undefined) return
  const whence = forwarded.get('ADDR') ?? 'a local submission'
  const named = forwarded.has('NAME') ? ` (${forwarded.get('NAME')})` : ''
  flow.record('verdict', {
    transaction: id,
    by: 'smtp',
    text: `forwarded from ${whence}${named}, as XFORWARD says`,
    facts: { forwarded: Object.fromEntries(forwarded) },
  })
}
