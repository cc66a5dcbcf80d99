import { Resolver as DnsResolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Clock } from './clock.ts'
import { errorText } from './errors.ts'
import { canonicalDomain } from './model/address.ts'
import type { DnsAnswer, MxRecord, Resolver, TlsaRecord } from './services/resolver.ts'

// Node tells no TTLs but for addresses, so answers are kept for a short while only.
const keepFound = 60_000
const keepNone = 30_000
const mostKept = 10_000

/** What this needs of Node's resolver; tests give their own. */
export type DnsQueries = Pick<
  DnsResolver,
  'resolve4' | 'resolve6' | 'resolveMx' | 'resolveTxt' | 'resolveTlsa' | 'reverse'
>

interface Kept {
  readonly until: number
  readonly answer: Promise<DnsAnswer<unknown>>
}

/**
 * DNS through the machine's resolvers. Answers are never `secure`: Node does not say whether the resolver validated
 * them, and a plugin that needs to know (DANE) brings a resolver that does.
 */
export function createResolver(
  clock: Clock,
  queries: DnsQueries = new DnsResolver({ timeout: 5_000, tries: 2 }),
): Resolver {
  const kept = new Map<string, Kept>()
  const ask = <T>(type: string, name: string | undefined, query: (name: string) => Promise<readonly T[]>) => {
    if (name === undefined) return Promise.resolve<DnsAnswer<T>>({ kind: 'none', nameExists: false })
    const key = `${type} ${name}`
    const known = kept.get(key)
    if (known !== undefined && known.until > clock.monotonic()) return known.answer as Promise<DnsAnswer<T>>
    const answer = asked(() => query(name))
    const entry = { until: clock.monotonic() + keepFound, answer }
    remember(kept, key, entry)
    void answer.then((value) => {
      if (kept.get(key) !== entry) return
      if (value.kind === 'failed') kept.delete(key)
      else if (value.kind === 'none') kept.set(key, { until: clock.monotonic() + keepNone, answer })
    })
    return answer
  }
  return {
    addresses: (name, family) =>
      ask(`A${family}`, hostName(name), (host) =>
        family === 4 ? queries.resolve4(host) : queries.resolve6(host),
      ),
    mx: (name) =>
      ask('MX', hostName(name), async (host) =>
        (await queries.resolveMx(host)).map(mxRecord).filter((record) => record !== undefined),
      ),
    txt: (name) =>
      ask('TXT', serviceName(name), async (host) =>
        (await queries.resolveTxt(host)).map((texts) => texts.join('')),
      ),
    ptr: (address) =>
      ask('PTR', isIP(address) === 0 ? undefined : address, async (ip) =>
        (await queries.reverse(ip)).map(hostName).filter((name) => name !== undefined),
      ),
    tlsa: (name) =>
      ask('TLSA', serviceName(name), async (host) => (await queries.resolveTlsa(host)).map(tlsaRecord)),
  }
}

async function asked<T>(query: () => Promise<readonly T[]>): Promise<DnsAnswer<T>> {
  try {
    return found(await query())
  } catch (error) {
    return failed(error)
  }
}

function found<T>(records: readonly T[]): DnsAnswer<T> {
  return records.length === 0 ? { kind: 'none', nameExists: true } : { kind: 'found', records, secure: false }
}

function failed(error: unknown): DnsAnswer<never> {
  const { code } = Object(error) as NodeJS.ErrnoException
  if (code === 'ENOTFOUND') return { kind: 'none', nameExists: false }
  if (code === 'ENODATA') return { kind: 'none', nameExists: true }
  return { kind: 'failed', text: code ?? errorText(error) }
}

function remember(kept: Map<string, Kept>, key: string, entry: Kept): void {
  kept.delete(key)
  kept.set(key, entry)
  if (kept.size <= mostKept) return
  const [oldest] = kept.keys()
  if (oldest !== undefined) kept.delete(oldest)
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
function mxRecord({ priority, exchange }: { priority: number; exchange: string }): MxRecord | undefined {
  const name = exchange === '' || exchange === '.' ? '' : hostName(exchange)
  return name === undefined ? undefined : { preference: priority, exchange: name }
}

function tlsaRecord(record: {
  certUsage: number
  selector: number
  match: number
  data: ArrayBuffer
}): TlsaRecord {
  return {
    usage: record.certUsage,
    selector: record.selector,
    matchingType: record.match,
    data: Buffer.from(record.data),
  }
}
