const width = 72

/** Lines of at most 72 characters, each behind an indent; words are not cut. */
export function wrap(text: string, indent = ''): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, indent))
    .join('\n')
}

function wrapLine(text: string, indent: string): readonly string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(' ').filter((each) => each !== '')) {
    const isFirst = line === indent
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line)
      line = `${indent}${word}`
    } else line += isFirst ? word : ` ${word}`
  }
  return [...lines, line === indent ? '' : line]
}
