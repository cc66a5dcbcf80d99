import {
  type Certificate,
  type Certificates,
  type Clock,
  type Log,
  MailwrightError,
  type Timer,
} from 'mailwright'
import { FolderWatch } from './folder-watch.ts'
import { foldersOf, readKeyFiles } from './key-files.ts'
import { chooseKeyPair, type KeyPair } from './key-pair.ts'
import type { KeyFiles } from './options.ts'
import type { SelfSigned } from './self-signed.ts'

const lookEvery = 60 * 60 * 1000
const warnBefore = 14 * 24 * 60 * 60 * 1000

/** The certificates service: the pairs of the config's files, or the self-signed one, kept up to date while serving. */
export class KeyStore implements Certificates {
  readonly #files: readonly KeyFiles[]
  readonly #selfSigned: SelfSigned
  readonly #log: Log
  readonly #clock: Clock
  readonly #listeners = new Set<() => void>()
  readonly #watch: FolderWatch
  #pairs: readonly KeyPair[] = []
  #timer: Timer | undefined
  #reloading: Promise<void> = Promise.resolve()

  constructor(files: readonly KeyFiles[], selfSigned: SelfSigned, log: Log, clock: Clock) {
    this.#files = files
    this.#selfSigned = selfSigned
    this.#log = log
    this.#clock = clock
    this.#watch = new FolderWatch(clock, () => this.reload())
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
    this.#pairs = await this.#read()
    this.#warnOfExpiry()
  }

  /** Looks for changes from now on, and every hour anyway. */
  watch(): void {
    this.#watch.start(foldersOf(this.#files), (folder, error) => {
      this.#log.warn('certificate', {
        text: `${folder} cannot be watched; it is looked at every hour`,
        error,
      })
    })
    this.#lookLater()
  }

  async stop(): Promise<void> {
    this.#watch.stop()
    this.#timer?.cancel()
    await this.#reloading
  }

  /** Reads everything again. What cannot be used leaves the certificates as they were. One at a time; never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    return this.#reloading
  }

  async #reload(): Promise<void> {
    try {
      const pairs = await this.#read()
      if (sameAs(pairs, this.#pairs)) return
      this.#pairs = pairs
      this.#log.info('certificate', { text: 'reloaded' })
      for (const listener of this.#listeners) listener()
    } catch (error) {
      this.#log.error('certificate', { text: 'not reloaded; the ones before go on being used', error })
    }
  }

  async #read(): Promise<readonly KeyPair[]> {
    if (this.#files.length > 0) return readKeyFiles(this.#files)
    const { pair, isNew } = await this.#selfSigned.obtain()
    if (isNew) this.#log.info('certificate', { text: 'made a self-signed one', file: this.#selfSigned.file })
    return [pair]
  }

  #lookLater(): void {
    this.#timer = this.#clock.after(lookEvery, () => {
      this.#warnOfExpiry()
      this.#lookLater()
      void this.reload()
    })
  }

  #warnOfExpiry(): void {
    for (const [index, { validTo }] of this.#pairs.entries()) {
      if (validTo.getTime() - this.#clock.now() > warnBefore) continue
      this.#log.warn('certificate', {
        text: `expires on ${validTo.toISOString()}`,
        file: this.#files[index]?.chain,
      })
    }
  }
}

function sameAs(one: readonly KeyPair[], other: readonly KeyPair[]): boolean {
  const chains = (pairs: readonly KeyPair[]) =>
    pairs.map(({ certificate }) => certificate.chain + certificate.key).join('\n')
  return chains(one) === chains(other)
}
