/** A fenced block. */
export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** The first line of the block's code within the file, from 1. */
  readonly line: number
}

/** The fenced blocks of a document, in their order. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  const form = /^```(\w*)[^\n]*\n([\s\S]*?)^```$/gm
  for (const match of text.matchAll(form)) {
    const line = text.slice(0, match.index).split('\n').length + 1
    blocks.push({ language: match[1] ?? '', code: match[2] ?? '', line })
  }
  return blocks
}

/** A heading with what stands below it, up to the next heading of its level or a higher one. */
export interface Section {
  readonly title: string
  readonly text: string
}

/** The sections below the headings of one level, such as `###`. */
export function sections(text: string, level: string): readonly Section[] {
  const found: { title: string; lines: string[] }[] = []
  let isOpen = false
  let isFenced = false
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) isFenced = !isFenced
    const heading = isFenced ? null : /^(#+) (.+)$/.exec(line)
    const marks = heading?.[1] ?? ''
    if (marks === level) found.push({ title: heading?.[2] ?? '', lines: [] })
    if (marks !== '' && marks.length <= level.length) isOpen = marks === level
    else if (isOpen) found.at(-1)?.lines.push(line)
  }
  return found.map(({ title, lines }) => ({ title, text: lines.join('\n').trim() }))
}

/** The section of a title. Throws where the document has none. */
export function section(text: string, level: string, title: string): string {
  const found = sections(text, level).find((one) => one.title === title)
  if (found === undefined) throw new Error(`no section "${title}"`)
  return found.text
}

/** The rows of all tables in a text, cell by cell, without their headings. */
export function tableRows(text: string): readonly (readonly string[])[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'))
  return rows
    .filter((_row, index) => !isRule(rows[index]) && !isRule(rows[index + 1]))
    .map((row) =>
      row
        .replaceAll('\\|', '\u0000')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\u0000', '|')),
    )
}

/** `` `x` `` without its marks. */
export function plain(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '')
}

/** Relative links of a document, without their `#…`. */
export function relativeLinks(text: string): readonly string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').split('#')[0] ?? '')
    .filter((link) => link !== '' && !/^[a-z]+:/.test(link))
}

function isRule(line: string | undefined): boolean {
  return line !== undefined && /^\|[\s:|-]+\|$/.test(line)
}
