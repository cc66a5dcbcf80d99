import { canonicalDomain } from '../model/address/address.ts'
import type { DnsAnswer, DnsFound, MxRecord, Resolver, TlsaRecord } from '../services/resolver.ts'

/** What DNS knows of one name, or of one IP address. */
export interface FakeRecords {
  /** IPv4 addresses. */
  readonly a?: readonly string[]
  readonly aaaa?: readonly string[]
  /** Those that name no host are left out of answers. */
  readonly mx?: readonly MxRecord[]
  readonly txt?: readonly string[]
  /** For an IP address: its names. */
  readonly ptr?: readonly string[]
  readonly tlsa?: readonly TlsaRecord[]
  readonly ns?: readonly string[]
  /** The name is an alias of this one and has no other records. */
  readonly cname?: string
  /** Whether answers come with DNSSEC. */
  readonly secure?: boolean
  /** The name cannot be asked: every question fails, with this text. */
  readonly failure?: string
}

/** A resolver that answers from a table and notes what it was asked. */
export interface FakeResolver extends Resolver {
  /** Such as `MX example.org`, oldest first. */
  readonly asked: readonly string[]
  /** Changes what is known of a name; undefined: it does not exist any more. */
  set(name: string, records: FakeRecords | undefined): void
}

/** Makes one. Names may be written in any form; IP addresses are the names for `ptr`. */
export function fakeResolver(zones: Readonly<Record<string, FakeRecords>> = {}): FakeResolver {
  const known = new Map(Object.entries(zones).map(([name, records]) => [keyOf(name), records]))
  const asked: string[] = []
  const answer = async <T>(
    type: string,
    name: string,
    pick: (records: FakeRecords) => readonly T[] | undefined,
  ) => {
    const key = keyOf(name)
    asked.push(`${type} ${key}`)
    const { end, secure } = followed(known, key)
    const found = answerFrom(known.get(end), pick, nameExists(known, key), secure)
    return found.kind !== 'found' || end === key ? found : { ...found, canonicalName: end }
  }
  return {
    asked,
    set(name, records) {
      if (records === undefined) known.delete(keyOf(name))
      else known.set(keyOf(name), records)
    },
    addresses: (name, family) =>
      answer(family === 4 ? 'A' : 'AAAA', name, (records) => (family === 4 ? records.a : records.aaaa)),
    mx: async (name) => {
      const found = await answer('MX', name, (records) => records.mx)
      return found.kind === 'found' ? usableMx(found) : found
    },
    txt: (name) => answer('TXT', name, (records) => records.txt),
    ptr: (address) => answer('PTR', address, (records) => records.ptr),
    tlsa: (name) => answer('TLSA', name, (records) => records.tlsa),
    ns: (name) => answer('NS', name, (records) => records.ns),
    cname: async (name) => {
      const key = keyOf(name)
      asked.push(`CNAME ${key}`)
      const records = known.get(key)
      const pick = ({ cname }: FakeRecords) => (cname === undefined ? [] : [keyOf(cname)])
      return answerFrom(records, pick, nameExists(known, key), records?.secure === true)
    },
  }
}

function answerFrom<T>(
  records: FakeRecords | undefined,
  pick: (records: FakeRecords) => readonly T[] | undefined,
  nameExists: boolean,
  secure: boolean,
): DnsAnswer<T> {
  if (records?.failure !== undefined) return { kind: 'failed', text: records.failure }
  const found = records === undefined ? [] : (pick(records) ?? [])
  if (found.length === 0) return secure ? { kind: 'none', nameExists, secure } : { kind: 'none', nameExists }
  return { kind: 'found', records: found, secure }
}

function usableMx(found: DnsFound<MxRecord>): DnsAnswer<MxRecord> {
  const records = found.records.filter(({ exchange }) => exchange === '' || isHostName(exchange))
  if (records.length > 0) return { ...found, records }
  return { kind: 'none', nameExists: true, ...(found.secure ? { secure: true } : {}), unusable: true }
}

function isHostName(text: string): boolean {
  return canonicalDomain(text)?.startsWith('[') === false
}

// As many as a resolver follows.
const longestChain = 16

/** The end of a chain of aliases, and whether all of it is secure. */
function followed(known: ReadonlyMap<string, FakeRecords>, key: string): { end: string; secure: boolean } {
  let end = key
  let secure = known.get(key)?.secure === true
  for (let step = 0; step < longestChain; step++) {
    const { cname } = known.get(end) ?? {}
    if (cname === undefined) break
    end = keyOf(cname)
    secure &&= known.get(end)?.secure === true
  }
  return { end, secure }
}

/** A name exists where it has records, or where names below it have (RFC 8020). */
function nameExists(known: ReadonlyMap<string, FakeRecords>, key: string): boolean {
  return [...known.keys()].some((name) => name === key || name.endsWith(`.${key}`))
}

/** Names such as `_dmarc.example.org` and IP addresses are no domains of mail, but of DNS. */
function keyOf(name: string): string {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  return canonicalDomain(bare) ?? bare.toLowerCase()
}
