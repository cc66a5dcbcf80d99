import { errorCode, UnavailableError } from '../errors.ts'
import { type AccessEntry, canonicalRights } from '../model/rights.ts'
import { canonicalIdentifier } from './identifier.ts'
import { decodePrintable, encodePrintable } from './printable-text.ts'

/** How many lines a list may have. */
export const mostAccessEntries = 1000
/** Octets that a file of lists may have. It is read for every operation on a mailbox whose list is in it. */
export const longestAccessFile: number = 512 * 1024

/** The access control lists of all mailboxes of an owner that have one, by mailbox; none is empty. */
export interface OwnerLists {
  readonly owner: string
  readonly lists: ReadonlyMap<string, readonly AccessEntry[]>
}

const version = 1
const headerForm = /^mailwright-access (\d{1,5})$/
const ownerForm = /^owner ([\x21-\x7e]+)$/
const mailboxForm = /^mailbox ([\x21-\x7e]*)$/
const entryForm = /^([a-z]{1,32}) ([\x21-\x7e]+)$/
const trailerForm = /^end (\d{1,7})$/

/**
 * Access control lists as a file; texts are written as `encodePrintable` does:
 *
 * ```
 * mailwright-access 1
 * owner <account id>
 * mailbox <name>
 * <rights> <identifier>        one a line, at least one for each mailbox
 * end <number of lines between the first and this>
 * ```
 */
export function formatAccessLists({ owner, lists }: OwnerLists): Buffer {
  const lines = [`owner ${encodePrintable(owner)}`]
  for (const [mailbox, list] of lists) {
    lines.push(`mailbox ${encodePrintable(mailbox)}`)
    for (const { identifier, rights } of list) lines.push(`${rights} ${encodePrintable(identifier)}`)
  }
  return Buffer.from(`mailwright-access ${version}\n${lines.join('\n')}\nend ${lines.length}\n`)
}

/**
 * Reads the file's octets. Undefined for a file that is damaged in any way: a line that is lost may be one that takes
 * rights away, so nobody but the owner has any. MAIL_E_UNAVAILABLE for a file of a later version, which is not damaged
 * and must not be replaced.
 */
export function parseAccessLists(octets: Buffer): OwnerLists | undefined {
  if (octets.length > longestAccessFile) return undefined
  const lines = octets.toString('latin1').split('\n')
  const found = headerForm.exec(lines[0] ?? '')?.[1]
  if (Number(found) > version)
    throw new UnavailableError('access control lists were written by a later version of Mailwright')
  const written = trailerForm.exec(lines.at(-2) ?? '')?.[1]
  if (Number(found) !== version || Number(written) !== lines.length - 3 || lines.at(-1) !== '')
    return undefined
  const owner = decodePrintable(ownerForm.exec(lines[1] ?? '')?.[1] ?? '')
  const lists = parseLists(lines.slice(2, -2))
  return owner === undefined || owner === '' || lists === undefined ? undefined : { owner, lists }
}

function parseLists(lines: readonly string[]): OwnerLists['lists'] | undefined {
  const lists = new Map<string, Map<string, AccessEntry>>()
  let current: Map<string, AccessEntry> | undefined
  for (const line of lines) {
    const encoded = mailboxForm.exec(line)?.[1]
    if (encoded !== undefined) {
      const mailbox = decodePrintable(encoded)
      if (mailbox === undefined || lists.has(mailbox) || current?.size === 0) return undefined
      current = new Map()
      lists.set(mailbox, current)
      continue
    }
    const entry = parseEntry(line)
    if (entry === undefined || current === undefined || current.has(entry.identifier)) return undefined
    current.set(entry.identifier, entry)
    if (current.size > mostAccessEntries) return undefined
  }
  if (current?.size === 0) return undefined
  return new Map([...lists].map(([mailbox, entries]) => [mailbox, [...entries.values()]]))
}

function parseEntry(line: string): AccessEntry | undefined {
  const [, letters = '', encoded = ''] = entryForm.exec(line) ?? []
  const rights = canonicalRights(letters)
  const identifier = decodePrintable(encoded)
  if (rights === undefined || rights === '' || identifier === undefined) return undefined
  return isCanonical(identifier) ? { identifier, rights } : undefined
}

function isCanonical(identifier: string): boolean {
  try {
    return canonicalIdentifier(identifier) === identifier
  } catch (error) {
    if (errorCode(error) === 'MAIL_E_INVALID') return false
    throw error
  }
}
