import type { Answer } from 'dns-packet'

/** A record of one type. */
export type RecordOf<Type extends Answer['type']> = Answer & { readonly type: Type }

/** What stands at the end of a chain of aliases. */
export interface ChainEnd<Type extends Answer['type']> {
  /** The name that the chain led to; the asked one where it is no alias. */
  readonly name: string
  readonly records: readonly RecordOf<Type>[]
  /** Seconds that all of it may be kept; undefined where there are no records at all. */
  readonly ttl: number | undefined
}

// Resolvers stop earlier.
const longestChain = 16

/**
 * Follows the CNAME records of an answer (RFC 1034 §3.6.2) to the records of a type. What does not belong to the chain is passed over.
 * Undefined for a chain without end.
 */
export function chainEnd<Type extends Answer['type']>(
  records: readonly Answer[],
  asked: string,
  type: Type,
): ChainEnd<Type> | undefined {
  let name = asked.toLowerCase()
  let ttl: number | undefined
  for (let step = 0; step <= longestChain; step++) {
    const own = records.filter((record) => record.name.toLowerCase() === name)
    const found = own.filter((record): record is RecordOf<Type> => record.type === type)
    if (found.length > 0) return { name, records: found, ttl: least(ttl, found) }
    const alias = own.find((record): record is RecordOf<'CNAME'> => record.type === 'CNAME')
    if (alias === undefined) return { name, records: [], ttl }
    ttl = least(ttl, [alias])
    name = alias.data.toLowerCase()
  }
  return undefined
}

function least(known: number | undefined, records: readonly Answer[]): number {
  // RFC 2181 §8: a TTL with the highest bit set is 0.
  const ttls = records.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0))
  return Math.min(known ?? Number.POSITIVE_INFINITY, ...ttls.map((ttl) => (ttl > 0x7fffffff ? 0 : ttl)))
}
