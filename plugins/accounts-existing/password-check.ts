import { type ConfigFault, type Database, errorCode } from 'mailwright'
import { verifyPassword } from 'mailwright/accounts'
import type { AccountsExistingOptions } from './options.ts'
import { probe } from './probe.ts'

// `{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$` with 22 characters of salt and 43 of hash.
const HASH_CHARACTERS = 107

/** What is wrong with the options of passwords, as far as only their users can say. */
export async function passwordFaults(
  database: Database,
  options: AccountsExistingOptions,
): Promise<readonly ConfigFault[]> {
  return [...(await schemeFaults(options)), ...(await columnFaults(database, options))]
}

async function schemeFaults({ passwords }: AccountsExistingOptions): Promise<readonly ConfigFault[]> {
  const { defaultScheme: bareScheme } = passwords
  if (bareScheme === undefined) return []
  try {
    await verifyPassword('secret', 'no hash', { bareScheme })
    return []
  } catch (error) {
    if (errorCode(error) !== 'MAIL_E_INVALID') throw error
    return [{ path: 'passwords.defaultScheme', problem: `"${bareScheme}" is not a known scheme` }]
  }
}

/** Whether the column that hashes are written to is long enough for them, where the database says how long it is. */
async function columnFaults(
  database: Database,
  { tables, passwords }: AccountsExistingOptions,
): Promise<readonly ConfigFault[]> {
  const column = tables?.accounts.password
  if (tables === undefined || column === undefined || !(passwords.rehash || passwords.writeBack)) return []
  const length = await columnLength(database, tables.accounts.table, column)
  if (!(length < HASH_CHARACTERS)) return []
  const path = `passwords.${passwords.rehash ? 'rehash' : 'writeBack'}`
  const place = `the column "${column}" of "${tables.accounts.table}"`
  return [{ path, problem: `${place} holds ${length} characters, a hash has ${HASH_CHARACTERS}` }]
}

/** Characters that a column holds; not a number where the database sets no limit, or does not say. */
async function columnLength(database: Database, path: string, column: string): Promise<number> {
  const [table = '', schema] = path.split('.').toReversed()
  const found = await probe(database, async (knex) => {
    if (database.dialect === 'sqlite') {
      const columns = (await knex(table).columnInfo()) as Readonly<Record<string, { maxLength?: unknown }>>
      return columns[column]?.maxLength
    }
    const row = await knex('information_schema.columns')
      .where({ table_schema: schema ?? knex.raw('database()'), table_name: table, column_name: column })
      .first({ length: 'character_maximum_length' })
    return (row as { readonly length?: unknown } | undefined)?.length
  })
  const length = 'value' in found ? found.value : undefined
  return length === undefined || length === null ? Number.NaN : Number(length)
}
