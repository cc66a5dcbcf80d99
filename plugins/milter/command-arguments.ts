import { isIPv4, isIPv6 } from 'node:net'
import { type Address, formatAddress, type Recipient, type Transaction } from 'mailwright'
import { xtext } from 'mailwright/smtp-client'
import type { SessionFacts } from './macros.ts'

/**
 * The client as the command tells it: its name, or its address in brackets, the kind of its address, the port, the address.
 * As from Postfix, IPv6 addresses go without a prefix.
 */
export function clientArguments({ client, clientName }: SessionFacts): readonly (string | Buffer)[] {
  const { address, port } = client
  if (isIPv4(address))
    return [clientName ?? `[${address}]`, Buffer.from([code('4'), port >> 8, port & 0xff]), address]
  if (isIPv6(address))
    return [clientName ?? `[IPv6:${address}]`, Buffer.from([code('6'), port >> 8, port & 0xff]), address]
  const name = clientName ?? 'localhost'
  return address.startsWith('/') ? [name, Buffer.from('L\0\0'), address] : [name, Buffer.from('U')]
}

function code(character: string): number {
  return character.charCodeAt(0)
}

/** The words of MAIL, as a client would have them: the path in brackets, then the parameters. */
export function mailArguments({ reversePath, parameters }: Transaction): readonly string[] {
  const { size, body, smtpUtf8, ret, envelopeId, requireTls, auth } = parameters
  return [
    path(reversePath),
    ...(size === undefined ? [] : [`SIZE=${size}`]),
    ...(body === undefined ? [] : [`BODY=${body}`]),
    ...(smtpUtf8 === true ? ['SMTPUTF8'] : []),
    ...(ret === undefined ? [] : [`RET=${ret}`]),
    ...(envelopeId === undefined ? [] : [`ENVID=${xtext(envelopeId)}`]),
    ...(requireTls === true ? ['REQUIRETLS'] : []),
    ...(auth === undefined ? [] : [`AUTH=${xtext(auth)}`]),
  ]
}

/** The words of RCPT. */
export function recipientArguments({
  forwardPath,
  parameters,
}: Pick<Recipient, 'forwardPath' | 'parameters'>): readonly string[] {
  const { notify, originalRecipient } = parameters
  return [
    path(forwardPath),
    ...(notify === undefined ? [] : [`NOTIFY=${notify.join(',')}`]),
    ...(originalRecipient === undefined ? [] : [`ORCPT=${originalRecipientText(originalRecipient)}`]),
  ]
}

function path(address: Address | null): string {
  return address === null ? '<>' : `<${formatAddress(address)}>`
}

/** RFC 3461 §4.2: the type of the address stands in front, as it is. */
function originalRecipientText(text: string): string {
  const end = text.indexOf(';') + 1
  return text.slice(0, end) + xtext(text.slice(end))
}
