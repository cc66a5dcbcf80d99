import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A certificate with its key, as files and as they are. */
export interface MadeCertificate {
  readonly certificate: X509Certificate
  readonly der: Buffer
  /** PEM. */
  readonly pem: string
  readonly key: string
  readonly keyFile: string
  readonly file: string
}

export interface CertificateWish {
  readonly subject: string
  /** DNS names. */
  readonly names?: readonly string[]
  /** Itself where absent. */
  readonly issuer?: MadeCertificate
  readonly isAuthority?: boolean
  /** Such as `clientAuth`. */
  readonly purpose?: string
  /** `ec` where absent. */
  readonly kind?: 'ec' | 'rsa' | 'rsa-pss' | 'ed25519'
  readonly days?: number
}

const kinds = {
  ec: ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
  'rsa-pss': ['RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ed25519: ['ED25519'],
} as const

/** Makes certificates with openssl, in a folder of its own that `remove` takes away. */
export class OpensslCertificates {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mailwright-openssl-'))
  #count = 0

  make({
    subject,
    names = [],
    issuer,
    isAuthority = false,
    purpose,
    kind = 'ec',
    days = 30,
  }: CertificateWish): MadeCertificate {
    const base = join(this.#folder, `${++this.#count}`)
    const [keyFile, request, extensions, file] = [`${base}.key`, `${base}.csr`, `${base}.ext`, `${base}.pem`]
    this.#openssl('genpkey', '-algorithm', ...kinds[kind], '-out', keyFile)
    this.#openssl('req', '-new', '-key', keyFile, '-subj', `/CN=${subject}`, '-out', request)
    const lines = [
      `basicConstraints=critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}`,
      'subjectKeyIdentifier=hash',
      ...(issuer === undefined ? [] : ['authorityKeyIdentifier=keyid']),
      ...(isAuthority ? ['keyUsage=critical,keyCertSign'] : []),
      ...(names.length === 0 ? [] : [`subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`]),
      ...(purpose === undefined ? [] : [`extendedKeyUsage=${purpose}`]),
    ]
    writeFileSync(extensions, `${lines.join('\n')}\n`)
    const signer =
      issuer === undefined ? ['-signkey', keyFile] : ['-CA', issuer.file, '-CAkey', issuer.keyFile]
    const words = ['-set_serial', `${this.#count}`, '-days', `${days}`, '-extfile', extensions, '-out', file]
    this.#openssl('x509', '-req', '-in', request, ...signer, ...words)
    const pem = readFileSync(file, 'utf8')
    const certificate = new X509Certificate(pem)
    return { certificate, der: certificate.raw, pem, key: readFileSync(keyFile, 'utf8'), keyFile, file }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #openssl(...words: readonly string[]): void {
    execFileSync('openssl', words, { stdio: 'pipe' })
  }
}
