import { isIP } from 'node:net'
import type { MxData } from 'dns-packet'
import type { Clock } from './clock.ts'
import { AnswerCache, type Keepable } from './dns/answer-cache.ts'
import { chainEnd, type RecordOf } from './dns/chain.ts'
import { createDnsClient, type DnsClient, type Told } from './dns/client.ts'
import type { QuestionType } from './dns/message.ts'
import { addressQuestion } from './dns/reverse-name.ts'
import { type ResolverSettings, serverList } from './dns/servers.ts'
import { canonicalDomain } from './model/address/address.ts'
import type { DnsAnswer, MxRecord, Resolver, TlsaRecord } from './services/resolver.ts'

// What DNS says of how long it may be kept is kept to within these bounds, in seconds.
const longestFound = 3_600
// RFC 2308 §5 has three hours at the most; a record that was forgotten and put there is wanted sooner.
const longestNone = 900
const noneWithoutSoa = 30
const mostKept = 10_000
// An answer of more octets is asked for again: all that is kept together has to fit into memory.
const longestKept = 8_192

/** DNS through the machine's resolvers, or those of the config, with a client of our own: docs/decisions/0017-own-dns-queries.md. */
export function createResolver(
  clock: Clock,
  settings: ResolverSettings = {},
  client: DnsClient = createDnsClient({ clock, servers: serverList(settings, clock) }),
): Resolver {
  const cache = new AnswerCache<DnsAnswer<unknown>>(clock, mostKept)
  const ask = <Type extends QuestionType, T>(
    type: Type,
    name: string | undefined,
    read: (record: RecordOf<Type>) => T | undefined,
  ): Promise<DnsAnswer<T>> => {
    if (name === undefined) return Promise.resolve({ kind: 'none', nameExists: false })
    return cache.get(`${type} ${name}`, async () =>
      keepable(await client.ask(name, type), name, type, read),
    ) as Promise<DnsAnswer<T>>
  }
  return {
    addresses: (name, family) => {
      const host = hostName(name)
      const own = host === undefined ? undefined : ownAddress(host, family)
      if (own !== undefined) return Promise.resolve(own)
      return family === 4 ? ask('A', host, ({ data }) => data) : ask('AAAA', host, ({ data }) => data)
    },
    mx: (name) => ask('MX', hostName(name), ({ data }) => mxRecord(data)),
    txt: (name) => ask('TXT', serviceName(name), ({ data }) => text(data)),
    ptr: (address) =>
      ask('PTR', isIP(address) === 0 ? undefined : addressQuestion(address), ({ data }) => hostName(data)),
    tlsa: (name) => ask('TLSA', serviceName(name), ({ data }) => tlsaRecord(data)),
    ns: (name) => ask('NS', hostName(name), ({ data }) => hostName(data)),
    cname: (name) => ask('CNAME', hostName(name), ({ data }) => hostName(data)),
  }
}

/** What the servers told as an answer, and for how long it may be kept. */
function keepable<Type extends QuestionType, T>(
  told: Told,
  asked: string,
  type: Type,
  read: (record: RecordOf<Type>) => T | undefined,
): Keepable<DnsAnswer<T>> {
  if (told.kind === 'failed') return { value: told, keepFor: 0 }
  const end = chainEnd(told.records, asked, type)
  if (end === undefined) return { value: { kind: 'failed', text: 'aliases without end' }, keepFor: 0 }
  const records = end.records.map(read).filter((record) => record !== undefined)
  const keepFor = told.octets > longestKept ? 0 : keptSeconds(told, end.ttl, end.records.length > 0) * 1000
  if (records.length === 0) {
    const unusable = end.records.length > 0 ? { unusable: true } : {}
    const secure = told.secure ? { secure: true } : {}
    return { value: { kind: 'none', nameExists: !told.nameMissing, ...secure, ...unusable }, keepFor }
  }
  const canonicalName = end.name === asked ? undefined : hostName(end.name)
  const found = { kind: 'found', records, secure: told.secure } as const
  return { value: canonicalName === undefined ? found : { ...found, canonicalName }, keepFor }
}

function keptSeconds(told: Told & { kind: 'told' }, ttl: number | undefined, isFound: boolean): number {
  if (isFound) return Math.min(ttl ?? 0, longestFound)
  return Math.min(ttl ?? longestNone, told.negativeTtl ?? noneWithoutSoa, longestNone)
}

/** RFC 6761 §6.3: `localhost` is nobody else, and nobody is asked. */
function ownAddress(host: string, family: 4 | 6): DnsAnswer<string> | undefined {
  if (host !== 'localhost' && !host.endsWith('.localhost')) return undefined
  return { kind: 'found', records: [family === 4 ? '127.0.0.1' : '::1'], secure: false }
}

/** Names out of DNS answers and out of mail end up in trace fields and further questions: nothing but host names pass. */
function hostName(name: string): string | undefined {
  const domain = canonicalDomain(name.endsWith('.') ? name.slice(0, -1) : name)
  return domain === undefined || domain.startsWith('[') ? undefined : domain
}

/** Names such as `_25._tcp.mx.example` and `_dmarc.example` too. */
function serviceName(name: string): string | undefined {
  return /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i.test(name) && name.length <= 253
    ? name.toLowerCase()
    : undefined
}

/** Undefined for an exchange that is no host name. */
function mxRecord({ preference = 0, exchange }: MxData): MxRecord | undefined {
  const name = exchange === '.' ? '' : hostName(exchange)
  return name === undefined ? undefined : { preference, exchange: name }
}

function text(data: string | Buffer | readonly (string | Buffer)[]): string {
  const parts = Array.isArray(data) ? data : [data]
  return Buffer.concat(parts.map((part) => Buffer.from(part))).toString()
}

function tlsaRecord(data: {
  usage: number
  selector: number
  matchingType: number
  certificate: Buffer
}): TlsaRecord {
  const { usage, selector, matchingType, certificate } = data
  // A copy: the packet that it is a part of need not be kept.
  return { usage, selector, matchingType, data: Buffer.from(certificate) }
}
