import { type Address, addressKey } from 'mailwright'
import { readAddress } from './spelling.ts'

/** What an alias's column names. */
export interface Targets {
  readonly addresses: readonly Address[]
  /** What is no address: programs, files, names without a domain. */
  readonly unreadable: readonly string[]
}

/** What the targets are read for. */
export interface TargetSettings {
  /** The address that was asked for: `@other.example` means its local part there. */
  readonly asked: Address
  /** The domain of targets without one. */
  readonly defaultDomain: string | undefined
}

// One alias with more is an accident or an attack; mailing lists are something else.
const MAX_TARGETS = 10_000

/**
 * Reads the targets of an alias, each once: separated by commas, semicolons or line breaks, in quotes where they hold
 * such. PostfixAdmin's own address for an automatic reply (`jo#example.org@autoreply.example.org`) is left out.
 */
export function readTargets(text: string, settings: TargetSettings): Targets {
  const found = new Map<string, Address>()
  const unreadable: string[] = []
  for (const item of splitList(text)) {
    const address = readTarget(item, settings)
    if (address === undefined) unreadable.push(item.slice(0, 100))
    else if (!isAutomaticReply(address, settings.asked)) add(found, address)
  }
  return { addresses: [...found.values()], unreadable }
}

function add(found: Map<string, Address>, address: Address): void {
  const key = addressKey(address)
  if (!found.has(key) && found.size < MAX_TARGETS) found.set(key, address)
}

// A program, a file, a list in a file, as aliases(5) has them; names of X.400 begin with a slash, too, and have a domain.
const noAddress = /^(?:[|:]|\/[^@]*$|"(?:[|/:]|\\\|).*"$)/s

function readTarget(item: string, { asked, defaultDomain }: TargetSettings): Address | undefined {
  if (noAddress.test(item)) return undefined
  const bare = !item.includes('@') && defaultDomain !== undefined
  const address = readAddress(bare ? `${item}@${defaultDomain}` : item)
  return address?.localPart === '' ? { localPart: asked.localPart, domain: address.domain } : address
}

function isAutomaticReply(target: Address, asked: Address): boolean {
  return target.localPart.toLowerCase() === `${asked.localPart}#${asked.domain}`.toLowerCase()
}

/** The items of a list, without their spaces, without empty ones. Separators in quotes do not count. */
export function splitList(text: string): readonly string[] {
  const items: string[] = []
  let start = 0
  let inQuotes = false
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === '\\' && inQuotes) at++
    else if (character === '"') inQuotes = !inQuotes
    if (at < text.length && (inQuotes || !/[,;\r\n]/.test(character ?? ''))) continue
    const item = text.slice(start, at).trim()
    if (item !== '') items.push(item)
    start = at + 1
  }
  return items
}
