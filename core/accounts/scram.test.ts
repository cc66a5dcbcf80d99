import { describe, expect, it, vi } from 'vitest'
import { verifyPassword } from '../passwords/index.ts'
import {
  lacksScramKeys,
  makeScramKeys,
  type ScramPolicy,
  type ScramRecord,
  type ScramSecret,
  scramVerifierOf,
} from './scram.ts'

const policy: ScramPolicy = { saltKey: Buffer.alloc(32, 7), iterations: 4096 }
const account = { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } }
const bare: ScramRecord<ScramSecret> = { account, scramKeys: undefined, appPasswords: [] }
const jo = { login: 'jo@example.org', role: 'imap' } as const

/** The verifier for an account as it is, or for nobody. */
function verifierFor(record: ScramRecord<ScramSecret> | undefined, question: object = {}, by = policy) {
  return scramVerifierOf(by, { ...jo, load: async () => record, ...question })
}

type Shown = readonly [salt: string, iterations: number]

async function shownTo(login: string, record?: ScramRecord<ScramSecret>, by = policy): Promise<Shown> {
  const { salt, iterations } = await verifierFor(record, { login }, by)
  return [salt.toString('hex'), iterations]
}

describe('keys for SCRAM', () => {
  it('verify the secret as a hash, too', async () => {
    const keys = await makeScramKeys(policy, 'a secret', account.address, bare)
    expect(keys).toMatch(/^\{SCRAM-SHA-256\}4096,/)
    expect(await verifyPassword('a secret', keys)).toBe(true)
    expect(await verifyPassword('another', keys)).toBe(false)
  })

  it('change nothing of what an outsider sees', async () => {
    const nobody = await shownTo('jo@example.org')
    const scramKeys = await makeScramKeys(policy, 'a secret', account.address, bare)
    expect(await shownTo('jo@example.org', bare)).toEqual(nobody)
    expect(await shownTo('JO@Example.ORG', { ...bare, scramKeys })).toEqual(nobody)
    const others = ['jo2@example.org', 'jo', 'x'.repeat(5000), '\ud800']
    const shown = await Promise.all(others.map((login) => shownTo(login)))
    expect(new Set([nobody, ...shown].map(String)).size).toBe(5)
    const elsewhere = { ...policy, saltKey: Buffer.alloc(32, 8) }
    expect(await shownTo('jo@example.org', undefined, elsewhere)).not.toEqual(nobody)
  })

  it('of all secrets have one salt, which was there first', async () => {
    const other = { saltKey: Buffer.alloc(32, 9), iterations: 5000 }
    const scramKeys = await makeScramKeys(other, 'from elsewhere', account.address, bare)
    const record = { ...bare, scramKeys }
    const phone = {
      name: 'Phone',
      roles: ['imap'],
      scramKeys: await makeScramKeys(policy, 'phone', account.address, record),
    }
    const stale = {
      name: 'Old',
      roles: [],
      scramKeys: await makeScramKeys(policy, 'old', account.address, bare),
    }
    const none = { name: 'New', roles: [], scramKeys: 'nonsense' }
    const whole = { ...record, appPasswords: [phone, stale, none] }
    expect(await verifierFor(whole)).toMatchObject({ iterations: 5000, keys: [{}, {}] })
    const kept = [scramKeys, phone.scramKeys, stale.scramKeys, none.scramKeys, undefined]
    expect(kept.map((keys) => lacksScramKeys(policy, whole, keys))).toEqual([false, false, true, true, true])
  })
})

describe('a login', () => {
  async function withPhone() {
    const scramKeys = await makeScramKeys(policy, 'own', account.address, bare)
    const phone = {
      name: 'Phone',
      roles: ['imap'],
      scramKeys: await makeScramKeys(policy, 'phone', account.address, bare),
    }
    return { ...bare, scramKeys, appPasswords: [phone] }
  }

  it('is judged as one by password', async () => {
    const record = await withPhone()
    const onUse = vi.fn(async () => undefined)
    const ask = async (whose: ScramRecord<ScramSecret> | undefined, which?: 0 | 1, role = 'imap') => {
      const verifier = await verifierFor(whose, { role, onUse })
      return verifier.verify(which === undefined ? undefined : verifier.keys[which])
    }
    expect(await ask(record, 0)).toEqual({ ok: true, account })
    expect(onUse).not.toHaveBeenCalled()
    expect(await ask(record, 1)).toEqual({ ok: true, account, appPassword: 'Phone' })
    expect(onUse).toHaveBeenCalledExactlyOnceWith(record.appPasswords[0])
    const reasons = [
      await ask(undefined),
      await ask(bare),
      await ask(record),
      await ask(record, 1, 'pop3'),
      await ask({ ...record, account: { ...account, disabled: true } }, 0),
      await ask({ ...record, account: { ...account, disabledProtocols: ['imap'] } }, 0),
    ].map((verified) => !verified.ok && verified.reason)
    expect(reasons).toEqual(['unknown', 'no-keys', 'wrong-secret', 'protocol', 'disabled', 'protocol'])
  })

  it('takes, of app passwords with one secret, the one that opens the account', async () => {
    const record = await withPhone()
    const [phone] = record.appPasswords
    if (phone === undefined) throw new Error('no app password')
    const twin = { ...phone, name: 'Send', roles: ['submission'] }
    const onUse = vi.fn(async () => undefined)
    const ask = async (role: string) => {
      const verifier = await verifierFor({ ...record, appPasswords: [phone, twin] }, { role, onUse })
      return verifier.verify(verifier.keys[1])
    }
    expect(await ask('submission')).toEqual({ ok: true, account, appPassword: 'Send' })
    expect(onUse).toHaveBeenCalledExactlyOnceWith(twin)
    expect(await ask('imap')).toEqual({ ok: true, account, appPassword: 'Phone' })
    expect(await ask('pop3')).toEqual({ ok: false, reason: 'protocol' })
  })

  it('fails where the secret was taken away before its proof came', async () => {
    const record = await withPhone()
    let now: ScramRecord<ScramSecret> | undefined = record
    const verifier = await verifierFor(record, { load: async () => now })
    const reasons: unknown[] = []
    for (const then of [
      { ...record, appPasswords: [] },
      { ...record, account: { ...account, disabled: true } },
      undefined,
    ]) {
      now = then
      reasons.push(await verifier.verify(verifier.keys[1]))
    }
    expect(reasons).toEqual([
      { ok: false, reason: 'wrong-secret' },
      { ok: false, reason: 'disabled' },
      { ok: false, reason: 'unknown' },
    ])
  })
})
