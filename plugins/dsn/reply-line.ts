import type { Reply } from 'mailwright'
import { plainText } from './plain-text.ts'

// Replies have up to 100 lines; what is said beyond this helps nobody.
const longest = 1_000

/** A reply as one line: `550 5.1.1 No such user`. */
export function replyLine({ code, enhanced, lines }: Reply): string {
  const codes = enhanced === undefined ? `${code}` : `${code} ${enhanced}`
  return plainText(`${codes} ${lines.join(' ').slice(0, longest + 1)}`, longest)
}
