import { UnavailableError } from 'mailwright'

// What a reason may take of a line of the log.
const longestText = 500

/** A JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Foreign text for messages: one line of bounded length, empty for what is no text. */
export function textOf(value: unknown): string {
  if (typeof value !== 'string') return ''
  return value.slice(0, longestText).replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}

/** A URL of the authority that its answer must have. MAIL_E_UNAVAILABLE where it has none. */
export function urlOf(answer: unknown, member: string): string {
  const url = isRecord(answer) ? answer[member] : undefined
  if (typeof url === 'string' && URL.canParse(url) && new URL(url).protocol === 'https:') return url
  throw new UnavailableError(`the authority's answer has no URL "${member}"`)
}

/** The URLs in a list of an answer. */
export function urlsOf(answer: unknown, member: string): readonly string[] {
  const list = isRecord(answer) ? answer[member] : undefined
  if (Array.isArray(list)) return list.map((url: unknown) => urlOf({ [member]: url }, member))
  throw new UnavailableError(`the authority's answer has no list "${member}"`)
}
