import type { HeaderField } from '../model/header/header-field.ts'
import { type Header, readHeader } from '../model/header/header-fields.ts'
import { keptFieldsText } from '../summary/stored-summary.ts'

const COLON = 58
const SPACE = 32
const TAB = 9

/**
 * The fields of a name (in lower case), in order, as `Header.all` finds them. Of a summary that comes from a cache only
 * those are taken apart; their places count from their own beginning then.
 */
export function namedFields(message: { readonly header: Header }, name: string): readonly HeaderField[] {
  const kept = keptFieldsText(message)
  if (kept === undefined) return message.header.all(name)
  const found: HeaderField[] = []
  for (let start = 0; start < kept.length; ) {
    let end = endOfLine(kept, start)
    if (isNamed(kept, start, name)) {
      while (isSpace(kept.charCodeAt(end))) end = endOfLine(kept, end)
      found.push(...readHeader(kept.slice(start, end)).fields)
    }
    start = end
  }
  return found
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start) + 1
  return end === 0 ? text.length : end
}

/** Whether a field of this name begins here (RFC 5322 §4.5 lets white space stand before the colon). */
function isNamed(text: string, start: number, name: string): boolean {
  let at = start
  for (; at < start + name.length; at += 1) {
    const code = text.charCodeAt(at)
    const lower = code >= 65 && code <= 90 ? code + 32 : code
    if (lower !== name.charCodeAt(at - start)) return false
  }
  while (isSpace(text.charCodeAt(at))) at += 1
  return text.charCodeAt(at) === COLON
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB
}
