import { Pacer, tableKey } from 'mailwright'
import { logicalLines } from './logical-lines.ts'

/** What a file of keys and values says. */
export interface TextTable {
  /** By key, as `tableKey` spells it. */
  readonly entries: ReadonlyMap<string, string>
  /** What is odd, and harms nothing. */
  readonly warnings: readonly string[]
}

// As postmap has it: white space between quotes is the key's own, and a quote must be closed.
const firstWord = /^(?:\\.|"(?:\\.|[^"\\])*"|[^\s"\\])+(?=\s|$)/s

/** Reads what postmap reads, in portions: a key, white space, its value. The first of two values holds. SyntaxError with the line. */
export function parseTextTable(text: Iterable<string>): Promise<TextTable> {
  return collect(text, (line) => {
    const key = firstWord.exec(line)?.[0] ?? ''
    const value = line.slice(key.length).trim()
    return key === '' || value === '' ? undefined : [key, value]
  })
}

// The quotes are for names with a colon, an `@`, white space.
const nameAndValue = /^(?:"((?:[^"\\]|\\.)+)"|([^\s":]+))\s*:\s*(.*)$/s

/** Reads what postalias reads, the format of aliases(5): a name, a colon, what it stands for. */
export function parseAliasTable(text: Iterable<string>): Promise<TextTable> {
  return collect(text, (line) => {
    const [, quoted, plain, value = ''] = nameAndValue.exec(line) ?? []
    const name = quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain
    return name === undefined || value.trim() === '' ? undefined : [name, value.trimEnd()]
  })
}

async function collect(
  text: Iterable<string>,
  parse: (line: string) => readonly [key: string, value: string] | undefined,
): Promise<TextTable> {
  const pacer = new Pacer()
  const entries = new Map<string, string>()
  const warnings: string[] = []
  for (const line of logicalLines(text)) {
    if (pacer.isDue) await pacer.rest()
    const parsed = parse(line.text)
    if (parsed === undefined)
      throw new SyntaxError(`line ${line.number} is no entry: ${JSON.stringify(line.text.slice(0, 80))}`)
    const key = tableKey(parsed[0])
    if (!entries.has(key)) entries.set(key, parsed[1])
    else if (warnings.length < 10) warnings.push(`line ${line.number} has ${key} once more`)
  }
  return { entries, warnings }
}
