import { type DnsServer, type NamedRecords, startDnsServer } from '../dns-server.ts'
import { LineClient } from '../line-client.ts'
import { type BlackHole, startBlackHole } from '../smtp/black-hole.ts'
import { type HostManner, type MassHosts, massHosts } from './mass-hosts.ts'

/** How a domain of a mailing fares; `is-away`: nobody listens; `drops`: connections do not come about. */
export type DomainManner = HostManner | 'is-away' | 'drops'

/** What a mailing is like. */
export interface MailingPlan {
  readonly domains: number
  /** How many recipients a domain has, by its number. */
  readonly size: (domain: number) => number
  readonly manner: (domain: number) => DomainManner
  /** Milliseconds. */
  readonly lateness: number
  /** All domains have the mail host of the first one. */
  readonly sharesHost?: boolean
}

/** The domains of a mailing with their hosts and their DNS, and `alone.example`, to which it does not go. */
export interface MailingWorld extends AsyncDisposable {
  readonly dns: DnsServer
  readonly hosts: MassHosts
  /** Of domains that fare like that. */
  recipients(...manners: readonly DomainManner[]): readonly string[]
}

const holes = ['127.200.0.1', '127.200.0.2', '127.200.0.3', '127.200.0.4'] as const
const alone = '127.201.0.1'

/** Starts them. */
export async function mailingWorld(plan: MailingPlan): Promise<MailingWorld> {
  await using starting = new AsyncDisposableStack()
  const hosts = starting.use(await massHosts(plan.lateness))
  const dns = starting.use(await startDnsServer((name) => recordsOf(plan, name)))
  await hosts.listen(alone, 'takes')
  for (let domain = 0; domain < plan.domains; domain++) {
    const manner = plan.manner(domain)
    if (manner !== 'is-away' && manner !== 'drops') await hosts.listen(addressOf(plan, domain), manner)
  }
  const blackHoles: BlackHole[] = []
  for (const address of holes) blackHoles.push(starting.use(await startBlackHole(address, hosts.port)))
  const stack = starting.move()
  return {
    dns,
    hosts,
    recipients: (...manners) =>
      Array.from({ length: plan.domains }, (_, domain) => domain)
        .filter((domain) => manners.includes(plan.manner(domain)))
        .flatMap((domain) =>
          Array.from({ length: plan.size(domain) }, (_, each) => `u${each}@d${domain}.example`),
        ),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function addressOf({ manner }: MailingPlan, domain: number): string {
  if (manner(domain) === 'drops') return holes[domain % holes.length] ?? alone
  return `127.${100 + (domain >> 16)}.${(domain >> 8) & 255}.${domain & 255}`
}

/** Each domain has a mail host of its own, with an address, unless they share one. */
function recordsOf(plan: MailingPlan, name: string): NamedRecords | undefined {
  if (name === 'alone.example') return { mx: 'mx.alone.example' }
  if (name === 'mx.alone.example') return { a: alone }
  const [, host, domain] = /^(mx\.)?d(\d+)\.example$/.exec(name) ?? []
  if (domain === undefined || Number(domain) >= plan.domains) return undefined
  if (host !== undefined) return { a: addressOf(plan, Number(domain)) }
  return { mx: plan.sharesHost === true ? 'mx.d0.example' : `mx.${name}` }
}

/** Hands a message in; resolves when it was taken. */
export async function submit(port: number, from: string, to: readonly string[]): Promise<void> {
  const client = await LineClient.open(port)
  const expected = async (code: string): Promise<void> => {
    const answer = await client.reply()
    if (!answer?.startsWith(code)) throw new Error(`not ${code}, but ${answer}`)
  }
  try {
    await expected('220')
    client.send('EHLO client.example')
    await expected('250')
    client.send([`MAIL FROM:<${from}>`, ...to.map((each) => `RCPT TO:<${each}>`), 'DATA'].join('\r\n'))
    for (let count = 0; count <= to.length; count++) await expected('250')
    await expected('354')
    client.send(`From: ${from}\r\nSubject: hello\r\n\r\n${'a line of text\r\n'.repeat(100)}.`)
    await expected('250')
  } finally {
    client.close()
  }
}
