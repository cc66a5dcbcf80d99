import { beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../model/account.ts'
import { hashPassword, verifyPassword } from '../passwords/index.ts'
import { makeAppPassword } from './app-password.ts'
import { verifyLogin } from './login.ts'

const account: Account = { id: 'a', address: { localPart: 'jo', domain: 'example.org' } }

describe('verifyLogin', () => {
  let password: string
  const phone = makeAppPassword({ name: 'Phone', roles: ['imap'] }, [], 0)
  beforeAll(async () => {
    password = await hashPassword('secret')
  })

  const record = (facts: Partial<Account> = {}) => ({
    account: { ...account, ...facts },
    password,
    appPasswords: [phone.stored],
  })

  it('says which secret it was', async () => {
    expect(await verifyLogin('secret', 'pop3', record())).toEqual({
      verification: { ok: true, account },
      used: undefined,
    })
    expect(await verifyLogin(phone.secret, 'imap', record())).toEqual({
      verification: { ok: true, account, appPassword: 'Phone' },
      used: phone.stored,
    })
  })

  it('takes the account’s own where an app password of the same text is for something else', async () => {
    const same = await hashPassword(phone.secret)
    const { verification } = await verifyLogin(phone.secret, 'pop3', { ...record(), password: same })
    expect(verification).toEqual({ ok: true, account })
  })

  it.each([
    ['wrong', {}, 'wrong-secret'],
    ['wrong', { disabled: true }, 'wrong-secret'],
    ['secret', { disabled: true }, 'disabled'],
    ['secret', { disabled: true, disabledProtocols: ['pop3'] }, 'disabled'],
    ['secret', { disabledProtocols: ['pop3'] }, 'protocol'],
  ])('%s, %j: %s', async (secret, facts, reason) => {
    expect((await verifyLogin(secret, 'pop3', record(facts))).verification).toEqual({ ok: false, reason })
  })

  it('fails where an app password is for something else, where there is no password, and where there is nobody', async () => {
    const reasonOf = async (...args: Parameters<typeof verifyLogin>) =>
      (await verifyLogin(...args)).verification
    expect(await reasonOf(phone.secret, 'pop3', record())).toEqual({ ok: false, reason: 'protocol' })
    const bare = { account, password: undefined, appPasswords: [] }
    expect(await reasonOf('', 'pop3', bare)).toEqual({ ok: false, reason: 'wrong-secret' })
    expect(await reasonOf('secret', 'pop3', undefined)).toEqual({ ok: false, reason: 'unknown' })
  })

  it.each([
    ['nobody’s', undefined],
    ['one without a password', { account, password: undefined, appPasswords: [] }],
  ])('%s costs the work of a wrong secret, in the same waiting line', async (_, asked) => {
    const order: string[] = []
    const done = (word: string) => () => order.push(word)
    // Two at a time: whoever comes behind four others begins when three of them are over.
    const others = Array.from({ length: 4 }, () => verifyPassword('wrong', password).then(done('other')))
    await Promise.all([...others, verifyLogin('wrong', 'pop3', asked).then(done('asked'))])
    expect(order.indexOf('asked')).toBeGreaterThanOrEqual(3)
  })
})
