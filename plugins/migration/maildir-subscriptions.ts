import { decodeMaildirLevel, encodeMaildirLevel } from './maildir-mailbox-name.ts'

/** A mailbox's name by its levels. */
type Levels = readonly string[]

/**
 * Reads Dovecot's `subscriptions`. Its version 2 has tabs between levels; before it, whatever separator the server
 * had: `/` where there is one in the line, else `.`.
 */
export function parseDovecotSubscriptions(octets: Buffer): readonly Levels[] {
  const lines = linesOf(octets)
  if (lines[0] === 'V\t2') return lines.slice(1).map((line) => decoded(line.split('\t')))
  return lines.map((line) => decoded(line.split(line.includes('/') ? '/' : '.')))
}

/** Reads Courier's `courierimapsubscribed`, where every name starts with `INBOX`. */
export function parseCourierSubscriptions(octets: Buffer): readonly Levels[] {
  return linesOf(octets).map((line) => {
    const levels = decoded(line.split('.'))
    return levels.length > 1 && levels[0] === 'INBOX' ? levels.slice(1) : levels
  })
}

/** Dovecot's `subscriptions`, version 2. */
export function formatDovecotSubscriptions(names: readonly Levels[]): string {
  return `V\t2\n\n${names.map((levels) => `${levels.map(encodeMaildirLevel).join('\t')}\n`).join('')}`
}

function linesOf(octets: Buffer): readonly string[] {
  return octets
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
}

function decoded(levels: Levels): Levels {
  return levels.map(decodeMaildirLevel)
}
