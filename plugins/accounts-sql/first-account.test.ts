import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog, formatAddress } from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'
import type { AccountsSqlInput } from './index.ts'

describe('the first account', () => {
  let folder: string
  let base: DatabaseUnderTest
  const systems: SqlAccounts[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mailwright-first-account-'))
    base = await databaseUnderTest()
  })

  afterEach(async () => {
    for (const system of systems.splice(0)) await system.stop()
    await base[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const firstAccount = { address: 'Postmaster@Example.org' }

  async function run(
    options: AccountsSqlInput = { firstAccount },
  ): Promise<{ system: SqlAccounts; events: string[] }> {
    const events: string[] = []
    const log = createLog('info', { write: (line) => void events.push(line) })
    const system = await startSqlAccounts(base, { options, log, dataDir: folder })
    systems.push(system)
    return { system, events }
  }

  const note = (): string => readFileSync(join(folder, 'first-account.txt'), 'utf8')
  const notedPassword = (): string => /^password: (.*)$/m.exec(note())?.[1] ?? ''

  it('is made when a server starts without any, and told in a file for its owner only', async () => {
    writeFileSync(join(folder, 'first-account.txt.new'), 'left by a crash', { mode: 0o644 })
    const { system, events } = await run()
    expect(await system.accounts.domain('example.org')).toBeUndefined()
    await system.serve()
    expect(note()).toMatch(/^address: Postmaster@example\.org\npassword: [2-9a-z]{5}(-[2-9a-z]{5}){3}\n$/)
    expect(statSync(join(folder, 'first-account.txt')).mode & 0o777).toBe(0o600)
    const verified = await system.accounts.verify('postmaster@example.org', notedPassword(), 'submission')
    expect(verified).toMatchObject({ ok: true })
    const [told] = events.filter((line) => line.includes('"first-run"'))
    expect(told).toContain('Postmaster@example.org')
    expect(events.join()).not.toContain(notedPassword())
    expect(await system.administration.audit()).toMatchObject([
      { actor: 'first-run', action: 'account.add', subject: 'Postmaster@example.org' },
    ])
  })

  it('is made once', async () => {
    const { system } = await run()
    await system.serve()
    const before = note()
    await system.serve()
    await (await run()).system.serve()
    expect(note()).toBe(before)
    expect(await system.administration.accounts()).toHaveLength(1)
  })

  it('is made once also where two servers start at the same time', async () => {
    const [one, two] = [await run(), await run()]
    await Promise.all([one.system.serve(), two.system.serve()])
    const made = await one.system.administration.accounts()
    expect(made.map(({ address }) => formatAddress(address))).toEqual(['Postmaster@example.org'])
    expect(await one.system.accounts.verify('postmaster@example.org', notedPassword(), 'imap')).toMatchObject(
      { ok: true },
    )
  })

  it('is not made beside others, nor where none is wanted', async () => {
    const { system } = await run({})
    await system.serve()
    expect(await system.administration.accounts()).toEqual([])
    await system.administration.addDomain('example.org')
    await system.administration.addAccount({ address: addressOf('jo@example.org') })
    await (await run()).system.serve()
    expect(await system.administration.accounts()).toHaveLength(1)
    expect(note).toThrow()
  })

  it('takes a domain that is there already', async () => {
    const { system } = await run()
    await system.administration.addDomain('example.org')
    await system.serve()
    expect(await system.accounts.verify('postmaster@example.org', notedPassword(), 'imap')).toMatchObject({
      ok: true,
    })
  })

  describe('its file', () => {
    const file = (): string => join(folder, 'first-account.txt')
    const address = addressOf('postmaster@example.org')

    it('goes when its password is set, and not with that of another', async () => {
      const { system } = await run()
      await system.serve()
      await system.administration.addAccount({ address: addressOf('jo@example.org') })
      await system.administration.actingAs('cli').setPassword(addressOf('jo@example.org'), 'a secret of jo')
      expect(existsSync(file())).toBe(true)
      await system.administration.actingAs('cli').setPassword(address, 'another secret')
      expect(existsSync(file())).toBe(false)
      await system.administration.setPassword(address, 'a third secret')
    })

    it.each(['another password', 'no account'])(
      'goes with the next start where there is %s',
      async (state) => {
        const { system } = await run()
        await system.serve()
        const noted = note()
        await system.administration.addAccount({ address: addressOf('jo@example.org') })
        if (state === 'no account') await system.administration.removeAccount(address)
        else await system.administration.setPassword(address, 'another secret')
        writeFileSync(file(), noted)
        await (await run({})).system.serve()
        expect(existsSync(file())).toBe(false)
      },
    )

    it('that cannot be read stops neither a start nor a change', async () => {
      const { system, events } = await run()
      await system.serve()
      rmSync(file())
      mkdirSync(file())
      await system.administration.setPassword(address, 'another secret')
      await system.serve()
      expect(events.filter((line) => line.includes('"unavailable"'))).toHaveLength(2)
      expect(await system.accounts.verify('postmaster@example.org', 'another secret', 'imap')).toMatchObject({
        ok: true,
      })
    })

    it('that says something else is left', async () => {
      const { system } = await run()
      writeFileSync(file(), 'a note of somebody')
      await system.serve()
      writeFileSync(file(), 'a note of somebody')
      await system.administration.setPassword(address, 'another secret')
      expect(note()).toBe('a note of somebody')
    })
  })
})
