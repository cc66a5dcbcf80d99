import {
  ConfigError,
  type ConfigFault,
  type Database,
  errorCode,
  type Log,
  UnavailableError,
} from 'mailwright'
import type { Schema } from './schema.ts'

/**
 * Looks once whether everything is there that the options name. A database that is away at the start does not keep the
 * server from starting: then it is looked at before the first question, and no question is answered before.
 */
export class SchemaCheck {
  readonly #database: Database
  readonly #schema: Schema
  readonly #extra: (database: Database) => Promise<readonly ConfigFault[]>
  readonly #log: Log
  #hasPassed = false
  #running: Promise<void> | undefined

  constructor(
    database: Database,
    schema: Schema,
    log: Log,
    extra: (database: Database) => Promise<readonly ConfigFault[]> = async () => [],
  ) {
    this.#database = database
    this.#schema = schema
    this.#log = log
    this.#extra = extra
  }

  /** For the start: ConfigError with all faults, each with its path. */
  async run(): Promise<void> {
    try {
      await this.#check()
    } catch (error) {
      if (errorCode(error) !== 'MAIL_E_UNAVAILABLE') throw error
      this.#log.warn('unavailable', { error })
    }
  }

  /** MAIL_E_UNAVAILABLE as long as it has not passed. */
  async passed(): Promise<void> {
    if (this.#hasPassed) return
    this.#running ??= this.#check().finally(() => {
      this.#running = undefined
    })
    try {
      await this.#running
    } catch (cause) {
      if (errorCode(cause) === 'MAIL_E_UNAVAILABLE') throw cause
      throw new UnavailableError('the tables of the accounts are not as the config says', { cause })
    }
  }

  async #check(): Promise<void> {
    const faults = [...(await this.#schema.check(this.#database)), ...(await this.#extra(this.#database))]
    if (faults.length > 0) throw new ConfigError(faults)
    this.#hasPassed = true
  }
}
