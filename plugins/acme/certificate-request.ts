import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { KeyType } from './options.ts'
import { signRequestFor, subjectAltName } from './x509.ts'

const generate = promisify(generateKeyPair)

/** A new private key and the request for a certificate of it. */
export interface KeyAndRequest {
  /** PEM (PKCS #8). */
  readonly key: string
  /** PKCS #10 in DER, base64url, as `finalize` takes it. */
  readonly request: string
}

/** RFC 8555 §7.4: the names stand in the extension and nowhere else. The key is a new one each time. */
export async function makeRequest(names: readonly string[], keyType: KeyType): Promise<KeyAndRequest> {
  const { privateKey } =
    keyType === 'ecdsa-p256'
      ? await generate('ec', { namedCurve: 'P-256' })
      : await generate('rsa', { modulusLength: keyType === 'rsa-2048' ? 2048 : 3072 })
  const request = signRequestFor(privateKey, [subjectAltName(names)])
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    request: request.toString('base64url'),
  }
}
