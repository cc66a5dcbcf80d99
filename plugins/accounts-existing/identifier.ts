import type { OptionReader } from 'mailwright'

// knex quotes them, but gives a dot and ` as ` a meaning of their own.
const word = '[\\p{L}\\p{N}_$-]{1,64}'
const columnName = new RegExp(`^${word}$`, 'u')
const tableName = new RegExp(`^(?:${word}\\.)?${word}$`, 'u')

export function isColumnName(text: string): boolean {
  return columnName.test(text)
}

/** A table's name, with its database before it where wanted: `mail.users`. */
export function readTableName(read: OptionReader, preset: string | undefined): string {
  return read.string('table', {
    pattern: tableName,
    expected: 'the name of a table',
    ...(preset === undefined ? {} : { default: preset }),
  })
}

/** A column that must be there. */
export function readColumn(read: OptionReader, name: string, preset?: string): string {
  return read.string(name, {
    pattern: columnName,
    expected: 'the name of a column',
    ...(preset === undefined ? {} : { default: preset }),
  })
}

/** A column that may be missing: null leaves out what a preset has. */
export function readOptionalColumn(read: OptionReader, name: string, preset?: string): string | undefined {
  const given = read.value(name)
  if (given === null) return undefined
  return given === undefined ? preset : readColumn(read, name)
}
