import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import type { SessionRole } from '../model/session.ts'
import { hashForCramMd5 } from '../passwords/index.ts'
import { hashAppSecret, makeAppPassword, matchAppPassword } from './app-password.ts'
import { verifyCramMd5 } from './cram-md5.ts'
import type { LoginRecord } from './login.ts'

interface StoredSecret {
  readonly name: string
  readonly hash: string
  readonly roles: readonly string[]
}

const account = { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } }
const phone = { name: 'Phone', roles: ['imap'], hash: hashForCramMd5('phone secret') }
const other = { name: 'Other', roles: [], hash: hashAppSecret('other secret', false) }
const jo = { account, password: hashForCramMd5('secret'), appPasswords: [other, phone] }

function answer(secret: string) {
  const challenge = '<1.2@localhost>'
  return { challenge, digest: createHmac('md5', secret).update(challenge).digest() }
}

const verify = (
  secret: string,
  record: LoginRecord<StoredSecret> | undefined = jo,
  role: SessionRole = 'imap',
) => verifyCramMd5(answer(secret), role, record)

const failed = (reason: string) => ({ verification: { ok: false, reason }, used: undefined })

it('judges by the account’s own password and by app passwords', () => {
  expect(verify('secret')).toEqual({ verification: { ok: true, account }, used: undefined })
  expect(verify('phone secret')).toEqual({
    verification: { ok: true, account, appPassword: 'Phone' },
    used: phone,
  })
  expect(verify('phone secret', jo, 'pop3')).toEqual(failed('protocol'))
  for (const wrong of ['other secret', '', 'Secret']) expect(verify(wrong)).toEqual(failed('wrong-secret'))
})

it('takes, of app passwords with one secret, the one that opens the account', () => {
  const twin = (name: string, role: string) => ({ ...phone, name, roles: [role] })
  const record = { ...jo, appPasswords: [twin('Mail', 'imap'), twin('Send', 'submission')] }
  expect(verify('phone secret', record, 'submission')).toMatchObject({
    verification: { ok: true, appPassword: 'Send' },
    used: { name: 'Send' },
  })
  expect(verify('phone secret', record)).toMatchObject({ verification: { appPassword: 'Mail' } })
  expect(verify('phone secret', record, 'pop3')).toEqual(failed('protocol'))
})

it('has a reason for every failure', () => {
  expect(verifyCramMd5(answer('secret'), 'imap', undefined)).toEqual(failed('unknown'))
  const bare = { account, password: '{SSHA}AAAA', appPasswords: [other] }
  expect(verify('secret', bare)).toEqual(failed('no-keys'))
  expect(verify('secret', { ...bare, password: undefined })).toEqual(failed('no-keys'))
  expect(verify('secret', { ...jo, account: { ...account, disabled: true } })).toEqual(failed('disabled'))
  expect(verify('wrong', { ...jo, account: { ...account, disabled: true } })).toEqual(failed('wrong-secret'))
})

it('lets nobody in by the key that stands for nobody', () => {
  const nobody = verifyCramMd5({ challenge: 'x', digest: Buffer.alloc(16) }, 'imap', undefined)
  expect(nobody.verification).toEqual({ ok: false, reason: 'unknown' })
})

it('knows app passwords that are kept for it in clear as well', () => {
  const { stored, secret } = makeAppPassword({ name: 'Scanner' }, [], 0, true)
  expect(stored.hash).toMatch(/^\{CRAM-MD5\}[0-9a-f]{64}$/)
  expect(matchAppPassword(secret, 'imap', [stored])).toEqual({ found: stored, inScope: true })
  expect(matchAppPassword(`${secret}x`, 'imap', [stored])).toBeUndefined()
  for (const hash of ['{CRAM-MD5}', `{PLAIN}${secret}`]) {
    const odd = { ...stored, hash }
    expect(matchAppPassword(secret, 'imap', [odd])).toBeUndefined()
    expect(verify(secret, { account, password: undefined, appPasswords: [odd] })).toEqual(failed('no-keys'))
  }
  expect(makeAppPassword({ name: 'Scanner' }, [], 0).stored.hash).toMatch(/^\{SSHA256\}/)
})
