import { accounts } from 'mailwright'
import accountsSql from 'mailwright/plugins/accounts-sql'
import databasePlugin from 'mailwright/plugins/database'
import { addressOf, createTestHost, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'
import { countSending } from './sending-counts.ts'

describe('sending limits', () => {
  let base: DatabaseUnderTest
  let system: SqlAccounts
  let clock: FakeClock

  beforeEach(async () => {
    base = await databaseUnderTest()
    clock = fakeClock(Date.UTC(2026, 0, 1))
    system = await startSqlAccounts(base, { clock })
  })

  afterEach(async () => {
    await system.stop()
    await base[Symbol.asyncDispose]()
  })

  const limit = { recipients: 3, perSeconds: 60 }
  const count = (id = 'a', most = limit): Promise<boolean> =>
    countSending({ database: system.database, clock }, id, most)

  it('let so many through in each window, and each account its own', async () => {
    expect([await count(), await count(), await count(), await count(), await count('b')]).toEqual([
      true,
      true,
      true,
      false,
      true,
    ])
    clock.advance(59_999)
    expect(await count()).toBe(false)
    clock.advance(1)
    expect(await count()).toBe(true)
  })

  it('hold when many count at the same time, in several processes', async () => {
    const other = await startSqlAccounts(base, { clock })
    const both = [system, other].flatMap(({ database }) =>
      Array.from({ length: 10 }, () => countSending({ database, clock }, 'a', limit)),
    )
    expect((await Promise.all(both)).filter(Boolean)).toHaveLength(3)
    await other.stop()
  })

  it('take a change of the limit at once, and let nothing out at 0', async () => {
    for (let sent = 0; sent < 3; sent++) expect(await count()).toBe(true)
    expect(await count('a', { recipients: 4, perSeconds: 60 })).toBe(true)
    expect(await count('a', { recipients: 2, perSeconds: 86_400 })).toBe(false)
    expect(await count('a', { recipients: 5, perSeconds: 86_400 })).toBe(true)
    expect(await count('b', { recipients: 0, perSeconds: 60 })).toBe(false)
  })

  it('refuse recipients of a session whose account is over it, disabled, or gone', async () => {
    const host = await createTestHost({ plugins: [databasePlugin(base.options), accountsSql()], clock })
    const service = host.service(accounts)
    const { administration } = service
    if (administration === undefined) throw new Error('no administration')
    await administration.addDomain('example.org')
    const jo = addressOf('jo@example.org')
    await administration.addAccount({ address: jo, password: 'secret', sendingLimit: limit })
    const [local, remote] = [
      { address: '192.0.2.1', port: 587 },
      { address: '192.0.2.10', port: 40_000 },
    ]
    const session = host.flow.openSession({ role: 'submission', local, remote })
    const attempt = { mechanism: 'PLAIN', login: 'jo@example.org' }
    expect((await session.login(attempt, 'secret')).ok).toBe(true)
    const answer = async () => {
      const mail = await session.mail(jo)
      if (!mail.ok) throw new Error('the sender was refused')
      const { code, lines } = await mail.transaction.recipient(addressOf('x@elsewhere.example'))
      return `${code} ${lines.join()}`
    }
    // Nobody takes the recipient here: what the limit lets through is refused for that.
    const passed = '550 We do not take mail for that address'
    for (let sent = 0; sent < 3; sent++) expect(await answer()).toBe(passed)
    const over = '450 The sending limit of this account is reached, try again later'
    expect([await answer(), await answer()]).toEqual([over, over])
    clock.advance(60_000)
    expect(await answer()).toBe(passed)
    await administration.setSendingLimit(jo, { recipients: 1, perSeconds: 60 })
    expect(await answer()).toBe(over)
    await administration.setSendingLimit(jo, undefined)
    expect(await answer()).toBe(passed)
    await administration.setDisabled(jo, true)
    expect(await answer()).toBe('550 This account may not send')
    await administration.removeAccount(jo)
    expect(await answer()).toBe('550 This account may not send')
    session.close()
    await host.stop()
  })
})
