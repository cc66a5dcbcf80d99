import {
  type Address,
  addressKey,
  formatAddress,
  Pacer,
  parseAddress,
  sameAddress,
  UnavailableError,
} from 'mailwright'
import { splitDetail } from 'mailwright/accounts'
import type { FoundValue } from './alias-look-up.ts'
import type { IncludedFiles } from './included-file.ts'
import { readTargets, type Targets } from './targets.ts'

/** What an address stands for. */
export interface Alias extends Pick<FoundValue, 'namesDomain'> {
  /** A pattern stands for many addresses, as a catch-all does. */
  readonly via: FoundValue['via'] | 'pattern'
  /** Each once, without the address itself. */
  readonly addresses: readonly Address[]
  /** The address is among its own targets: whoever has it keeps a copy. */
  readonly namesItself: boolean
  /** Files are included, which change without it. */
  readonly hasIncludes: boolean
  /** `/dev/null` is among its targets. */
  readonly discards: boolean
  /** Programs and files, to which no mail goes. */
  readonly refused: readonly string[]
  readonly unreadable: readonly string[]
}

export interface AliasSettings {
  readonly origin: string
  /** Whether the detail of the address goes on with its targets. */
  readonly propagatesDetail: boolean
  readonly detailSeparator: string
}

// Of one alias, however deep they include each other. One with more is an accident or an attack; mailing lists are something else.
const mostIncludes = 100
const mostTargets = 10_000

/**
 * What a value makes of the address that it was found for. MAIL_E_UNAVAILABLE where an included file cannot be read, or there
 * are too many of them or of targets: nobody is left out.
 */
export async function readAlias(
  asked: Address,
  found: FoundValue,
  included: IncludedFiles,
  { origin, propagatesDetail, detailSeparator }: AliasSettings,
): Promise<Alias> {
  const named = found.detail === undefined ? asked : (splitDetail(asked, detailSeparator)?.address ?? asked)
  const parts = await readParts(found, { asked: named, origin }, included)
  const suffix =
    propagatesDetail && found.detail !== undefined ? `${detailSeparator}${found.detail}` : undefined
  const unique = await onceEach(
    parts.flatMap(({ addresses }) => addresses),
    suffix,
  )
  const others = unique.filter((target) => !sameAddress(target, asked))
  return {
    addresses: others,
    namesItself: others.length < unique.length,
    hasIncludes: parts.some(({ includes }) => includes.length > 0),
    discards: parts.some(({ discards }) => discards),
    refused: parts.flatMap(({ refused }) => refused),
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
    via: found.byPattern ? 'pattern' : found.via,
    namesDomain: found.namesDomain,
  }
}

async function onceEach(
  targets: readonly Address[],
  suffix: string | undefined,
): Promise<readonly Address[]> {
  const pacer = new Pacer()
  const unique = new Map<string, Address>()
  for (const each of targets) {
    if (pacer.isDue) await pacer.rest()
    const target = withSuffix(each, suffix)
    unique.set(addressKey(target), target)
  }
  return [...unique.values()]
}

async function readParts(
  { value, byPattern }: FoundValue,
  named: { readonly asked: Address; readonly origin: string },
  included: IncludedFiles,
): Promise<readonly Targets[]> {
  const settings = { ...named, most: mostTargets }
  const first = await readTargets(value, settings)
  // Its name may be the sender's.
  if (byPattern) return [{ ...first, includes: [], refused: [...first.refused, ...first.includes] }]
  const parts: Targets[] = []
  let count = 0
  const add = (part: Targets) => {
    parts.push(part)
    count += part.count
    if (count > mostTargets) throw new UnavailableError(`the alias names more than ${mostTargets} targets`)
  }
  add(first)
  const seen = new Set<string>()
  // Grows while it is gone through.
  for (const part of parts) {
    for (const path of part.includes) {
      if (seen.has(path)) continue
      if (seen.size >= mostIncludes)
        throw new UnavailableError(`the alias includes more than ${mostIncludes} files`)
      seen.add(path)
      for (const line of await included.lines(path)) add(await readTargets(line, settings))
    }
  }
  return parts
}

/** What would be too long with the detail goes on without it. */
function withSuffix(target: Address, suffix: string | undefined): Address {
  if (suffix === undefined || target.domain === '') return target
  const { localPart, domain } = target
  return parseAddress(formatAddress({ localPart: `${localPart}${suffix}`, domain })) ?? target
}
