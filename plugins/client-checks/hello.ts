import { canonicalDomain, type Reply, type Resolver, reply, replyText, type Session } from 'mailwright'

const loopback = /^(?:127\.|::1$)/

function refusal(code: number, enhanced: string, name: string, problem: string): Reply {
  return reply(code, enhanced, replyText(`HELO ${name}: ${problem}`))
}

/** RFC 5321 §4.1.1.1: a domain name or an address literal. */
export async function invalidHello({ hello }: Session): Promise<Reply | undefined> {
  if (hello === undefined || canonicalDomain(hello.name) !== undefined) return undefined
  return refusal(501, '5.5.2', hello.name, 'that is no host name and no address literal')
}

/** RFC 5321 §2.3.5: a fully-qualified name. */
export async function nonFqdnHello({ hello }: Session): Promise<Reply | undefined> {
  const name = canonicalDomain(hello?.name ?? '')
  if (name === undefined || name.startsWith('[') || name.includes('.')) return undefined
  return refusal(504, '5.5.2', name, 'say your full name, with your domain')
}

/** Programs of this machine may call themselves as it is called. */
export async function ownHello(
  { hello, remote, local }: Session,
  ownNames: readonly string[],
): Promise<Reply | undefined> {
  if (loopback.test(remote.address) || remote.address === local.address) return undefined
  const name = canonicalDomain(hello?.name ?? '')
  if (name === undefined) return undefined
  const ours = [...ownNames, canonicalDomain(literal(local.address))]
  return ours.includes(name) ? refusal(550, '5.7.1', name, 'that is us, and you are not') : undefined
}

function literal(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}

/** An address or an MX will do. Names without a dot mean something else to each resolver. */
export async function unknownHello({ hello }: Session, resolver: Resolver): Promise<Reply | undefined> {
  const name = canonicalDomain(hello?.name ?? '')
  if (name?.includes('.') !== true || name.startsWith('[')) return undefined
  const answers = await Promise.all([
    resolver.addresses(name, 4),
    resolver.addresses(name, 6),
    resolver.mx(name),
  ])
  if (answers.some(({ kind }) => kind === 'found')) return undefined
  return answers.some(({ kind }) => kind === 'failed')
    ? refusal(450, '4.7.1', name, 'the DNS does not answer for that name now')
    : refusal(550, '5.7.1', name, 'that name is not in the DNS')
}
