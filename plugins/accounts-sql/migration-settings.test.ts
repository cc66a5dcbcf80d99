import { createLog, type Database, type database, type PluginContext, systemClock } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import { addressOf } from 'mailwright/testing'
import { expect, it } from 'vitest'
import { databaseUnderTest } from '../../test/support/database-under-test.ts'
import { startSqlAccounts } from '../../test/support/sql-accounts.ts'
import { unwatched } from '../../test/support/unwatched.ts'
import { accountsMigration } from './migration-accounts.ts'
import { settingsMigration } from './migration-settings.ts'

it('takes over the accounts and aliases of the first tables', async () => {
  await using base = await databaseUnderTest()
  await withTables(base.options, async (tables) => {
    const at = { created_at: 1_800_000_000_000 }
    const place = { domain: 'example.org', ...at }
    const account = { ...place, id: 'a'.repeat(26), local_part: 'Jo', address_key: 'example.org@jo' }
    const alias = { ...place, id: 'b'.repeat(64), local_part: 'info', address_key: 'example.org@info' }
    await tables.transaction(async (knex) => {
      await knex('domains').insert({ name: 'example.org', ...at })
      await knex('accounts').insert({ ...account, disabled: true, disabled_protocols: 'pop3' })
      await knex('aliases').insert({ ...alias, target_local_part: 'jo', target_domain: 'example.org' })
    })
  })
  const { accounts, administration, stop } = await startSqlAccounts(base)
  const jo = { localPart: 'Jo', domain: 'example.org' }
  expect(await administration.accounts()).toEqual([
    { id: 'a'.repeat(26), address: jo, disabled: true, disabledProtocols: ['pop3'] },
  ])
  expect(await accounts.resolve(addressOf('info@example.org'))).toMatchObject({ kind: 'alias' })
  expect(await accounts.domain('example.org')).toEqual({ name: 'example.org' })
  await administration.updateDomain('example.org', { maxAccounts: 1 })
  await stop()
})

it('may run again after it was cut off', async () => {
  await using base = await databaseUnderTest()
  const { database: tables, administration, stop } = await startSqlAccounts(base)
  await administration.addDomain('example.org', { maxAccounts: 5 })
  // As where a database commits each step by itself, and the process died before the end.
  if (tables.dialect === 'mysql') await tables.query((knex) => settingsMigration.up(knex))
  expect(await administration.domains()).toEqual([{ name: 'example.org', maxAccounts: 5 }])
  await stop()
})

/** The first tables only, as an earlier version left them. */
async function withTables(
  options: Parameters<typeof databasePlugin>[0],
  run: (tables: Database) => Promise<void>,
): Promise<void> {
  const { definition, options: input } = databasePlugin(options)
  const provided: Database[] = []
  const context = {
    provide: (_key: typeof database, service: Database) => void provided.push(service),
    clock: systemClock,
    migrations: [{ plugin: 'accounts-sql', migrations: [accountsMigration] }],
    log: createLog('silent'),
    dataDir: '',
    ...unwatched(),
  } as unknown as PluginContext
  const lifecycle = definition.setup(context, definition.parseOptions(input))
  await lifecycle?.start?.()
  for (const tables of provided) await run(tables)
  await lifecycle?.stop?.()
}
