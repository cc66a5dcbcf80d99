import { hash } from '@node-rs/argon2'
import { describe, expect, it } from 'vitest'
import { errorCode } from '../errors.ts'
import { hashPassword, needsRehash, verifyNothing, verifyPassword } from './index.ts'

const weak = { memoryCost: 1024, timeCost: 1, parallelism: 1 }

describe('hashPassword', () => {
  it('makes an argon2id PHC string with a salt of its own', async () => {
    const [first, second] = await Promise.all([hashPassword('Tr0ub4dor&3'), hashPassword('Tr0ub4dor&3')])
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
    expect(second).not.toBe(first)
    expect(await verifyPassword('Tr0ub4dor&3', first)).toBe(true)
    expect(await verifyPassword('tr0ub4dor&3', first)).toBe(false)
    expect(needsRehash(first)).toBe(false)
  })

  it.each([
    ['an empty one', ''],
    ['one of 1,025 octets', 'a'.repeat(1025)],
    ['one of 1,026 octets in 513 characters', 'ü'.repeat(513)],
    ['one of ten million', 'a'.repeat(10_000_000)],
    ['a tab', 'tab\tpw'],
    ['another control', 'ctl\x01x'],
    ['a NUL', 'nul\0nul'],
    ['a change of direction', 'bidi\u200ex'],
    ['what stands for octets that are not UTF-8', 'lat\ufffd'],
    ['nothing but what is not seen', '\u00ad\u200d'],
  ])('refuses %s', async (_, secret) => {
    expect(await hashPassword(secret).catch(errorCode)).toBe('MAIL_E_INVALID')
  })

  it('takes everything else, to the last octet', async () => {
    for (const secret of [
      'ü'.repeat(512),
      `${'a'.repeat(1023)}b`,
      ' sp\u00a0ace ',
      'פורים2',
      "'; DROP TABLE accounts; --",
    ]) {
      const stored = await hashPassword(secret)
      expect(await verifyPassword(secret, stored)).toBe(true)
      expect(await verifyPassword(`${secret.slice(0, -1)}x`, stored)).toBe(false)
    }
  })
})

describe('verifyPassword', () => {
  it('takes a {SCHEME} before the hash, where it is the right one', async () => {
    const stored = await hash('secret', weak)
    expect(await verifyPassword('secret', `{ARGON2ID}${stored}`)).toBe(true)
    expect(await verifyPassword('secret', `{argon2id}${stored}`)).toBe(true)
    expect(
      await verifyPassword('secret', `{ARGON2I}${await hash('secret', { ...weak, algorithm: 1 })}`),
    ).toBe(true)
    expect(await verifyPassword('secret', `{BLF-CRYPT}${stored}`)).toBe(false)
    expect(await verifyPassword('secret', `{}${stored}`)).toBe(false)
  })

  it('takes hashes of other schemes, and what the caller says a bare one is', async () => {
    expect(await verifyPassword('mypass', '*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4')).toBe(true)
    expect(await verifyPassword('secret', '{PLAIN}secret')).toBe(true)
    expect(await verifyPassword('Secret', '{PLAIN}secret')).toBe(false)
    expect(await verifyPassword('secret', 'secret', { plain: true })).toBe(true)
    const md5 = '5ebe2294ecd0e0f08eab7690d2a6ee69'
    expect(await verifyPassword('secret', md5)).toBe(false)
    expect(await verifyPassword('secret', md5, { bareScheme: 'PLAIN-MD5' })).toBe(true)
    expect(await verifyPassword('secret', md5, { bareScheme: 'MD6' }).catch(errorCode)).toBe('MAIL_E_INVALID')
  })

  it('does the work of a hash of today for a wrong secret, where the stored one takes less', async () => {
    const order: string[] = []
    const verified = (word: string, secret: string, stored: string) =>
      verifyPassword(secret, stored).then(() => order.push(word))
    await Promise.all([verified('wrong', 'x', '{PLAIN}secret'), verified('right', 'secret', '{PLAIN}secret')])
    await Promise.all([verified('malformed', 'x', 'none'), verified('right', 'secret', '{PLAIN}secret')])
    expect(order).toEqual(['right', 'wrong', 'right', 'malformed'])
  })

  it('never takes a secret that could not have been set', async () => {
    const stored = await hash('', weak)
    expect(await verifyPassword('', stored)).toBe(false)
    expect(await verifyPassword('', '{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk=')).toBe(false)
    expect(await verifyPassword('', '{PLAIN}')).toBe(false)
    expect(await verifyPassword('', '', { plain: true })).toBe(false)
    const long = 'a'.repeat(1025)
    expect(await verifyPassword(long, `{PLAIN}${long}`)).toBe(false)
    expect(await verifyPassword(long, await hash(long, weak))).toBe(false)
    expect(await verifyNothing('')).toBe(false)
    expect(await verifyNothing(long)).toBe(false)
  })

  const salt = 'c29tZXNhbHRzb21lc2FsdA'
  const output = 'A'.repeat(43)
  it.each([
    '',
    '!',
    '*',
    'secret',
    '{ARGON2ID}secret',
    '{__proto__}secret',
    '$',
    '$argon2id$',
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$`,
    `$argon2id$v=19$m=1024,t=1,p=1$$${output}`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$AAAAAA`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${output}$`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${output}\n`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${'A'.repeat(42)}B`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${'A'.repeat(45)}`,
    `$argon2id$v=19$m=0,t=1,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=1024,t=0,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=1024,t=1,p=0$${salt}$${output}`,
    `$argon2id$v=19$m=8,t=1,p=16$${salt}$${output}`,
    `$argon2id$v=19$m=4194304,t=1,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=1024,t=999,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=262144,t=16,p=1$${salt}$${output}`,
    `$argon2id$v=18$m=1024,t=1,p=1$${salt}$${output}`,
    `$argon2x$v=19$m=1024,t=1,p=1$${salt}$${output}`,
    `$argon2id$v=19$m=1024,t=1,p=1$${salt}$${output}`.repeat(20),
    `$argon2id$${'9'.repeat(10_000_000)}`,
  ])('fails closed for %.60j', async (stored) => {
    expect(await verifyPassword('secret', stored)).toBe(false)
    expect(needsRehash(stored)).toBe(true)
  })
})

describe('needsRehash', () => {
  it('is true for weaker parameters, other kinds and other schemes', async () => {
    const stored = await hash('secret', weak)
    expect(await verifyPassword('secret', stored)).toBe(true)
    expect(needsRehash(stored)).toBe(true)
    const today = await hashPassword('secret')
    for (const prefix of ['', '{ARGON2ID}', '{argon2}']) expect(needsRehash(`${prefix}${today}`)).toBe(false)
    // A password that looks like a hash, kept as it is.
    expect(needsRehash(`{PLAIN}${today}`)).toBe(true)
    expect(needsRehash('{SHA}I7dElEdfX4dJgLdnbVEeI9iG2mQ=')).toBe(true)
    const other = `$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$${'A'.repeat(43)}`
    expect(needsRehash(other)).toBe(true)
  })
})

describe('a login storm', () => {
  it('refuses what would wait too long, and answers the others', async () => {
    const stored = await hash('secret', { memoryCost: 8, timeCost: 1, parallelism: 1 })
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => verifyPassword('secret', stored).catch(errorCode)),
    )
    expect(answers.filter((answer) => answer === true)).toHaveLength(258)
    expect(answers.filter((answer) => answer === 'MAIL_E_UNAVAILABLE')).toHaveLength(42)
    expect(await verifyPassword('secret', stored)).toBe(true)
  })
})
