import { isAbsolute } from 'node:path'
import { PatternTable } from './pattern-table.ts'
import type { Table } from './table.ts'
import { type ReadsTable, type ReadTable, TableFile } from './table-file.ts'
import { parseAliasTable, parseTextTable, type TextTable } from './text-table.ts'

const inText: ReadsTable = async (text) => entriesOf(await parseTextTable(text))

const readers: Readonly<Record<string, ReadsTable>> = {
  hash: inText,
  btree: inText,
  lmdb: inText,
  texthash: inText,
  regexp: (text) => PatternTable.read(text, 'regexp'),
  pcre: (text) => PatternTable.read(text, 'pcre'),
}

/**
 * A table in a file, named as Postfix does: `hash:/etc/postfix/virtual`, `regexp:/etc/postfix/patterns`, `pcre:…`. It is
 * the text that is read, not what postmap makes of it: `hash`, `btree`, `lmdb` and `texthash` mean the same. The file is
 * looked at once a second while the table is used. RangeError for another name.
 */
export function table(name: string): Table {
  const [, kind = '', path = ''] = /^(\w+):(.+)$/s.exec(name) ?? []
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined
  if (read === undefined || !isAbsolute(path))
    throw new RangeError(
      `"${name}" names no table: it must be one of ${Object.keys(readers).join(', ')}, a colon, and an absolute path, as in "hash:/etc/postfix/virtual"`,
    )
  return new TableFile(path, read, { wholeAddressesOnly: kind === 'regexp' || kind === 'pcre' })
}

/** A file of names as aliases(5) has it. RangeError where the path is not absolute. */
export function aliasFile(path: string): Table {
  if (!isAbsolute(path)) throw new RangeError('must be an absolute path')
  return new TableFile(path, async (text) => entriesOf(await parseAliasTable(text)), {
    wholeAddressesOnly: false,
  })
}

function entriesOf({ entries, warnings }: TextTable): ReadTable {
  return { lookUp: (key) => entries.get(key), size: entries.size, warnings }
}
