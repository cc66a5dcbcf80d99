import {
  type Certificate,
  type Certificates,
  type Clock,
  type IssuedCertificates,
  type Log,
  MailwrightError,
  type Timer,
} from 'mailwright'
import { FolderWatch } from './folder-watch.ts'
import { pathsOf, readKeyFiles, readKeyFilesAgain } from './key-files.ts'
import { chooseKeyPair, type KeyPair, makeKeyPair } from './key-pair.ts'
import type { KeyFiles } from './options.ts'
import type { SelfSigned } from './self-signed.ts'

const lookEvery = 60 * 60 * 1000
const warnBefore = 14 * 24 * 60 * 60 * 1000

export interface KeyStoreParts {
  readonly files: readonly KeyFiles[]
  /** Those that a plugin orders and renews, where one does. */
  readonly issued: IssuedCertificates | undefined
  readonly selfSigned: SelfSigned
  readonly log: Log
  readonly clock: Clock
}

/**
 * The certificates service: the pairs of the config's files and those that were issued, or the self-signed one where there
 * are none (yet), kept up to date while serving.
 */
export class KeyStore implements Certificates {
  readonly #parts: KeyStoreParts
  readonly #listeners = new Set<() => void>()
  readonly #watch: FolderWatch
  /** Those of the files, in their order. */
  #fromFiles: readonly KeyPair[] = []
  #pairs: readonly KeyPair[] = []
  #timer: Timer | undefined
  #unsubscribe: (() => void) | undefined
  #reloading: Promise<void> = Promise.resolve()

  constructor(parts: KeyStoreParts) {
    this.#parts = parts
    this.#watch = new FolderWatch(parts.clock, () => this.reload())
  }

  /** What is served, the default first. */
  get pairs(): readonly KeyPair[] {
    return this.#pairs
  }

  async forName(serverName?: string): Promise<Certificate> {
    const pair = chooseKeyPair(this.#pairs, serverName)
    if (pair === undefined)
      throw new MailwrightError('MAIL_E_UNAVAILABLE', 'the certificates have not been loaded')
    return pair.certificate
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Reads everything for the first time. MAIL_E_INVALID where a file cannot be used. */
  async load(): Promise<void> {
    this.#unsubscribe = this.#parts.issued?.onChange(() => void this.reload())
    this.#fromFiles = await readKeyFiles(this.#parts.files)
    this.#pairs = await this.#all()
  }

  /** Looks for changes from now on, and every hour anyway; tells what expires soon. */
  watch(): void {
    const { files, log } = this.#parts
    this.#warnOfExpiry()
    this.#watch.start(pathsOf(files), (folder, error) => {
      log.warn('certificate', { text: `${folder} cannot be watched; it is looked at every hour`, error })
    })
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#watch.stop()
    this.#timer?.cancel()
    await this.#reloading
  }

  /** Reads everything again. A pair that cannot be used leaves the one before in its place. One at a time; never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    return this.#reloading
  }

  async #reload(): Promise<void> {
    const { files, log } = this.#parts
    try {
      this.#fromFiles = await readKeyFilesAgain(files, this.#fromFiles, (error) => {
        log.error('certificate', { text: 'not reloaded; the one before goes on being used', error })
      })
      const pairs = await this.#all()
      if (sameAs(pairs, this.#pairs)) return
      this.#pairs = pairs
      log.info('certificate', { text: 'reloaded' })
      for (const listener of this.#listeners) listener()
    } catch (error) {
      log.error('certificate', { text: 'not reloaded; the ones before go on being used', error })
    }
  }

  /** What is to be served, with what was read of the files. */
  async #all(): Promise<readonly KeyPair[]> {
    const { selfSigned, log } = this.#parts
    const pairs = [...this.#fromFiles, ...(await this.#readIssued())]
    if (pairs.length > 0) return pairs
    const { pair, isNew } = await selfSigned.obtain()
    if (isNew) log.info('certificate', { text: 'made a self-signed one', file: selfSigned.file })
    return [pair]
  }

  /** One that cannot be used is no reason to serve none of the others. */
  async #readIssued(): Promise<readonly KeyPair[]> {
    const issued = (await this.#parts.issued?.current()) ?? []
    return issued.flatMap((certificate) => {
      try {
        return [makeKeyPair(certificate, undefined, 'issued')]
      } catch (error) {
        this.#parts.log.error('certificate', { text: 'one that was issued cannot be used', error })
        return []
      }
    })
  }

  #lookLater(): void {
    this.#timer = this.#parts.clock.after(lookEvery, () => {
      this.#warnOfExpiry()
      this.#lookLater()
      this.#watch.renew()
      void this.reload()
    })
  }

  #warnOfExpiry(): void {
    const { clock, log } = this.#parts
    for (const { validTo, names, source } of this.#pairs) {
      const left = validTo.getTime() - clock.now()
      const facts = { names, source }
      if (left <= 0) log.error('certificate', { text: `has expired on ${validTo.toISOString()}`, ...facts })
      else if (left <= warnBefore)
        log.warn('certificate', { text: `expires on ${validTo.toISOString()}`, ...facts })
    }
  }
}

function sameAs(one: readonly KeyPair[], other: readonly KeyPair[]): boolean {
  const chains = (pairs: readonly KeyPair[]) =>
    pairs.map(({ certificate }) => certificate.chain + certificate.key).join('\n')
  return chains(one) === chains(other)
}
