import { english, type Texts } from './texts.ts'

/** A language that texts are there in. */
export interface Language {
  /** RFC 5646 */
  readonly tag: string
  /** What it is called in itself. */
  readonly name: string
  readonly texts: Texts
}

/** RFC 2277 §4.5: what is spoken before anybody has said what he understands. In ASCII. */
export const defaultLanguage: Language = { tag: 'i-default', name: 'English', texts: english }

/** All that there are. Further ones may have texts beyond ASCII, which are sent as UTF-8 (RFC 6856 §3.2). */
export const languages: readonly Language[] = [
  { tag: 'en', name: 'English', texts: english },
  defaultLanguage,
]

/** RFC 4647 §2.1 */
const rangeForm = /^(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)$/

export function isLanguageRange(text: string): boolean {
  return rangeForm.test(text)
}

/**
 * The language for a basic language range (RFC 6856 §3.2): the first that it matches (RFC 4647 §3.3.1), else the one for
 * a wider range (RFC 4647 §3.4), so that `en-GB` gets `en`. `*` is what the server prefers.
 */
export function languageFor(range: string): Language | undefined {
  if (range === '*') return languages[0]
  for (let wanted = range.toLowerCase(); wanted !== ''; wanted = wider(wanted)) {
    const found = languages.find(({ tag }) => `${tag.toLowerCase()}-`.startsWith(`${wanted}-`))
    if (found !== undefined) return found
  }
  return undefined
}

/** A range without its last subtag, and without a single character that then stands at its end. */
function wider(range: string): string {
  const end = range.lastIndexOf('-')
  return end === -1 ? '' : range.slice(0, end).replace(/(?:^|-)[a-z0-9]$/, '')
}
