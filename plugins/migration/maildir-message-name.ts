/** What the name of a message's file in a Maildir says: `<base>:2,<letters>`, and what some programs put behind. */
export interface MaildirMessageName {
  /** What stays when flags change; lists of UIDs name the message by it. */
  readonly base: string
  /** System flags, and `$Forwarded` for the letter `P` (RFC 9051 §2.3.2), sorted. */
  readonly flags: readonly string[]
  /** Places in the mailbox's list of keywords, ascending: Dovecot's letters `a` to `z` are 0 to 25. */
  readonly keywords: readonly number[]
}

const flagOfLetter: ReadonlyMap<string, string> = new Map([
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['P', '$Forwarded'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
])
const letterOfFlag: ReadonlyMap<string, string> = new Map(
  [...flagOfLetter].map(([letter, flag]) => [flag.toLowerCase(), letter]),
)
const firstKeyword = 'a'.charCodeAt(0)

/** Keywords that the letters of a file name can tell apart. */
export const maildirKeywordLimit = 26

/** Takes a file name of `new` or `cur` apart. Undefined for what is no message: dot files and names that are empty. */
export function parseMaildirMessageName(name: string): MaildirMessageName | undefined {
  const base = maildirBase(name)
  if (base === '' || base.startsWith('.')) return undefined
  const info = name.slice(base.length)
  const [letters = ''] = info.startsWith(':2,') ? info.slice(3).split(',', 1) : []
  const all = new Set(letters)
  return {
    base,
    flags: [...flagOfLetter].flatMap(([letter, flag]) => (all.has(letter) ? [flag] : [])).sort(),
    keywords: [...all]
      .filter((letter) => letter >= 'a' && letter <= 'z')
      .map((letter) => letter.charCodeAt(0) - firstKeyword)
      .sort((a, b) => a - b),
  }
}

/** A file name without its flags. */
export function maildirBase(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(0, colon)
}

/**
 * The file name in `cur`. Keywords get their letters by their place in the list, `$Forwarded` its own one as well, which
 * Dovecot does not know; those that are not among the first {@link maildirKeywordLimit} have none and are left out.
 */
export function formatMaildirMessageName(
  base: string,
  flags: readonly string[],
  keywords: readonly string[],
): string {
  const letters = flags.flatMap((flag) => {
    const place = keywords.indexOf(flag)
    const isListed = place >= 0 && place < maildirKeywordLimit
    return [
      letterOfFlag.get(flag.toLowerCase()) ?? '',
      isListed ? String.fromCharCode(firstKeyword + place) : '',
    ]
  })
  return `${base}:2,${[...new Set(letters)].sort().join('')}`
}
