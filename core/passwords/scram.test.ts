import { describe, expect, it } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import { hashForScram, hashForScramSync, readScramKeys, verifyPassword } from './index.ts'

const settings = { salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), iterations: 4096 }

// The example of RFC 7677 §3: what its client proves, and how its server answers.
const storedKey = 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY='
const serverKey = 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU='

describe('keys for SCRAM', () => {
  it('are those of RFC 7677 §3', async () => {
    const keys = await hashForScram('pencil', settings)
    expect(keys).toBe(`{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,${storedKey},${serverKey}`)
    expect(hashForScramSync('pencil', settings)).toBe(keys)
  })

  it('are made of the prepared secret (RFC 5802 §2.2), and verify it in any spelling', async () => {
    const keys = await hashForScram('I\u00adX\u00a0\u2168', settings)
    expect(keys).toBe(await hashForScram('IX IX', settings))
    for (const secret of ['I\u00adX\u00a0\u2168', 'IX IX'])
      expect(await verifyPassword(secret, keys)).toBe(true)
    expect(await verifyPassword('ix ix', keys)).toBe(false)
  })

  it('are not made of what they would not tell from something else', async () => {
    for (const secret of ['', 'x'.repeat(1025), 'a\0', 'a\tb', 'a\u200eb'])
      await expectCode(hashForScram(secret, settings), 'MAIL_E_INVALID')
    expect(() => hashForScramSync('a\tb', settings)).toThrow('RFC 4013')
    const keys = await hashForScram('pencil', settings)
    for (const secret of ['pencil\0', 'pencil\0\0', '\0pencil'])
      expect(await verifyPassword(secret, keys)).toBe(false)
  })

  it('are read in both forms, and in no other', () => {
    const expected = {
      ...settings,
      storedKey: Buffer.from(storedKey, 'base64'),
      serverKey: Buffer.from(serverKey, 'base64'),
    }
    const bare = `4096,W22ZaJ0SNY7soEsUEjb6gQ==,${storedKey},${serverKey}`
    const rfc = `SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$${storedKey}:${serverKey}`
    for (const text of [`{SCRAM-SHA-256}${bare}`, `{scram-sha-256}${bare}`, rfc, `{SCRAM-SHA-256}${rfc}`])
      expect(readScramKeys(text), text).toEqual(expected)
    expect(readScramKeys(bare, 'scram-sha-256')).toEqual(expected)
    const none = [
      '',
      bare,
      `{SCRAM-SHA-1}${bare}`,
      `{SCRAM-SHA-256}0${bare.slice(4)}`,
      `{SCRAM-SHA-256}1000001${bare.slice(4)}`,
      `{SCRAM-SHA-256}4096,,${storedKey},${serverKey}`,
      `{SCRAM-SHA-256}${bare.slice(0, -4)}`,
      `{SCRAM-SHA-256}${bare},x`,
      '$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA',
    ]
    for (const text of none) expect(readScramKeys(text), text).toBeUndefined()
  })
})
