import { createHash, createPrivateKey, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { UnavailableError } from 'mailwright'
import { isRecord } from './answer.ts'
import type { Asker, Authority, AuthorityAnswer } from './authority.ts'
import { readIfThere, writeDurably } from './durable-file.ts'
import { bindExternalAccount, makeAccountKey } from './jws.ts'
import type { AcmeOptions } from './options.ts'
import { AcmeProblem } from './problem.ts'

type AccountOptions = Pick<AcmeOptions, 'directory' | 'contact' | 'externalAccount'>

/** An account with its URL, as it is used. */
export interface Account extends Asker {
  readonly url: string
}

interface KeptAccount {
  readonly key: KeyObject
  /** Undefined where the key was made and the authority never answered. */
  readonly url: string | undefined
  readonly contact: readonly string[]
}

/** Our account with one authority, kept in a file: its key is kept before the authority hears of it. */
export class AccountFile {
  readonly #path: string
  readonly #options: AccountOptions

  constructor(folder: string, options: AccountOptions) {
    const name = createHash('sha256').update(options.directory.href).digest('hex').slice(0, 16)
    this.#path = join(folder, `account-${name}.json`)
    this.#options = options
  }

  /** The kept account, or a new one; its contacts are brought up to date. AcmeProblem, MAIL_E_UNAVAILABLE. */
  async obtain(authority: Authority): Promise<Account> {
    const kept = await this.#read()
    const { contact } = this.#options
    if (kept?.url === undefined) return this.#register(authority, kept?.key ?? (await this.#makeKey()))
    const account = { key: kept.key, url: kept.url }
    if (String(contact) !== String(kept.contact)) {
      await authority.post(account, account.url, { contact })
      await this.#keep(account.key, account.url)
    }
    return account
  }

  /** The account is no longer known there: the next `obtain` makes it again, with the same key. */
  async forget(): Promise<void> {
    const kept = await this.#read()
    if (kept !== undefined) await this.#keep(kept.key, undefined)
  }

  /** RFC 8555 §7.3. A key that has an account already gets that one. */
  async #register(authority: Authority, key: KeyObject): Promise<Account> {
    const { newAccount, externalAccountRequired } = await authority.directory()
    const { contact, externalAccount } = this.#options
    if (externalAccountRequired && externalAccount === undefined)
      throw new UnavailableError('the authority serves only whom it knows: `externalAccount` is missing')
    const { headers }: AuthorityAnswer = await authority.post({ key }, newAccount, {
      termsOfServiceAgreed: true,
      ...(contact.length === 0 ? {} : { contact }),
      ...(externalAccount === undefined
        ? {}
        : { externalAccountBinding: bindExternalAccount(externalAccount, key, newAccount) }),
    })
    const { location } = headers
    if (location === undefined) throw new UnavailableError('the authority does not say where the account is')
    await this.#keep(key, location)
    return { key, url: location }
  }

  async #makeKey(): Promise<KeyObject> {
    const key = makeAccountKey()
    await this.#keep(key, undefined)
    return key
  }

  async #read(): Promise<KeptAccount | undefined> {
    const text = await readIfThere(this.#path)
    if (text === undefined) return undefined
    try {
      const kept: unknown = JSON.parse(text)
      if (!isRecord(kept) || typeof kept.key !== 'string') throw new Error('it has no key')
      const { key, url, contact } = kept
      return {
        key: createPrivateKey(key),
        url: typeof url === 'string' ? url : undefined,
        contact: Array.isArray(contact) ? contact.map(String) : [],
      }
    } catch (cause) {
      throw new UnavailableError(
        `the account in ${this.#path} cannot be read; remove it, and a new one is made`,
        {
          cause,
        },
      )
    }
  }

  #keep(key: KeyObject, url: string | undefined): Promise<void> {
    const { directory, contact } = this.#options
    const pem = key.export({ type: 'pkcs8', format: 'pem' })
    const kept = { directory: directory.href, url, contact, key: pem }
    return writeDurably(this.#path, `${JSON.stringify(kept, null, 2)}\n`)
  }
}

/** Whether the authority says that it has no such account (any more). */
export function isForgotten(error: unknown): boolean {
  return error instanceof AcmeProblem && error.type === 'accountDoesNotExist'
}
