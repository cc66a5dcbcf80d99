import { readFile } from 'node:fs/promises'
import { UnavailableError } from 'mailwright'

/** Where a password or a token is. */
export type SecretSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string }

/** Who we are to a relay host. */
export type Login = SecretLogin | CertificateLogin

/** By something that only we know. */
export interface SecretLogin {
  readonly user: string
  readonly secret: SecretSource
  /** A bearer token (RFC 6750) is something else than a password. */
  readonly kind: 'password' | 'token'
}

/** By the certificate that was shown (RFC 4422 §A, EXTERNAL). */
export interface CertificateLogin {
  readonly kind: 'certificate'
  /** Undefined: the one whose certificate it is, where the host has that at all; the certificate may do without a login. */
  readonly user: string | undefined
}

/** The secret as it is now, so that one that is changed needs no restart. MAIL_E_UNAVAILABLE where it cannot be read. */
export async function readSecret(source: SecretSource): Promise<string> {
  if (source.kind === 'text') return source.text
  const text =
    source.kind === 'environment'
      ? process.env[source.name]
      : await readFile(source.path, 'utf8').catch((cause) => {
          throw new UnavailableError(`the file ${source.path} cannot be read`, { cause })
        })
  const secret = text?.replace(/\r?\n$/, '')
  if (secret !== undefined && secret !== '') return secret
  throw new UnavailableError(
    `there is nothing in ${source.kind === 'file' ? `the file ${source.path}` : `the variable ${source.name}`}`,
  )
}
