import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { der, derValues, sequence } from './der.ts'
import { certificateId } from './renewal-info.ts'
import { extension, extensionIds, publicKeyOf, signCertificate, subjectAltName } from './x509.ts'

function certificate(serial: string, extensions: readonly Buffer[]): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = publicKeyOf(privateKey)
  const facts = { issuer: 'a', subject: 'b', from: 0, to: 1_000, publicKey }
  return signCertificate({ ...facts, serial: Buffer.from(serial, 'hex'), extensions }, privateKey)
}

const keyId = der(0x80, Buffer.from('69885b6b87464041e1b37b847ba0ae2cde01c8d4', 'hex'))
const authorityKey = extension(extensionIds.authorityKeyIdentifier, sequence(keyId))

describe('the id of a certificate', () => {
  test.each([
    // The example of RFC 9773 §4.1: the first bit of the serial number is set.
    ['87654321', 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE'],
    ['07654321', 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.B2VDIQ'],
  ])('with the serial number %s', (serial, id) => {
    expect(certificateId(certificate(serial, [subjectAltName(['a.example']), authorityKey]))).toBe(id)
  })

  test.each([
    ['no extension', []],
    ['another one', [subjectAltName(['a.example'])]],
    ['one without the key', [extension(extensionIds.authorityKeyIdentifier, sequence())]],
  ])('is not known with %s', (_what, extensions) => {
    expect(certificateId(certificate('01', extensions))).toBeUndefined()
  })
})

test.each(['30', '3005', '30850000000001', '3084ffffffff00', '308200'])('%s is no DER', (hex) => {
  expect(() => derValues(Buffer.from(hex, 'hex'))).toThrow(RangeError)
})
