import { createPrivateKey } from 'node:crypto'
import { generate, type SelfsignedOptions } from 'selfsigned'
import { beforeAll, describe, expect, test } from 'vitest'
import { chooseKeyPair, makeKeyPair } from './key-pair.ts'

let one: { key: string; chain: string }
let two: { key: string; chain: string }
let weak: { key: string; chain: string }

/** A certificate for a name and the hosts below it. */
async function certificateFor(
  name: string,
  kind: Pick<SelfsignedOptions, 'keyType' | 'keySize'> = { keyType: 'ec' },
): Promise<{ key: string; chain: string }> {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...kind,
    algorithm: 'sha256',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 2, value: `*.${name}` },
        ],
      },
    ],
  })
  return { key: made.private, chain: made.cert }
}

beforeAll(async () => {
  one = await certificateFor('one.example')
  two = await certificateFor('two.example')
  weak = await certificateFor('weak.example', { keyType: 'rsa', keySize: 1024 })
})

describe('the names of a pair', () => {
  test('are those in the certificate', () => {
    const pair = makeKeyPair(one, undefined, 'a.pem')
    expect(pair.covers('one.example')).toBe(true)
    expect(pair.covers('mail.one.example')).toBe(true)
    expect(pair.covers('a.mail.one.example')).toBe(false)
    expect(pair.covers('two.example')).toBe(false)
  })

  test('or those that the config says', () => {
    const pair = makeKeyPair(one, ['mx.three.example', '*.four.example'], 'a.pem')
    expect(pair.covers('mx.three.example')).toBe(true)
    expect(pair.covers('a.four.example')).toBe(true)
    expect(pair.covers('four.example')).toBe(false)
    expect(pair.covers('a.b.four.example')).toBe(false)
    expect(pair.covers('one.example')).toBe(false)
  })
})

test('the first pair is for unknown and impossible names', () => {
  const pairs = [makeKeyPair(one, undefined, 'a.pem'), makeKeyPair(two, undefined, 'a.pem')]
  expect(chooseKeyPair(pairs, 'TWO.example')).toBe(pairs[1])
  for (const name of [undefined, 'three.example', '', '..', 'a\0b', 'x'.repeat(1000), '[192.0.2.1]']) {
    expect(chooseKeyPair(pairs, name)).toBe(pairs[0])
  }
  expect(chooseKeyPair([], 'one.example')).toBeUndefined()
})

describe('what cannot be used is named', () => {
  const encrypted = () =>
    createPrivateKey(one.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' })
      .toString()
  // Its first lines are enough.
  const encryptedAsBefore =
    '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n'

  // As a file is that somebody is writing.
  const cutOff = () => `${one.chain.trimEnd()}\n${two.chain.slice(0, -40)}`

  test.each([
    [() => ({ key: one.key, chain: two.chain }), /^key: does not belong to the certificate$/],
    [() => ({ key: 'nonsense', chain: one.chain }), /^key: is not a private key in PEM form/],
    [() => ({ key: encrypted(), chain: one.chain }), /^key: is encrypted with a passphrase/],
    [() => ({ key: encryptedAsBefore, chain: one.chain }), /^key: is encrypted with a passphrase/],
    [() => ({ key: one.key, chain: 'nonsense' }), /^chain: is not a certificate in PEM form/],
    [() => ({ key: one.chain, chain: one.key }), /^key: is not a private key/],
    [() => ({ key: one.key, chain: cutOff() }), /^chain: cannot be used for TLS/],
    [() => weak, /^chain: cannot be used for TLS \(.*key too small/],
  ])('case %#', (certificate, problem) => {
    expect(() => makeKeyPair(certificate(), undefined, 'a.pem')).toThrow(problem)
  })
})
