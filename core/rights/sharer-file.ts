import { UnavailableError } from '../errors.ts'
import type { RightsIdentifier } from '../model/rights.ts'
import { decodePrintable, encodePrintable } from './printable-text.ts'

/** The owners of mailboxes whose lists give rights to an identifier; perhaps some that do not any more. */
export interface Sharers {
  readonly identifier: RightsIdentifier
  readonly owners: ReadonlySet<string>
}

const version = 1
const headerForm = /^mailwright-sharers (\d{1,5})$/
const identifierForm = /^to ([\x21-\x7e]+)$/
const trailerForm = /^end (\d{1,9})$/

/**
 * Sharers as a file; texts are written as `encodePrintable` does:
 *
 * ```
 * mailwright-sharers 1
 * to <identifier>
 * <account id of an owner>     one a line
 * end <number of owners>
 * ```
 */
export function formatSharers({ identifier, owners }: Sharers): Buffer {
  const lines = [...owners].map((owner) => `${encodePrintable(owner)}\n`)
  return Buffer.from(
    `mailwright-sharers ${version}\nto ${encodePrintable(identifier)}\n${lines.join('')}end ${lines.length}\n`,
  )
}

/**
 * Reads the file's octets. Undefined for one that is damaged: it can be made anew from the lists. MAIL_E_UNAVAILABLE for
 * one of a later version.
 */
export function parseSharers(octets: Buffer): Sharers | undefined {
  const lines = octets.toString('latin1').split('\n')
  const found = headerForm.exec(lines[0] ?? '')?.[1]
  if (Number(found) > version)
    throw new UnavailableError('an index of access rights was written by a later version of Mailwright')
  const written = trailerForm.exec(lines.at(-2) ?? '')?.[1]
  if (Number(found) !== version || Number(written) !== lines.length - 4 || lines.at(-1) !== '')
    return undefined
  const identifier = decodePrintable(identifierForm.exec(lines[1] ?? '')?.[1] ?? '')
  if (identifier === undefined || identifier === '') return undefined
  const owners = new Set<string>()
  for (const line of lines.slice(2, -2)) {
    const owner = decodePrintable(line)
    if (owner === undefined || owner === '') return undefined
    owners.add(owner)
  }
  return { identifier, owners }
}
