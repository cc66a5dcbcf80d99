/** Tells whether a mailbox's name is meant. */
export type NameFilter = (name: string) => boolean

/**
 * A filter of patterns with commas between them: `*` stands for any characters, levels included, `?` for one. Case
 * counts, but for INBOX.
 */
export function nameFilter(patterns: string): NameFilter {
  const all = patterns
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
  return (name) => all.some((pattern) => matches([...canonical(pattern)], [...canonical(name)]))
}

function canonical(name: string): string {
  return name.replace(/^inbox(?=\/|$)/i, 'INBOX')
}

/** Goes back to the last star only, so that no pattern takes longer than both lengths multiplied. */
function matches(pattern: readonly string[], name: readonly string[]): boolean {
  let [at, place] = [0, 0]
  let star = -1
  let resumeAt = 0
  while (place < name.length) {
    if (pattern[at] === '*') {
      star = at++
      resumeAt = place
    } else if (pattern[at] === '?' || pattern[at] === name[place]) {
      at++
      place++
    } else if (star >= 0) {
      at = star + 1
      place = ++resumeAt
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
