const isAscii = /^[\x00-\x7f]*$/

/** A text that is cut into what stays: the pieces, and where the text goes on. */
interface Cut {
  readonly pieces: string[]
  from: number
}

/**
 * A structured field without those of its comments (RFC 5322 §3.2.2) that hold more than ASCII, and without the white
 * space before them, so that no folded line is left empty.
 */
export function withAsciiComments(text: string): string {
  const cut: Cut = { pieces: [], from: 0 }
  let start = 0
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '\\') at += 1
    else if (character === '"' && depth === 0) isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '(') {
      if (depth === 0) start = at
      depth += 1
    } else if (character === ')' && depth > 0) {
      depth -= 1
      if (depth === 0 && !isAscii.test(text.slice(start, at + 1))) leaveOut(cut, text, start, at + 1)
    }
  }
  return cut.pieces.join('') + text.slice(cut.from)
}

/** A comment parts words as white space does (RFC 5322 §3.2.2), so that one is left where there was no other. */
function leaveOut(cut: Cut, text: string, start: number, end: number): void {
  let last = start
  while (last > cut.from && /\s/.test(text.charAt(last - 1))) last -= 1
  cut.pieces.push(text.slice(cut.from, last), /\S/.test(text.charAt(end)) ? ' ' : '')
  cut.from = end
}
