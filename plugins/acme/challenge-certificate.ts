import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { Certificate } from 'mailwright'
import { der, tags } from './der.ts'
import { extension, extensionIds, publicKeyOf, signCertificate, subjectAltName } from './x509.ts'

const day = 24 * 60 * 60 * 1000

/** The certificate that answers the challenge tls-alpn-01 for a name (RFC 8737 §3); no client ever accepts it. */
export function makeChallengeCertificate(name: string, keyAuthorization: string, now: number): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const digest = createHash('sha256').update(keyAuthorization).digest()
  const chain = signCertificate(
    {
      serial: Buffer.concat([Buffer.from([1]), randomBytes(15)]),
      issuer: 'ACME challenge',
      subject: 'ACME challenge',
      from: now - day,
      to: now + day,
      publicKey: publicKeyOf(privateKey),
      extensions: [
        subjectAltName([name]),
        extension(extensionIds.acmeIdentifier, der(tags.octetString, digest), true),
      ],
    },
    privateKey,
  )
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), chain }
}
