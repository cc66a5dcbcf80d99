import {
  type Address,
  type BatchItem,
  type EhloKeywords,
  formatAddress,
  type MailParameters,
  type Message,
  needsSmtpUtf8,
  type Reply,
  reply,
} from 'mailwright'

/** One message for several recipients of one server. */
export interface Envelope {
  readonly message: Message
  readonly reversePath: Address | null
  readonly parameters: MailParameters
  readonly items: readonly BatchItem[]
}

// RFC 3463 §3.4: 5.3.4 is "message too big for system"; §3.7: 5.6.3 "conversion required but not supported", and RFC 6531
// §3.5 has 5.6.7 for addresses that would need it.
const tooLarge = reply(552, '5.3.4', 'The message is larger than the next server takes')
const noEightBit = reply(554, '5.6.3', 'The message has 8-bit octets, and the next server takes none')
const noUnicode = reply(550, '5.6.7', 'The message needs SMTPUTF8, and the next server does not have it')

/** The MAIL command for a server, or why the message cannot be sent to it. */
export async function mailCommand(envelope: Envelope, extensions: EhloKeywords): Promise<string | Reply> {
  const { message, reversePath, parameters } = envelope
  const size = extensions.get('SIZE')
  const largest = Number(size ?? 0)
  if (largest > 0 && message.size > largest) return tooLarge
  const words = [`MAIL FROM:<${reversePath === null ? '' : formatAddress(reversePath)}>`]
  if (size !== undefined) words.push(`SIZE=${message.size}`)
  if (extensions.has('8BITMIME')) {
    if (parameters.body === '8BITMIME' || message.header.hasEightBit) words.push('BODY=8BITMIME')
  } else if (!(await isSevenBit(message))) return noEightBit
  if (parameters.requireTls === true && extensions.has('REQUIRETLS')) words.push('REQUIRETLS')
  const hasSmtpUtf8 = extensions.has('SMTPUTF8')
  if (!hasSmtpUtf8 && isUnicode(envelope)) return noUnicode
  if (hasSmtpUtf8 && (parameters.smtpUtf8 === true || isUnicode(envelope))) words.push('SMTPUTF8')
  return words.join(' ')
}

/** Whether the message can only go where SMTPUTF8 is (RFC 6531 §3.2). */
function isUnicode({ message, reversePath, parameters, items }: Envelope): boolean {
  const addresses = [
    ...items.map(({ route }) => route.address),
    ...(reversePath === null ? [] : [reversePath]),
  ]
  return addresses.some(needsSmtpUtf8) || (parameters.smtpUtf8 === true && message.header.hasEightBit)
}

async function isSevenBit({ content }: Message): Promise<boolean> {
  for await (const chunk of content.stream())
    if ((chunk as Buffer).some((octet) => octet > 0x7f)) return false
  return true
}
