import type { Clock } from 'mailwright'
import type { GuardTables } from './guard-tables.ts'
import { RecentEntries } from './recent-entries.ts'

/** Where a client comes from. */
export interface ClientNetworks {
  /** See `blockText`. */
  readonly network: string
  readonly surroundings: string
}

/** A login from a network that is to be remembered. */
export interface Acquaintance extends ClientNetworks {
  readonly login: string
  /** Milliseconds since 1970. */
  readonly seenAt: number
}

/** Whether a login or a network was known, and when. */
export interface Answer {
  readonly isKnown: boolean
  /** Milliseconds since 1970. */
  readonly at: number
}

/** How long an answer of the table is believed. */
const answerLife = 30_000
/** A login from where it was seen before is written down again after so long. */
const saveEvery = 3_600_000

/**
 * Which networks logins have come from lately. Asks the table, and believes its answers for half a minute; where it cannot
 * be asked, what is remembered here is all that is known.
 */
export class KnownNetworks {
  readonly #clock: Clock
  readonly #knownFor: number
  readonly #tables: GuardTables | undefined
  readonly #answers: RecentEntries<Answer>
  readonly #saved: RecentEntries<number>
  readonly #unsaved: RecentEntries<Acquaintance>

  constructor(
    clock: Clock,
    { knownFor, maxEntries }: { knownFor: number; maxEntries: number },
    tables?: GuardTables,
    answers?: Map<string, Answer>,
  ) {
    this.#clock = clock
    this.#knownFor = knownFor
    this.#tables = tables
    this.#answers = new RecentEntries(2 * maxEntries, answers)
    this.#saved = new RecentEntries(maxEntries)
    this.#unsaved = new RecentEntries(maxEntries)
  }

  /** A login has succeeded. */
  remember(login: string, { network, surroundings }: ClientNetworks): void {
    const now = this.#clock.now()
    this.#answers.set(loginWord(login, surroundings), { isKnown: true, at: now })
    this.#answers.set(networkWord(network), { isKnown: true, at: now })
    const key = `${network} ${login}`
    if (Math.abs(now - (this.#saved.get(key) ?? 0)) < Math.min(saveEvery, this.#knownFor / 2)) return
    this.#saved.set(key, now)
    this.#unsaved.set(key, { login, network, surroundings, seenAt: now })
  }

  /** Whether a login has succeeded from the client's surroundings. */
  async knowsLogin(login: string, { surroundings }: ClientNetworks): Promise<boolean> {
    return await this.#ask(loginWord(login, surroundings), (tables, since) =>
      tables.hasLoggedIn(login, surroundings, since),
    )
  }

  /** Whether any login has succeeded from the client's own network. */
  async knowsNetwork({ network }: ClientNetworks): Promise<boolean> {
    return await this.#ask(networkWord(network), (tables, since) => tables.hasLogins(network, since))
  }

  async #ask(
    word: string,
    question: (tables: GuardTables, since: number) => Promise<boolean>,
  ): Promise<boolean> {
    const now = this.#clock.now()
    const kept = this.#answers.get(word)
    const remembered = kept?.isKnown === true && Math.abs(now - kept.at) < this.#knownFor
    if (this.#tables === undefined) return remembered
    if (kept !== undefined && Math.abs(now - kept.at) < answerLife) return kept.isKnown
    try {
      const isKnown = await question(this.#tables, now - this.#knownFor)
      // What was remembered but a moment ago may not be in the table yet.
      const newer = this.#answers.get(word)
      if (newer !== undefined && newer !== kept) return newer.isKnown
      this.#answers.set(word, { isKnown, at: now })
      return isKnown
    } catch {
      return remembered
    }
  }

  takeUnsaved(most: number): readonly Acquaintance[] {
    return this.#unsaved.take(most)
  }

  /** They could not be saved. */
  unsaved(acquaintances: readonly Acquaintance[]): void {
    for (const each of acquaintances) this.#unsaved.set(`${each.network} ${each.login}`, each)
  }
}

function loginWord(login: string, surroundings: string): string {
  return `login ${surroundings} ${login}`
}

function networkWord(network: string): string {
  return `network ${network}`
}
