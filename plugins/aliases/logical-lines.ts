/** A line of a table with those that continue it. */
export interface LogicalLine {
  /** Where it begins, from 1. */
  readonly number: number
  readonly text: string
}

const blankOrComment = /^\s*(?:#|$)/
const continuation = /^\s/

/**
 * The logical lines of a table as Postfix has them: a line that starts with white space continues the one before; empty
 * lines and comments count for nothing, also between continued lines. The text may be in portions, which may end anywhere.
 * SyntaxError where nothing can be continued.
 */
export function* logicalLines(text: Iterable<string>): Generator<LogicalLine> {
  let begun: { number: number; text: string } | undefined
  let number = 0
  for (const line of linesOf(text)) {
    number += 1
    if (blankOrComment.test(line)) continue
    if (continuation.test(line)) {
      if (begun === undefined) throw new SyntaxError(`line ${number} continues nothing`)
      begun.text += line
    } else {
      if (begun !== undefined) yield begun
      begun = { number, text: line }
    }
  }
  if (begun !== undefined) yield begun
}

function* linesOf(text: Iterable<string>): Generator<string> {
  let rest = ''
  let isFirst = true
  for (const portion of text) {
    const some = rest + (isFirst ? portion.replace(/^\ufeff/, '') : portion)
    isFirst &&= portion === ''
    let start = 0
    for (let end = some.indexOf('\n'); end >= 0; end = some.indexOf('\n', start)) {
      yield some.slice(start, some[end - 1] === '\r' ? Math.max(start, end - 1) : end)
      start = end + 1
    }
    rest = some.slice(start)
  }
  yield rest
}
