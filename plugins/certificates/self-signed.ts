import { randomUUID, X509Certificate } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, type Clock, MailwrightError } from 'mailwright'
import { type KeyPair, makeKeyPair } from './key-pair.ts'

const day = 24 * 60 * 60 * 1000
const lifetime = 365 * day
const renewBefore = 30 * day

/**
 * A self-signed certificate for a first run, kept as one file (key and certificate together, so that no crash can leave
 * one without the other), and made anew when it is about to expire or the host has another name.
 */
export class SelfSigned {
  readonly #folder: string
  readonly #hostname: string
  readonly #clock: Clock

  constructor(folder: string, hostname: string, clock: Clock) {
    this.#folder = folder
    this.#hostname = hostname
    this.#clock = clock
  }

  get file(): string {
    return join(this.#folder, 'self-signed.pem')
  }

  /** The kept one, or a new one; `isNew` says which. MAIL_E_UNAVAILABLE where it cannot be kept. */
  async obtain(): Promise<{ readonly pair: KeyPair; readonly isNew: boolean }> {
    const kept = await this.#kept()
    if (kept !== undefined) return { pair: kept, isNew: false }
    const pem = await this.#make()
    try {
      // Several workers that start together are to serve the same one.
      const earlier = await this.#keep(pem)
      if (earlier !== undefined) return { pair: earlier, isNew: false }
    } catch (error) {
      throw new MailwrightError(
        'MAIL_E_UNAVAILABLE',
        `the self-signed certificate cannot be kept in ${this.file}`,
        { cause: error },
      )
    }
    return { pair: pairOf(pem, this.file), isNew: true }
  }

  /** Undefined where there is none that can go on being used. */
  async #kept(): Promise<KeyPair | undefined> {
    try {
      const pair = pairOf(await readFile(this.file, 'utf8'), this.file)
      const { subject } = new X509Certificate(pair.certificate.chain)
      const lasts = pair.validTo.getTime() - renewBefore > this.#clock.now()
      return lasts && subject === `CN=${this.#hostname}` ? pair : undefined
    } catch {
      return undefined
    }
  }

  async #make(): Promise<string> {
    // Clocks of clients are not always right: valid since yesterday.
    const from = this.#clock.now() - day
    // Needed once a year; loading it at every start would cost memory and time.
    const { generate } = await import('selfsigned')
    const made = await generate([{ name: 'commonName', value: this.#hostname }], {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      notBeforeDate: new Date(from),
      notAfterDate: new Date(from + lifetime),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: this.#hostname },
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
            { type: 7, ip: '::1' },
          ],
        },
      ],
    })
    return `${made.private.trim()}\n${made.cert.trim()}\n`
  }

  /** Puts it in its place, unless another process was faster: answers that one's. */
  async #keep(pem: string): Promise<KeyPair | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const temporary = `${this.file}.${randomUUID()}`
    try {
      await writeDurably(temporary, pem)
      // Not every file system has links; and what cannot go on being used is replaced.
      if (await isLinked(temporary, this.file)) return undefined
      const earlier = await this.#kept()
      if (earlier === undefined) await rename(temporary, this.file)
      return earlier
    } finally {
      await rm(temporary, { force: true })
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether the file has got the other name, too; not where something has that name. */
async function isLinked(file: string, name: string): Promise<boolean> {
  return link(file, name).then(
    () => true,
    () => false,
  )
}

/** The two texts of one file. */
function pairOf(pem: string, file: string): KeyPair {
  const block = (label: string) =>
    new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`).exec(pem)?.[0] ?? ''
  const certificate: Certificate = { key: block('(?:EC )?PRIVATE KEY'), chain: block('CERTIFICATE') }
  return makeKeyPair(certificate, undefined, file)
}
