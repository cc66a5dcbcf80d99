/** A piece of a query's text. */
export interface SqlPiece {
  readonly kind: 'code' | 'string' | 'name' | 'comment'
  readonly text: string
}

const openers: readonly { readonly start: string; readonly end: string; readonly kind: SqlPiece['kind'] }[] =
  [
    { start: "'", end: "'", kind: 'string' },
    { start: '"', end: '"', kind: 'string' },
    { start: '`', end: '`', kind: 'name' },
    { start: '-- ', end: '\n', kind: 'comment' },
    { start: '#', end: '\n', kind: 'comment' },
    { start: '/*', end: '*/', kind: 'comment' },
  ]

/**
 * Takes a query apart into strings, quoted names, comments and the code between them, so that parameters are looked for
 * only where they can stand. Undefined where something is opened and not closed. A comment may end with the text.
 */
export function splitSql(text: string): readonly SqlPiece[] | undefined {
  const pieces: SqlPiece[] = []
  let codeStart = 0
  let at = 0
  while (at < text.length) {
    const opener = openers.find(({ start }) => text.startsWith(start, at))
    if (opener === undefined) {
      at++
      continue
    }
    const end = endOf(text, at + opener.start.length, opener)
    if (end === undefined) return undefined
    if (at > codeStart) pieces.push({ kind: 'code', text: text.slice(codeStart, at) })
    pieces.push({ kind: opener.kind, text: text.slice(at, end) })
    at = end
    codeStart = end
  }
  if (codeStart < text.length) pieces.push({ kind: 'code', text: text.slice(codeStart) })
  return pieces
}

/** Where a piece ends, behind its closing mark. A doubled quote and one behind a backslash do not close a string. */
function endOf(text: string, from: number, { end, kind }: (typeof openers)[number]): number | undefined {
  for (let at = from; at < text.length; at++) {
    if (kind === 'string' && text[at] === '\\') at++
    else if (text.startsWith(end, at)) {
      const isDoubled = kind !== 'comment' && text[at + 1] === end
      if (!isDoubled) return at + end.length
      at++
    }
  }
  return kind === 'comment' && end === '\n' ? text.length : undefined
}
