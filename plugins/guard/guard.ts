import {
  blockOf,
  type Clock,
  type History,
  type Log,
  type LoginAttempt,
  networksInclude,
  type Reply,
  type Session,
} from 'mailwright'
import { DelayedAnswers } from './delays.ts'
import { FailureCounts } from './failure-counts.ts'
import type { GuardMemory } from './guard-memory.ts'
import type { GuardTables } from './guard-tables.ts'
import { type ClientNetworks, KnownNetworks } from './known-networks.ts'
import { loginName } from './login-name.ts'
import { banned, duration, loginProtected, loginRefused } from './replies.ts'
import { type Restriction, Restrictions } from './restrictions.ts'
import type { GuardOptions } from './settings.ts'
import {
  loginSubject,
  networkSubject,
  pairSubject,
  type Subject,
  subjectKey,
  subjectText,
} from './subject.ts'

export interface GuardSurroundings {
  readonly clock: Clock
  readonly log: Log
  readonly history: History | undefined
  /** Undefined where nothing is shared and nothing survives the process. */
  readonly tables: GuardTables | undefined
  readonly memory: GuardMemory
}

/** What a failure is to be judged by, beside its counts. */
interface Standing {
  /** The login has succeeded from these surroundings lately. */
  readonly isOwner: boolean
  /** Some login has succeeded from this very network lately. */
  readonly isKnown: boolean
}

/** Counts failed logins, decides what is too much, and says so to the next who come. */
export class Guard {
  readonly counts: FailureCounts
  readonly restrictions: Restrictions
  readonly known: KnownNetworks
  readonly #options: GuardOptions
  readonly #surroundings: GuardSurroundings
  readonly #delays: DelayedAnswers
  /** The names that sessions have last tried. */
  readonly #tried = new WeakMap<Session, string>()

  constructor(options: GuardOptions, surroundings: GuardSurroundings) {
    const { clock, tables, memory } = surroundings
    this.#options = options
    this.#surroundings = surroundings
    this.counts = new FailureCounts(clock, options, memory.failures)
    this.restrictions = new Restrictions(clock, options.restriction, options.maxEntries, memory)
    this.known = new KnownNetworks(clock, options, tables, memory.known)
    this.#delays = new DelayedAnswers(clock, options.delay)
  }

  /** A banned network is refused, unless somebody logs in from it: then `checkLogin` tells who may. */
  async checkClient(session: Session): Promise<Reply | undefined> {
    const client = this.#client(session)
    const ban = client && this.restrictions.ofAddress(session.remote.address)
    if (client === undefined || ban === undefined) return undefined
    const isSpared = ban.madeBy === 'guard' && (await this.known.knowsNetwork(client))
    return isSpared ? undefined : this.#banned(ban)
  }

  async checkLogin(session: Session, attempt: LoginAttempt): Promise<Reply | undefined> {
    const client = this.#client(session)
    if (client === undefined) return undefined
    const login = loginName(attempt.login)
    this.#tried.set(session, login)
    const ban = this.restrictions.ofAddress(session.remote.address)
    if (ban?.madeBy === 'postmaster') return this.#banned(ban)
    const refusal = this.restrictions.inForce(pairSubject(client.network, login))
    const protection = this.restrictions.inForce(loginSubject(login))
    if (ban === undefined && refusal === undefined && protection === undefined) return undefined
    if (login !== '' && (await this.known.knowsLogin(login, client))) return undefined
    if (ban !== undefined) return this.#banned(ban)
    if (refusal !== undefined) return loginRefused(this.#endsIn(refusal) ?? 0)
    return await this.#holdStranger(login, session)
  }

  /** A stranger who may be the owner on a journey, or one of many who guess. */
  async #holdStranger(login: string, { signal }: Session): Promise<Reply | undefined> {
    const { strangers, delay } = this.#options
    if (strangers === 'refuse') return loginProtected
    const of = { word: `login ${login}`, most: delay.mostPerLogin }
    return (await this.#delays.wait(delay.longest, of, signal)) ? undefined : loginProtected
  }

  /** Counts, restricts, and lets the answer wait. */
  async loginFailed(session: Session, attempt: LoginAttempt): Promise<void> {
    const client = this.#client(session)
    if (client === undefined) return
    const login = loginName(attempt.login)
    const isOwner = login !== '' && (await this.known.knowsLogin(login, client))
    const isKnown = await this.known.knowsNetwork(client)
    const failures = this.#count(session, client, login, { isOwner, isKnown })
    const { mostPerNetwork } = this.#options.delay
    const of = { word: `network ${client.network}`, most: mostPerNetwork }
    await this.#delays.wait(this.#delays.length(failures), of, session.signal)
  }

  /** Answers how many failures the delay is to be measured by. */
  #count(session: Session, client: ClientNetworks, login: string, { isOwner, isKnown }: Standing): number {
    const { thresholds } = this.#options
    const [network, surroundings] = [networkSubject(client.network), networkSubject(client.surroundings)]
    const pair = pairSubject(client.network, login)
    // One failure has one time, whatever it is counted for.
    const at = this.#surroundings.clock.now()
    const add = (subject: Subject) => this.counts.add(subject, 1, at)
    const repeated = add(pair)
    // A device that goes on with an old password fails with one and the same name, and is not the whole office.
    if (repeated <= thresholds.sameLogin) {
      const most = thresholds.network * (isKnown ? thresholds.knownFactor : 1)
      this.#restrictAt(most, add(network), network, session)
      if (!isKnown && client.surroundings !== client.network)
        this.#restrictAt(thresholds.surroundings, add(surroundings), surroundings, session)
    }
    if (login !== '' && !isOwner) {
      this.#restrictAt(thresholds.loginFromNetwork, repeated, pair, session)
      const protectedLogin = loginSubject(login)
      this.#restrictAt(thresholds.login, add(protectedLogin), protectedLogin, session)
    }
    return isKnown ? repeated : Math.max(repeated, this.counts.of(network))
  }

  /** Restricts at a threshold; counting begins anew then. */
  #restrictAt(threshold: number, failures: number, subject: Subject, session: Session): void {
    if (threshold === 0 || failures < threshold) return
    const reason = `${failures} failed logins`
    const restriction = this.restrictions.impose(subject, reason)
    if (restriction === undefined) return
    if (subject.kind === 'network') this.counts.add(subject, -failures, this.#surroundings.clock.now())
    const { log, history, clock } = this.#surroundings
    const until = new Date(restriction.endsAt ?? 0).toISOString()
    const facts = { ...subject, until, times: restriction.times }
    log.warn('limit-reached', { session: session.id, limit: 'failed logins', failures, ...facts })
    const length = duration((restriction.endsAt ?? 0) - restriction.since)
    history?.record({
      at: clock.now(),
      verb: 'verdict',
      session: session.id,
      by: 'guard/count',
      hook: 'connection.loginFailed',
      text: `${deed[subject.kind]} ${subjectText(subject)} for ${length}: ${reason}`,
      facts,
    })
  }

  /** What the same name had failed with from there were slips of its owner's; and the network is known now. */
  async loggedIn(session: Session, address: string): Promise<void> {
    const client = this.#client(session)
    if (client === undefined) return
    const tried = this.#tried.get(session) ?? ''
    const pair = pairSubject(client.network, tried)
    const slips = this.counts.of(pair)
    if (slips > 0) {
      const at = this.#surroundings.clock.now()
      this.counts.add(pair, -slips, at)
      const counted = Math.min(slips, this.#options.thresholds.sameLogin)
      this.counts.add(networkSubject(client.network), -counted, at)
      // Of owners they were not counted.
      if (tried !== '' && !(await this.known.knowsLogin(tried, client)))
        this.counts.add(loginSubject(tried), -slips, at)
    }
    for (const login of new Set([tried, loginName(address)])) {
      if (login !== '') this.known.remember(login, client)
    }
  }

  /** Somebody has lifted restrictions: what had been counted is forgotten, for the pairs in them too. */
  forget(lifted: readonly Subject[]): void {
    const keys = new Set(lifted.map(subjectKey))
    this.counts.drop(
      (subject) =>
        keys.has(subjectKey(subject)) ||
        (subject.kind === 'pair' &&
          (keys.has(subjectKey(networkSubject(subject.network))) ||
            keys.has(subjectKey(loginSubject(subject.login))))),
    )
  }

  /** Undefined where nothing is counted. */
  #client({ role, remote }: Session): ClientNetworks | undefined {
    const { roles, neverBan, client, surroundings } = this.#options
    if (!roles.has(role) || networksInclude(neverBan, remote.address)) return undefined
    const network = blockOf(remote.address, client)
    const wide = blockOf(remote.address, surroundings)
    return network === undefined || wide === undefined ? undefined : { network, surroundings: wide }
  }

  #banned(ban: Restriction): Reply {
    return banned(this.#endsIn(ban), ban.madeBy === 'postmaster')
  }

  #endsIn({ endsAt }: Restriction): number | undefined {
    return endsAt === null ? undefined : Math.max(0, endsAt - this.#surroundings.clock.now())
  }
}

const deed = { network: 'bans', pair: 'refuses', login: 'protects' } as const
