import {
  type Address,
  type Network,
  networksInclude,
  type Reply,
  type Resolver,
  reply,
  replyText,
} from 'mailwright'
import { hostAddresses, isUnreachable, mailHosts } from './mail-hosts.ts'

function refusal(code: number, enhanced: string, domain: string, problem: string): Reply {
  return reply(code, enhanced, replyText(`Sender domain ${domain}: ${problem}`))
}

/** Undefined for the null sender and for address literals: there is nothing to look up. */
function domainOf(sender: Address | null): string | undefined {
  return sender === null || sender.domain === '' || sender.domain.startsWith('[') ? undefined : sender.domain
}

/** RFC 5321 §2.3.5: a fully-qualified name. */
export async function nonFqdnSender(sender: Address | null): Promise<Reply | undefined> {
  const domain = domainOf(sender)
  if (domain === undefined || domain.includes('.')) return undefined
  return refusal(504, '5.1.7', domain, 'say the whole domain')
}

/** RFC 5321 §2.3.5. The bare `postmaster` has no domain, and is good (§4.1.1.3). */
export async function nonFqdnRecipient(recipients: readonly Address[]): Promise<Reply | undefined> {
  const short = recipients.find(
    ({ domain }) => domain !== '' && !domain.startsWith('[') && !domain.includes('.'),
  )
  if (short === undefined) return undefined
  return reply(504, '5.1.2', replyText(`Recipient domain ${short.domain}: say the whole domain`))
}

/** Nobody could be answered there: a domain without mail hosts, or with a null MX (RFC 7505 §4.2). */
export async function unknownSenderDomain(
  sender: Address | null,
  resolver: Resolver,
): Promise<Reply | undefined> {
  const domain = domainOf(sender)
  if (domain?.includes('.') !== true) return undefined
  switch ((await mailHosts(resolver, domain)).kind) {
    case 'hosts':
      return undefined
    case 'null':
      return refusal(550, '5.7.27', domain, 'it takes no mail (null MX), so that nobody could answer')
    case 'unusable':
      return refusal(550, '5.1.8', domain, 'none of its MX is the name of a host')
    case 'none':
      return refusal(550, '5.1.8', domain, 'it has no MX and no address in the DNS')
    case 'failed':
      return refusal(450, '4.1.8', domain, 'the DNS does not answer for it now')
  }
}

/** All its mail hosts are where nobody can reach them, or have no address at all. */
export async function bogusMx(sender: Address | null, resolver: Resolver): Promise<Reply | undefined> {
  const addresses = await senderAddresses(sender, resolver)
  if (addresses === undefined || !addresses.every(isUnreachable)) return undefined
  return refusal(550, '5.1.8', domainOf(sender) ?? '', 'its mail hosts have no address that can be reached')
}

/** One of its mail hosts is in a network that the config names. */
export async function refusedMx(
  sender: Address | null,
  resolver: Resolver,
  networks: readonly Network[],
): Promise<Reply | undefined> {
  if (networks.length === 0) return undefined
  const addresses = await senderAddresses(sender, resolver)
  if (addresses?.some((address) => networksInclude(networks, address)) !== true) return undefined
  return refusal(554, '5.7.1', domainOf(sender) ?? '', 'we take no mail from those who use its mail hosts')
}

/** Undefined where there are none to be had: other checks say so. */
async function senderAddresses(
  sender: Address | null,
  resolver: Resolver,
): Promise<readonly string[] | undefined> {
  const domain = domainOf(sender)
  if (domain?.includes('.') !== true) return undefined
  const hosts = await mailHosts(resolver, domain)
  if (hosts.kind === 'unusable') return []
  if (hosts.kind !== 'hosts') return undefined
  const found = await hostAddresses(resolver, hosts.names)
  return found.kind === 'found' ? found.addresses : undefined
}
