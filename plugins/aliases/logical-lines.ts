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
 * lines and comments count for nothing, also between continued lines. SyntaxError where nothing can be continued.
 */
export function logicalLines(text: string): readonly LogicalLine[] {
  const lines: { number: number; text: string }[] = []
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    if (blankOrComment.test(line)) continue
    if (!continuation.test(line)) lines.push({ number: index + 1, text: line })
    else {
      const last = lines.at(-1)
      if (last === undefined) throw new SyntaxError(`line ${index + 1} continues nothing`)
      last.text += line
    }
  }
  return lines
}
