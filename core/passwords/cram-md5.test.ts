import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  hashForCramMd5,
  isCramMd5Hash,
  needsRehash,
  provesCramMd5Key,
  readCramMd5Key,
  verifyPassword,
} from './index.ts'

// `doveadm pw -s CRAM-MD5 -p tanstaaftanstaaf`
const ofDovecot = '{CRAM-MD5}d06d4e1b26fccaa4b0b61801132340a354b21152711fb604ca3e035e7015116b'

// The example of RFC 2195 §2.
const example = {
  challenge: '<1896.697170952@postoffice.reston.mci.net>',
  digest: Buffer.from('b913a602c7eda7a495b4e6e7334d3890', 'hex'),
}

const proves = (stored: string, response = example, options = {}) => {
  const key = readCramMd5Key(stored, options)
  return key && provesCramMd5Key(key, response)
}

describe('a password for CRAM-MD5', () => {
  it('is kept as Dovecot keeps it, and answers the challenge of RFC 2195 §2', () => {
    expect(hashForCramMd5('tanstaaftanstaaf')).toBe(ofDovecot)
    expect(proves(ofDovecot)).toBe(true)
    expect(proves(hashForCramMd5('tanstaaftanstaa'))).toBe(false)
    expect(proves(ofDovecot, { ...example, challenge: `${example.challenge} ` })).toBe(false)
    expect(proves(ofDovecot, { ...example, digest: example.digest.subarray(1) })).toBe(false)
  })

  it('answers as HMAC-MD5 does, however long it is', () => {
    for (const length of [1, 16, 55, 56, 63, 64, 65, 200, 1024]) {
      const secret = 'pässwörd'.repeat(128).slice(0, length / 2) || 'x'
      const challenge = `<${'7'.repeat(length)}@localhost>`
      const digest = createHmac('md5', secret).update(challenge).digest()
      expect(proves(hashForCramMd5(secret), { challenge, digest }), `${length}`).toBe(true)
    }
  })

  it('verifies a password in clear, and is not what new ones are', async () => {
    expect(await verifyPassword('tanstaaftanstaaf', ofDovecot)).toBe(true)
    for (const wrong of ['', 'tanstaaftanstaaf\0', 'tanstaaftanstaa', ofDovecot, ofDovecot.slice(10)])
      expect(await verifyPassword(wrong, ofDovecot)).toBe(false)
    expect([isCramMd5Hash(ofDovecot), isCramMd5Hash('{PLAIN}x'), needsRehash(ofDovecot)]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('is also one in clear, where the text or the caller says that it is that', () => {
    const bare = ofDovecot.slice('{CRAM-MD5}'.length)
    for (const [stored, options] of [
      ['{PLAIN}tanstaaftanstaaf', {}],
      ['{CLEAR.B64}dGFuc3RhYWZ0YW5zdGFhZg==', {}],
      ['tanstaaftanstaaf', { plain: true }],
      ['tanstaaftanstaaf', { bareScheme: 'PLAIN' }],
      [bare, { bareScheme: 'CRAM-MD5' }],
      [`{hmac-md5}${bare.toUpperCase()}`, {}],
    ] as const)
      expect(proves(stored, example, options), stored).toBe(true)
  })

  it('is nothing else', () => {
    for (const stored of ['', 'tanstaaftanstaaf', '{SSHA}AAAA', '$argon2id$', '{CRAM-MD5}', `${ofDovecot}0`])
      expect(readCramMd5Key(stored), stored).toBeUndefined()
  })

  it('is refused where no login could have it', async () => {
    for (const secret of ['', 'x'.repeat(1025), 'a\0', 'a\tb'])
      await expectCode(
        Promise.resolve().then(() => hashForCramMd5(secret)),
        'MAIL_E_INVALID',
      )
  })
})
