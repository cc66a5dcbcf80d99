import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  verify,
} from 'node:crypto'
import { type DerValue, der, derValues, oid, sequence, tags } from '../../../plugins/acme/der.ts'
import { extension, extensionIds, publicKeyOf, signCertificate } from '../../../plugins/acme/x509.ts'

const day = 24 * 60 * 60 * 1000
const rootName = 'Test authority'
const dnsName = 0x82
const address = 0x87

/** Whoever signs: for a test, and trusted by nobody else. */
export interface TestAuthority {
  /** Its own certificate, PEM. */
  readonly certificate: string
  /** A certificate for a name and 127.0.0.1, with its key; for a server of the test's own. */
  serverKeys(name: string): Promise<{ readonly key: string; readonly cert: string }>
  /** The names that a request (DER) is for. Throws for what is no request. */
  namesOf(request: Buffer): readonly string[]
  /** Signs a request; answers the chain, PEM. */
  sign(request: Buffer, validity: Validity): Promise<string>
}

export interface Validity {
  readonly from: number
  readonly to: number
}

/** Makes a root that signs by itself. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const root = makeKey()
  const keyId = createHash('sha1').update(publicKeyOf(root)).digest()
  const isAuthority = sequence(der(tags.boolean, Buffer.from([0xff])))
  const certificate = signCertificate(
    {
      ...{ serial: serial(), issuer: rootName, subject: rootName, publicKey: publicKeyOf(root) },
      ...{ from: Date.now() - day, to: Date.now() + 1000 * day },
      extensions: [
        extension('2.5.29.19', isAuthority, true),
        extension('2.5.29.14', der(tags.octetString, keyId)),
      ],
    },
    root,
  )
  const issue = (publicKey: Buffer, names: Buffer, validity: Validity): string => {
    const signer = extension(extensionIds.authorityKeyIdentifier, sequence(der(0x80, keyId)))
    const extensions = [extension(extensionIds.subjectAltName, names), signer]
    return signCertificate(
      { ...validity, serial: serial(), issuer: rootName, subject: '', publicKey, extensions },
      root,
    )
  }
  return {
    certificate,
    async serverKeys(name) {
      const own = makeKey()
      const names = sequence(der(dnsName, Buffer.from(name)), der(address, Buffer.from([127, 0, 0, 1])))
      const cert = issue(publicKeyOf(own), names, { from: Date.now() - day, to: Date.now() + day })
      return { key: own.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
    },
    namesOf: (request) =>
      derValues(openRequest(request).names.content).map(({ content }) => content.toString()),
    async sign(request, validity) {
      const { publicKey, names } = openRequest(request)
      return issue(publicKey, names.whole, validity) + certificate
    },
  }
}

function makeKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function serial(): Buffer {
  return Buffer.concat([Buffer.from([1]), randomBytes(15)])
}

/** What a request asks for, and that whoever asks has the key. */
function openRequest(request: Buffer): { readonly publicKey: Buffer; readonly names: DerValue } {
  const [info, , signature] = inside(derValues(request)[0])
  const [, subject, publicKey, attributes] = inside(info)
  const [requested] = inside(attributes)
  const [, set] = inside(requested)
  const [extensions] = inside(set)
  const names = inside(extensions).find((each) =>
    inside(each)[0]?.whole.equals(oid(extensionIds.subjectAltName)),
  )
  const value = derValues(inside(names).at(-1)?.content ?? Buffer.alloc(0))[0]
  if (info === undefined || publicKey === undefined || value === undefined || signature === undefined)
    throw new Error('badCSR')
  const key = createPublicKey({ key: publicKey.whole, format: 'der', type: 'spki' })
  const isSigned = verify('sha256', info.whole, key, signature.content.subarray(1))
  if (!isSigned || subject?.content.length !== 0) throw new Error('badCSR')
  return { publicKey: publicKey.whole, names: value }
}

function inside(value: DerValue | undefined): readonly DerValue[] {
  return derValues(value?.content ?? Buffer.alloc(0))
}
