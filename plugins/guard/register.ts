import type { Knex } from 'knex'
import {
  addressOctets,
  blockOf,
  type Clock,
  type Database,
  type Network,
  networksInclude,
  parseNetwork,
} from 'mailwright'
import { replaceRestrictions, restrictionOf } from './guard-tables.ts'
import { loginName } from './login-name.ts'
import { isInForce, isLifted, lifted, type Restriction } from './restrictions.ts'
import type { GuardOptions } from './settings.ts'
import { type Subject, subjectId, subjectKey } from './subject.ts'
import type { FailureRow, KnownRow, RestrictionRow } from './tables.ts'

/** What the tables say of an address or a login. */
export interface Shown {
  /** Also those that are over and remembered. */
  readonly restrictions: readonly Restriction[]
  /** Within the window. */
  readonly failures: readonly { readonly subject: Subject; readonly count: number; readonly lastAt: number }[]
  readonly known: readonly { readonly login: string; readonly network: string; readonly seenAt: number }[]
}

const mostShown = 1000

/** What people ask of the tables. */
export class Register {
  readonly #database: Database
  readonly #clock: Clock
  readonly #options: GuardOptions

  constructor(database: Database, clock: Clock, options: GuardOptions) {
    this.#database = database
    this.#clock = clock
    this.#options = options
  }

  /** Newest first. */
  async inForce(): Promise<readonly Restriction[]> {
    return await this.#database.query(async (knex) => inForce(knex, this.#clock.now()))
  }

  async about(what: string): Promise<Shown> {
    const isMeant = this.#meaning(what)
    const now = this.#clock.now()
    return await this.#database.query(async (knex) => {
      const restrictions = (
        await knex<RestrictionRow>('guard_restrictions').orderBy('since', 'desc').select()
      )
        .map(restrictionOf)
        .filter((each) => !isLifted(each) && isMeant(each.subject))
      const known = await knex<KnownRow>('guard_known')
        .where(narrow(what, this.#options))
        .where('seen_at', '>', now - this.#options.knownFor)
        .orderBy('seen_at', 'desc')
        .limit(mostShown)
        .select()
      return {
        restrictions,
        failures: (await this.#failures(knex, what)).slice(0, mostShown),
        known: known.map(({ login, network, seen_at }) => ({ login, network, seenAt: Number(seen_at) })),
      }
    })
  }

  async put(restriction: Restriction): Promise<void> {
    await this.#database.transaction((transaction) => replaceRestrictions(transaction, [restriction]))
  }

  /** Lifts what holds an address, a network, a login, or everybody (`all`), and forgets failures; answers the subjects. */
  async lift(what: string): Promise<readonly Subject[]> {
    const isMeant = what === 'all' ? () => true : this.#meaning(what)
    const now = this.#clock.now()
    return await this.#database.transaction(async (transaction) => {
      const restricted = (await inForce(transaction, now)).map(({ subject }) => subject)
      const counted =
        what === 'all' ? [] : (await this.#failures(transaction, what)).map((each) => each.subject)
      const subjects = new Map(
        [...restricted, ...counted].filter(isMeant).map((subject) => [subjectKey(subject), subject] as const),
      )
      const found = [...subjects.values()]
      await replaceRestrictions(
        transaction,
        found.map((subject) => lifted(subject, now)),
      )
      const failures = transaction<FailureRow>('guard_failures')
      if (what === 'all') await failures.delete()
      else await failures.whereIn('id', counted.filter(isMeant).map(subjectId)).delete()
      return found
    })
  }

  async #failures(knex: Knex, what: string): Promise<Shown['failures'][number][]> {
    const rows = await knex<FailureRow>('guard_failures')
      .where(narrow(what, this.#options))
      .where('started_at', '>', this.#clock.now() - this.#options.window)
      .orderBy('last_at', 'desc')
      .orderBy('kind', 'desc')
      .select()
    return rows.map(({ kind, network, login, failures, last_at }) => ({
      subject: { kind, network, login },
      count: failures,
      lastAt: Number(last_at),
    }))
  }

  /** Whether a subject is meant by a word: for an address the networks around it, for a network those within. */
  #meaning(what: string): (subject: Subject) => boolean {
    const network = parseNetwork(what)
    if (network === undefined) {
      const login = loginName(what)
      return (subject) => subject.login === login
    }
    const isAddress = addressOctets(what) !== undefined
    return (subject) => {
      const other = parseNetwork(subject.network)
      if (other === undefined) return false
      return isAddress ? networksInclude([other], what) : isWithin(other, network)
    }
  }
}

async function inForce(knex: Knex, now: number): Promise<readonly Restriction[]> {
  const rows = await knex<RestrictionRow>('guard_restrictions')
    .where((open) => void open.whereNull('ends_at').orWhere('ends_at', '>', now))
    .orderBy('since', 'desc')
    .select()
  return rows.map(restrictionOf).filter((each) => isInForce(each, now))
}

/** Leaves the rows that an index finds for a word; for a network wider than those that are counted, all. */
function narrow(what: string, { client, surroundings }: GuardOptions): (rows: Knex.QueryBuilder) => void {
  return (rows) => {
    if (parseNetwork(what) === undefined) void rows.where('login', loginName(what))
    if (addressOctets(what) === undefined) return
    const networks = [blockOf(what, client), blockOf(what, surroundings)]
    void rows.whereIn(
      'network',
      networks.filter((each) => each !== undefined),
    )
  }
}

function isWithin(inner: Network, outer: Network): boolean {
  const [first = ''] = inner.text.split('/')
  return inner.prefix >= outer.prefix && networksInclude([outer], first)
}
