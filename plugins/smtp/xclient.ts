import { type ClientEndpoint, canonicalAddress, canonicalDomain, type Hello } from 'mailwright'
import type { Client } from './client.ts'
import { type AttributeForms, isPort, type ProxiedAttributes, readAttributes } from './proxied-attributes.ts'
import { notAuthorized, ok, transactionOpen } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

type Name = 'NAME' | 'ADDR' | 'PORT' | 'PROTO' | 'HELO' | 'DESTADDR' | 'DESTPORT'
type Attributes = ProxiedAttributes<Name>

/** What is honoured. LOGIN is not: nobody is logged in on somebody else's word. */
export const xclientForms: AttributeForms<Name> = {
  NAME: isHostName,
  ADDR: (value) => addressOf(value) !== undefined,
  PORT: isPort,
  PROTO: (value) => /^(?:E?SMTP|LMTP)$/i.test(value),
  HELO: (value) => !/\s/.test(value),
  DESTADDR: (value) => addressOf(value) !== undefined,
  DESTPORT: isPort,
}

function isHostName(value: string): boolean {
  return canonicalDomain(value)?.startsWith('[') === false
}

function addressOf(value: string): string | undefined {
  return canonicalAddress(value.replace(/^IPV6:/i, ''))
}

/**
 * XCLIENT, as Postfix has it: somebody whose word is taken says for whom it speaks. The session of that client begins anew,
 * with all checks; what an earlier XCLIENT has said and this one does not is kept, and so is what EHLO has said: filters
 * such as clamsmtpd pass that on first and say no other.
 */
export function xclient(session: SmtpSession, argument: string): Answer {
  if (!session.trust.xclient) return { reply: notAuthorized }
  if (session.transaction !== undefined) return { reply: transactionOpen }
  const attributes = readAttributes(argument, xclientForms)
  if (!attributes.ok) return { reply: attributes.reply }
  return { reply: ok, client: withTold(session, attributes.value) }
}

function withTold({ client, flow, greeted }: SmtpSession, attributes: Attributes): Client {
  const { hello, ...rest } = client
  const { proxy, ...ends } = client.ends
  const greeting = helloFrom(greeted ? flow.session.hello : hello, attributes)
  return {
    ...rest,
    ends: {
      // The address is another's word then.
      ...(proxy === undefined || attributes.has('ADDR') ? {} : { proxy }),
      remote: named(endpointFrom(ends.remote, attributes, 'ADDR', 'PORT'), attributes),
      local: endpointFrom(ends.local, attributes, 'DESTADDR', 'DESTPORT'),
    },
    ...(greeting === undefined ? {} : { hello: greeting }),
  }
}

function named(remote: ClientEndpoint, attributes: Attributes): ClientEndpoint {
  if (!attributes.has('NAME')) return remote
  return { ...remote, name: canonicalDomain(attributes.get('NAME') ?? '') ?? null }
}

/** A name that was told before goes with the address of before. */
function endpointFrom(
  before: ClientEndpoint,
  attributes: Attributes,
  address: 'ADDR' | 'DESTADDR',
  port: 'PORT' | 'DESTPORT',
): ClientEndpoint {
  const told = Number(attributes.get(port) ?? 0)
  if (attributes.has(address))
    return { address: addressOf(attributes.get(address) ?? '') ?? 'unknown', port: told }
  return attributes.has(port) ? { ...before, port: told } : before
}

function helloFrom(before: Hello | undefined, attributes: Attributes): Hello | undefined {
  const name = attributes.has('HELO') ? attributes.get('HELO') : before?.name
  if (name === undefined) return undefined
  const protocol = attributes.get('PROTO')?.toUpperCase()
  return { name, extended: protocol === undefined ? (before?.extended ?? true) : protocol !== 'SMTP' }
}
