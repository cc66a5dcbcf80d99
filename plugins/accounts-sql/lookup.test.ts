import type { Notifier, Resolution } from 'mailwright'
import { addressOf, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { type SqlAccounts, startSqlAccounts } from '../../test/support/sql-accounts.ts'

/** Hints that arrive at once. */
function directNotifier(): Notifier {
  const listeners = new Set<() => void>()
  return {
    publish() {
      for (const listener of listeners) listener()
    },
    subscribe(_topic, listener) {
      const told = () => listener({})
      listeners.add(told)
      return () => listeners.delete(told)
    },
  }
}

describe('look-ups of several processes', () => {
  let base: DatabaseUnderTest
  let clock: FakeClock
  let hints: Notifier
  /** This process, another one on the same database, and one of the same process as the first. */
  let mine: SqlAccounts
  let other: SqlAccounts
  let neighbour: SqlAccounts

  const jo = addressOf('jo@example.org')
  const kindOf = async ({ accounts }: SqlAccounts, text = 'jo@example.org'): Promise<Resolution['kind']> =>
    (await accounts.resolve(addressOf(text))).kind

  beforeEach(async () => {
    base = await databaseUnderTest()
    clock = fakeClock(Date.now())
    hints = directNotifier()
    mine = await startSqlAccounts(base, { clock, notifier: hints })
    neighbour = await startSqlAccounts(base, { clock, notifier: hints })
    other = await startSqlAccounts(base, { clock })
    await mine.administration.addDomain('example.org')
    await mine.administration.addAccount({ address: jo, password: 'secret' })
  })

  afterEach(async () => {
    for (const system of [mine, other, neighbour]) await system.stop()
    await base[Symbol.asyncDispose]()
  })

  it('see a change of their own process at once, and of another one within a second', async () => {
    for (const system of [mine, other, neighbour]) expect(await kindOf(system)).toBe('account')
    await other.administration.removeAccount(jo)
    expect(await kindOf(other)).toBe('unknown')
    clock.advance(999)
    expect(await kindOf(mine)).toBe('account')
    clock.advance(1)
    expect(await kindOf(mine)).toBe('unknown')
    await mine.administration.restoreAccount(jo)
    expect([await kindOf(mine), await kindOf(neighbour)]).toEqual(['account', 'account'])
  })

  it('never let a cached answer decide a login', async () => {
    const { id } = await mine.administration.addAccount({
      address: addressOf('an@example.org'),
      password: 'x',
    })
    expect(await mine.accounts.byId(id)).toBeDefined()
    await other.administration.setPassword(addressOf('an@example.org'), 'y')
    expect(await mine.accounts.verify('an@example.org', 'x', 'imap')).toMatchObject({ ok: false })
    expect(await mine.accounts.verify('an@example.org', 'y', 'imap')).toMatchObject({ ok: true })
    await other.administration.setDisabled(addressOf('an@example.org'), true)
    expect(await mine.accounts.verify('an@example.org', 'y', 'imap')).toMatchObject({ reason: 'disabled' })
    await other.administration.removeAccount(addressOf('an@example.org'))
    expect(await mine.accounts.verify('an@example.org', 'y', 'imap')).toMatchObject({ reason: 'unknown' })
  })

  it('ask the database once for what is asked often', async () => {
    let queries = 0
    await mine.database.query(async (knex) => void knex.on('query', () => queries++))
    for (let count = 0; count < 5; count++) {
      expect(await kindOf(mine)).toBe('account')
      expect(await kindOf(mine, 'jo+a@example.org')).toBe('account')
      expect(await kindOf(mine, 'nosuch@example.org')).toBe('unknown')
      expect(await kindOf(mine, 'jo@elsewhere.example')).toBe('foreign')
      expect(await mine.accounts.domain('EXAMPLE.org')).toEqual({ name: 'example.org' })
    }
    // One each, and one for the number of changes.
    expect(queries).toBe(6)
  })

  it('tell every spelling of a detail apart', async () => {
    const details = await Promise.all(
      ['jo+A@example.org', 'jo+a@example.org', 'JO+A@EXAMPLE.org', 'jo@example.org'].map(async (text) => {
        const found = await mine.accounts.resolve(addressOf(text))
        return found.kind === 'account' ? found.detail : found.kind
      }),
    )
    expect(details).toEqual(['A', 'a', 'A', undefined])
  })

  it('keep nothing of what is too long to be an address', async () => {
    for (const localPart of ['x'.repeat(100_000), 'x'.repeat(400)])
      expect(await mine.accounts.resolve({ localPart, domain: 'example.org' })).toEqual({ kind: 'unknown' })
    expect(await mine.accounts.byId('x'.repeat(100_000))).toBeUndefined()
  })
})
