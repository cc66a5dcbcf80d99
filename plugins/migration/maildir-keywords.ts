// A mailbox with more than that has not got them from people.
const mostKeywords = 10_000

/**
 * The keywords of a Maildir by their places, from Dovecot's `dovecot-keywords`: a line `<place> <keyword>` each. Lines
 * that are not like that are left out.
 */
export function parseDovecotKeywords(octets: Buffer): ReadonlyMap<number, string> {
  const keywords = new Map<number, string>()
  for (const line of octets.toString('utf8').split('\n')) {
    const [, place = '', keyword = ''] = /^(\d{1,5}) (\S+)$/.exec(line) ?? []
    if (keyword !== '' && keywords.size < mostKeywords) keywords.set(Number(place), keyword)
  }
  return keywords
}

/** The same file, for keywords in the order of their places. */
export function formatDovecotKeywords(keywords: readonly string[]): string {
  return keywords.map((keyword, place) => `${place} ${keyword}\n`).join('')
}

/**
 * Each message's keywords by the base of its name, from Courier's `courierimapkeywords/:list`: a keyword a line, an
 * empty line, then `<base>:<place> <place> …` a message.
 */
export function parseCourierKeywords(octets: Buffer): ReadonlyMap<string, readonly string[]> {
  const lines = octets.toString('latin1').split('\n')
  const end = lines.indexOf('')
  const names = lines.slice(0, end < 0 ? 0 : Math.min(end, mostKeywords))
  const keywords = new Map<string, readonly string[]>()
  for (const line of lines.slice(names.length + 1)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const places = line.slice(colon + 1).split(' ')
    const found = places.flatMap((place) => (/^\d{1,5}$/.test(place) ? (names[Number(place)] ?? []) : []))
    if (found.length > 0) keywords.set(line.slice(0, colon), [...new Set(found)])
  }
  return keywords
}
