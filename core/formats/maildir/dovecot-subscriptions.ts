import { allLines } from './lines.ts'
import { mailboxesOf } from './mailbox-levels.ts'
import { encodeMaildirLevel } from './mailbox-name.ts'

/** The file in an account's Maildir where Dovecot keeps its subscriptions. */
export const dovecotSubscriptionsFile = 'subscriptions'

const version2 = 'V\t2\n\n'
const escaped: Readonly<Record<string, string>> = { '0': '\0', '1': '\x01', t: '\t', r: '\r', n: '\n' }

/**
 * Reads the names that an account is subscribed to, in our spelling, in the order of the file. In version 2 (`V<TAB>2`
 * and an empty line first) tabs part the levels, and octets that would disturb are escaped with a 0x01; before that a
 * name stands as the storage has it, with `.` between levels, or with `/` where each level is a directory of its own.
 *
 * A line that is no mailbox's name is passed over; the last one need not have a LF. Undefined for later versions, and
 * for what is no list of names.
 */
export function parseDovecotSubscriptions(octets: Buffer): readonly string[] | undefined {
  const start = octets.toString('latin1', 0, version2.length)
  if (start === version2) return mailboxesOf(levelsIn(octets.subarray(version2.length), levelsOfVersion2))
  return start.startsWith('V\t') ? undefined : mailboxesOf(levelsIn(octets, levelsOfVersion1))
}

/** Writes names of ours in version 2. */
export function formatDovecotSubscriptions(names: readonly string[]): Buffer {
  const lines = names.map((name) => `${name.split('/').map(encodeMaildirLevel).join('\t')}\n`)
  return Buffer.from(version2 + lines.join(''), 'latin1')
}

function* levelsIn(
  octets: Buffer,
  levelsOf: (line: string) => readonly string[],
): Generator<readonly string[]> {
  for (const line of allLines(octets)) yield line === undefined ? [] : levelsOf(line)
}

function levelsOfVersion1(line: string): readonly string[] {
  return line.split(line.includes('/') ? '/' : '.')
}

function levelsOfVersion2(line: string): readonly string[] {
  return line
    .split('\t')
    .map((level) => level.replace(/\x01(.)/g, (_, character: string) => escaped[character] ?? character))
}
