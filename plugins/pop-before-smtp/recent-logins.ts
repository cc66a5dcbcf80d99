import type { Knex } from 'knex'
import { type Clock, type Database, deleteGradually, type Migration, networksInclude } from 'mailwright'
import { clientNetwork } from './client-network.ts'
import { loginSpelling } from './login-spelling.ts'
import type { PopBeforeSmtpOptions } from './options.ts'
import type { Revocation } from './revocation.ts'

/** One account that has logged in from one network. */
export interface RecentLogin {
  /** See `clientNetwork`. */
  readonly network: string
  /** The account's address, or what another server's log calls it; see `loginSpelling`. */
  readonly login: string
  /** `pop3`, `imap`, or the format of a log. */
  readonly source: string
  /** Milliseconds since 1970. MySQL's driver may give it as a text. */
  readonly expires_at: number | string
}

const table = 'pop_before_smtp_logins'

// RFC 5321 §4.5.3.1: no address that every server takes is longer. A name that is, is not kept.
const LOGIN_CHARACTERS = 320
// Of one account, and behind one address. Nobody honest moves that fast; behind an address with more people nobody is safe.
const MOST_NETWORKS = 100
const MOST_LOGINS = 100
const MOST_LISTED = 10_000
// Clocks of nodes differ a little. What is open for longer was written by a clock that was ahead.
const CLOCK_DIFFERENCE = 60_000
const ROWS_AT_ONCE = 200

export const recentLoginsMigration: Migration = {
  name: '0001-recent-logins',
  async up(knex) {
    if (await knex.schema.hasTable(table)) return
    await knex.schema.createTable(table, (columns) => {
      columns.string('network', 64).notNullable()
      columns.string('login', LOGIN_CHARACTERS).notNullable().index()
      columns.string('source', 16).notNullable()
      columns.bigInteger('expires_at').notNullable().index()
      columns.primary(['network', 'login'])
    })
  },
}

/** Who has logged in from where, in a table that all processes and nodes share. MAIL_E_UNAVAILABLE where that is not there. */
export class RecentLogins {
  readonly #database: Database
  readonly #clock: Clock
  readonly #options: Pick<PopBeforeSmtpOptions, 'openFor' | 'exclude'>

  constructor(database: Database, clock: Clock, options: Pick<PopBeforeSmtpOptions, 'openFor' | 'exclude'>) {
    this.#database = database
    this.#clock = clock
    this.#options = options
  }

  /** Remembers a login from an IP address; a later one of the same account takes its place. */
  async remember(address: string, name: string, source: string): Promise<void> {
    const network = clientNetwork(address)
    const login = loginSpelling(name)
    if (network === undefined || login.length > LOGIN_CHARACTERS) return
    if (networksInclude(this.#options.exclude, address)) return
    const expires_at = this.#clock.now() + this.#options.openFor
    const row: RecentLogin = { network, login, source, expires_at }
    await this.#database.query(async (knex) => {
      await knex(table).insert(row).onConflict(['network', 'login']).merge()
      const surplus = await knex<RecentLogin>(table)
        .where({ login })
        .orderBy('expires_at', 'desc')
        .offset(MOST_NETWORKS)
        .limit(MOST_NETWORKS)
        .select('network')
      if (surplus.length > 0)
        await knex(table)
          .where({ login })
          .whereIn(
            'network',
            surplus.map((each) => each.network),
          )
          .delete()
    })
  }

  /** Deletes what is open no more, and what a clock wrote that was ahead. */
  async clean(signal: AbortSignal): Promise<void> {
    const [now, latest] = [this.#clock.now(), this.#latestEnd()]
    const rows = { table, key: ['network', 'login'] }
    // One query for both would go through the whole table.
    for (const choose of [
      (some: Knex.QueryBuilder) => some.where('expires_at', '<=', now),
      (some: Knex.QueryBuilder) => some.where('expires_at', '>', latest),
    ])
      await deleteGradually(this.#database, { ...rows, choose }, signal)
  }

  /** The logins that an IP address is open for, the latest first. */
  async of(address: string): Promise<readonly string[]> {
    const network = clientNetwork(address)
    if (network === undefined || networksInclude(this.#options.exclude, address)) return []
    const rows = await this.#database.query((knex) =>
      this.#current(knex).where({ network }).limit(MOST_LOGINS),
    )
    return rows.map((each) => each.login)
  }

  /** All of them, the latest first. */
  list(): Promise<readonly RecentLogin[]> {
    return this.#database.query((knex) => this.#current(knex).limit(MOST_LISTED))
  }

  /** Forgets what is meant; answers how many there were. */
  revoke(isMeant: Revocation): Promise<number> {
    return this.#database.transaction(async (transaction) => {
      const rows = await transaction<RecentLogin>(table).select('network', 'login')
      const meant = rows.filter(isMeant).map(({ network, login }) => [network, login])
      for (let from = 0; from < meant.length; from += ROWS_AT_ONCE)
        await transaction(table)
          .whereIn(['network', 'login'], meant.slice(from, from + ROWS_AT_ONCE))
          .delete()
      return meant.length
    })
  }

  #latestEnd(): number {
    return this.#clock.now() + this.#options.openFor + CLOCK_DIFFERENCE
  }

  #current(knex: Knex): Knex.QueryBuilder<RecentLogin, RecentLogin[]> {
    return knex<RecentLogin>(table)
      .where('expires_at', '>', this.#clock.now())
      .where('expires_at', '<=', this.#latestEnd())
      .orderBy('expires_at', 'desc')
      .select('*')
  }
}
