import { createHash } from 'node:crypto'

const longestLevel = 60
const unsafe = /[\p{Cc}\p{Cs}\u2028\u2029/]/gu

/** The name of a mailbox here: its levels with `/` between them, INBOX in capitals (RFC 9051 §5.1). */
export function plainName(levels: readonly string[]): string {
  return levels.map((level, depth) => (depth === 0 && /^inbox$/i.test(level) ? 'INBOX' : level)).join('/')
}

/** A level can be taken as it is: joined with others it cannot be taken for two, or none. */
export function isPlain(levels: readonly string[]): boolean {
  return levels.every((level) => level !== '' && !level.includes('/'))
}

/** A name that every store takes: no controls, no levels that are empty, long, `.` or `..`. Different names stay different. */
export function safeName(levels: readonly string[]): string {
  return plainName(levels.map(safeLevel))
}

function safeLevel(level: string): string {
  const replaced = level.toWellFormed().replaceAll(unsafe, '_')
  if (replaced === level && !/^\.{0,2}$/.test(level) && level.length <= longestLevel) return level
  const mark = createHash('sha256').update(level).digest('hex').slice(0, 6)
  return `${[...replaced].slice(0, longestLevel - 7).join('')}-${mark}`
}
