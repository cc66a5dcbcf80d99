const mark = '\ufeff'

/** The byte order mark that a text begins with; empty where it has none. */
export function markOf(text: string): string {
  return text.startsWith(mark) ? mark : ''
}

export function withoutMark(text: string): string {
  return text.slice(markOf(text).length)
}

/** Whether the first line of a text ends with CRLF. */
export function hasCrlf(text: string): boolean {
  return text[text.indexOf('\n') - 1] === '\r'
}

/** A text that was written with LF, with the line ends of another. */
export function withLineEnds(text: string, other: string): string {
  return hasCrlf(other) ? text.replaceAll(/\r?\n/g, '\r\n') : text
}
