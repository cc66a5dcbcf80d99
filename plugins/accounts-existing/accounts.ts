import type { Knex } from 'knex'
import {
  type Account,
  type Accounts,
  type Address,
  canonicalDomain,
  type Database,
  type Disposition,
  formatAddress,
  type Log,
  type LogFacts,
  type Resolution,
  type ScramVerifier,
  type SessionRole,
  type Verification,
} from 'mailwright'
import { copiesFor, withCopies } from './copies.ts'
import { unavailable } from './failure.ts'
import { identify, type LoginContext, scramVerifier, verifyCramMd5Login, verifyLogin } from './login.ts'
import type { AccountsExistingOptions } from './options.ts'
import { find } from './resolution.ts'
import type { FoundDomain, Schema } from './schema.ts'
import type { SchemaCheck } from './schema-check.ts'

const MAX_ID_LENGTH = 512
const MAX_COMPLAINTS = 1000

export interface Surroundings {
  readonly database: Database
  readonly schema: Schema
  readonly check: SchemaCheck
  readonly log: Log
  readonly options: AccountsExistingOptions
  /** What salts of logins that nobody has are made of. */
  readonly saltKey: () => Promise<Buffer>
}

/** The `accounts` service over a site's own tables. Nothing is cached: what the site's programs write holds at once. */
export class ExistingAccounts implements Accounts {
  readonly supports: Accounts['supports']
  readonly administration = undefined
  readonly scramVerifier?: NonNullable<Accounts['scramVerifier']>
  readonly verifyCramMd5?: NonNullable<Accounts['verifyCramMd5']>
  readonly #surroundings: Surroundings
  readonly #complaints = new Set<string>()
  readonly #loginContext: LoginContext

  constructor(surroundings: Surroundings) {
    const { hasAliases, hasAliasDomains } = surroundings.schema
    this.supports = {
      administration: false,
      aliases: hasAliases,
      catchAll: hasAliases,
      aliasDomains: hasAliasDomains,
      persistent: true,
      identify: true,
      scram: surroundings.options.passwords.scram,
      cramMd5: surroundings.options.passwords.cramMd5,
    }
    this.#surroundings = surroundings
    const { database, schema, log, options } = surroundings
    const { passwords, defaultDomain } = options
    const unreadable = ({ id, address }: Account): void =>
      this.#complain(address, { account: id, reason: 'a hash that cannot be read' })
    this.#loginContext = { database, schema, log, passwords, defaultDomain, unreadable }
    if (this.supports.scram) this.scramVerifier = (login, role) => this.#scramVerifier(login, role)
    if (this.supports.cramMd5) this.verifyCramMd5 = (...given) => this.#verifyCramMd5(...given)
  }

  async domain(name: string): Promise<FoundDomain | undefined> {
    const canonical = canonicalDomain(name)
    await this.#ready()
    if (canonical === undefined) return undefined
    return this.#ask((knex, schema) => schema.domain(knex, canonical))
  }

  async resolve(address: Address): Promise<Resolution> {
    const { options } = this.#surroundings
    await this.#ready()
    const { resolution, unreadable } = await this.#ask((knex, schema) => find(schema, knex, address, options))
    // The postmaster should know: somebody gets less than the site's own programs would give.
    if (unreadable.length > 0) this.#complain(address, { targets: unreadable, reason: 'no addresses' })
    return resolution
  }

  async byId(id: string): Promise<Account | undefined> {
    await this.#ready()
    // Nobody has such an id, and no database need see it.
    if (id === '' || id.length > MAX_ID_LENGTH || /[\p{Cc}\p{Cs}]/u.test(id)) return undefined
    const found = await this.#ask((knex, schema) => schema.accountWithId(knex, id))
    return found?.account
  }

  async verify(...[login, secret, role]: Parameters<Accounts['verify']>): ReturnType<Accounts['verify']> {
    await this.#ready()
    return verifyLogin(this.#loginContext, login, secret, role)
  }

  async #scramVerifier(login: string, role: SessionRole): Promise<ScramVerifier> {
    const { options, saltKey } = this.#surroundings
    await this.#ready()
    const policy = { saltKey: await saltKey(), iterations: options.passwords.scramIterations }
    return scramVerifier(this.#loginContext, policy, login, role)
  }

  async #verifyCramMd5(
    ...[login, response, role]: Parameters<NonNullable<Accounts['verifyCramMd5']>>
  ): Promise<Verification> {
    await this.#ready()
    return verifyCramMd5Login(this.#loginContext, login, response, role)
  }

  async identify(login: string, role: SessionRole): Promise<Verification> {
    await this.#ready()
    return identify(this.#loginContext, login, role)
  }

  /** The disposition of a message for an account, with the copies that its alias wants. */
  async sorted(disposition: Disposition): Promise<Disposition | undefined> {
    const { options } = this.#surroundings
    const { account } = disposition.route
    await this.#ready()
    const { copies, lost } = await this.#ask((knex, schema) => copiesFor(schema, knex, account, options))
    for (const address of lost)
      this.#complain(address, { account: account.id, reason: 'a copy for nobody here' })
    return copies.length === 0 ? undefined : withCopies(disposition, copies)
  }

  /** Says once what is wrong in the site's tables, however often it is looked up. */
  #complain(about: Address, facts: LogFacts): void {
    const address = formatAddress(about)
    const key = JSON.stringify([address, facts])
    if (this.#complaints.has(key)) return
    if (this.#complaints.size >= MAX_COMPLAINTS) this.#complaints.clear()
    this.#complaints.add(key)
    this.#surroundings.log.warn('plugin-failed', { address, ...facts })
  }

  #ready(): Promise<void> {
    return this.#surroundings.check.passed()
  }

  async #ask<T>(question: (knex: Knex, schema: Schema) => Promise<T>): Promise<T> {
    const { database, schema } = this.#surroundings
    try {
      return await database.query((knex) => question(knex, schema))
    } catch (error) {
      throw unavailable(error)
    }
  }
}
