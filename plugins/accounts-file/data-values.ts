import type { Address, OptionReader } from 'mailwright'
import { parseOwnAddress } from 'mailwright/accounts'

/** What stands for what cannot be read; its fault is told. */
const noAddress: Address = { localPart: '', domain: '' }

/** An address; `@example.org` where it may be a catch-all. */
export function readAddress(read: OptionReader, name: string, mayCatchAll = false): Address {
  const text = read.string(name)
  const address = parseOwnAddress(text.startsWith('@') && mayCatchAll ? `""${text}` : text)
  if (address !== undefined && (mayCatchAll || address.localPart !== '')) return address
  if (text !== '') read.fault(name, 'must be an address such as "jo@example.org"')
  return noAddress
}

/** A time as ISO 8601 writes it. */
export function readTime(read: OptionReader, name: string): Date | undefined {
  const text = read.optionalString(name)
  if (text === undefined) return undefined
  const time = new Date(text)
  if (!Number.isNaN(time.getTime())) return time
  read.fault(name, 'must be a time such as "2026-12-31T12:00:00Z"')
  return undefined
}
