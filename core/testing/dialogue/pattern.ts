// A `>` inside is written `\>`.
const embedded = /<re:((?:[^>\\]|\\.)*)>/g

/**
 * The regular expression for a line of a dialogue: the text as it stands, but for `<re:…>`, which holds a regular
 * expression. `250 Taken as <re:[0-9a-z]+>` is a line with an id in it. Throws a SyntaxError for a broken expression.
 */
export function linePattern(text: string): RegExp {
  let source = ''
  let end = 0
  for (const match of text.matchAll(embedded)) {
    source += `${escaped(text.slice(end, match.index))}(?:${match[1] ?? ''})`
    end = match.index + match[0].length
  }
  return new RegExp(`^${source}${escaped(text.slice(end))}$`, 's')
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
