import { originStack } from '../error-stack.ts'
import { ConfigError, errorText, formatFault, MailwrightError } from '../errors.ts'

/** Where a command's words go; tests catch them. */
export interface Output {
  stdout(text: string): void
  stderr(text: string): void
  /** Standard output, for what is said to people beside the result: nothing fails where it cannot be written. */
  notice?(text: string): void
  /** Standard output as it is, for foreign octets; absent where it is a terminal, which would obey what is in them. */
  octets?(octets: Uint8Array): Promise<void>
  /** Standard error is a terminal. `false` */
  readonly isTerminal?: boolean
}

/** Prints a result: as one JSON value with `--json`, else as text. */
export function printResult(output: Output, asJson: boolean, json: unknown, text: string): void {
  if (asJson) output.stdout(`${JSON.stringify(json ?? null, null, 2)}\n`)
  else if (text !== '') output.stdout(text.endsWith('\n') ? text : `${text}\n`)
}

/** Prints an error: a config's faults one a line. Terminal controls in foreign text are shown, not obeyed. */
export function printError(output: Output, asJson: boolean, error: unknown): void {
  const code = error instanceof MailwrightError ? error.code : undefined
  const stack = process.env.MAILWRIGHT_STACK ? originStack(error) : undefined
  if (asJson) {
    const faults = error instanceof ConfigError ? { faults: error.faults } : {}
    output.stderr(`${JSON.stringify({ error: { code, message: errorText(error), ...faults, stack } })}\n`)
  } else if (error instanceof ConfigError) {
    const count = error.faults.length === 1 ? 'a fault' : `${error.faults.length} faults`
    output.stderr(`mailwright: the config has ${count}:\n`)
    for (const fault of error.faults) output.stderr(`  ${printable(formatFault(fault))}\n`)
  } else {
    output.stderr(`mailwright: ${printable(errorText(error))}${code === undefined ? '' : ` [${code}]`}\n`)
  }
  if (!asJson) for (const place of stack ?? []) output.stderr(`    at ${printable(place)}\n`)
}

// What a terminal obeys, and what would turn the direction of writing (UAX 9) or hide, so that an address looks like another one.
const unprintable =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** Foreign text made fit for a terminal. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => {
    const code = character.charCodeAt(0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })
}

/** The same for what has to stay one line: others follow it, and this one must not look like several of them. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\x0a')
}

/** Columns under headings, each as wide as its widest cell; those of numbers are aligned to the right. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly string[] = [],
): string {
  if (rows.length === 0) return ''
  const all = [headings, ...rows.map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')))]
  const widths = headings.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0),
  )
  const aligned = (cell: string, column: number) =>
    numbers.includes(headings[column] ?? '')
      ? cell.padStart(widths[column] ?? 0)
      : cell.padEnd(widths[column] ?? 0)
  return all
    .map((row) =>
      row
        .map((cell, column) => aligned(cell, column))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
