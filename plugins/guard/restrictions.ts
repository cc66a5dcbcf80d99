import { addressOctets, blockText, type Clock, parseNetwork } from 'mailwright'
import type { GuardMemory } from './guard-memory.ts'
import { RecentEntries } from './recent-entries.ts'
import type { RestrictionLengths } from './settings.ts'
import { networkSubject, type Subject, subjectKey } from './subject.ts'

/**
 * A network that is banned, a login that is refused from a network, or a login that is protected against strangers; in
 * force, or remembered because the next one will be longer.
 */
export interface Restriction {
  readonly subject: Subject
  /** Milliseconds since 1970. */
  readonly since: number
  /** Null: for good. */
  readonly endsAt: number | null
  /** How many there have been, this one included; 0 for those of the postmaster, and see {@link lifted}. */
  readonly times: number
  readonly reason: string
  readonly madeBy: 'guard' | 'postmaster'
}

// Clocks of nodes differ a little. What began later was imposed by a clock that was ahead.
export const clockDifference = 60_000

/** The restrictions that this process knows. Those that the guard made are as many as there is room for. */
export class Restrictions {
  readonly #clock: Clock
  readonly #lengths: RestrictionLengths
  readonly #byGuard: RecentEntries<Restriction>
  readonly #byPostmaster = new Map<string, Restriction>()
  readonly #unsaved: RecentEntries<Restriction>
  readonly #prefixes: Map<number, Set<number>>

  /** Goes on with what the guard has imposed before, and, after a reload, still does while the old system finishes. */
  constructor(
    clock: Clock,
    lengths: RestrictionLengths,
    most: number,
    { restrictions, prefixes }: Pick<GuardMemory, 'restrictions' | 'prefixes'>,
  ) {
    this.#clock = clock
    this.#lengths = lengths
    this.#byGuard = new RecentEntries(most, restrictions)
    this.#unsaved = new RecentEntries(most)
    this.#prefixes = prefixes
  }

  /** Restricts, for longer than the time before; answers nothing where it is restricted already. */
  impose(subject: Subject, reason: string): Restriction | undefined {
    if (this.inForce(subject) !== undefined) return undefined
    const now = this.#clock.now()
    const before = this.#find(subjectKey(subject))
    const { first, longest, forgetAfter } = this.#lengths
    const isRemembered = (before?.endsAt ?? 0) + forgetAfter > now
    const times = (isRemembered ? (before?.times ?? 0) : 0) + 1
    const endsAt = now + Math.min(longest, first * 2 ** (times - 1))
    const restriction: Restriction = { subject, since: now, endsAt, times, reason, madeBy: 'guard' }
    this.#keep(restriction)
    this.#unsaved.set(subjectKey(subject), restriction)
    return restriction
  }

  /** Takes over what the table says, unless it is older than what is not saved yet. */
  learn(restriction: Restriction): void {
    if (this.#unsaved.get(subjectKey(restriction.subject)) === undefined) this.#keep(restriction)
  }

  inForce(subject: Subject): Restriction | undefined {
    const found = this.#find(subjectKey(subject))
    return found !== undefined && isInForce(found, this.#clock.now()) ? found : undefined
  }

  /** The ban that an address is under; that of the postmaster before others. */
  ofAddress(address: string): Restriction | undefined {
    const octets = addressOctets(address)
    let ban: Restriction | undefined
    for (const prefix of this.#prefixes.get(octets?.length ?? 0) ?? []) {
      const found = octets && this.inForce(networkSubject(blockText(octets, prefix)))
      if (found !== undefined && (ban === undefined || found.madeBy === 'postmaster')) ban = found
    }
    return ban
  }

  takeUnsaved(most: number): readonly Restriction[] {
    return this.#unsaved.take(most)
  }

  /** They could not be saved. */
  unsaved(restrictions: readonly Restriction[]): void {
    for (const restriction of restrictions) this.#unsaved.set(subjectKey(restriction.subject), restriction)
  }

  #find(key: string): Restriction | undefined {
    const byPostmaster = this.#byPostmaster.get(key)
    if (byPostmaster !== undefined) return byPostmaster
    const byGuard = this.#byGuard.get(key)
    if (byGuard === undefined || !isAhead(byGuard, this.#clock.now())) return byGuard
    // Or it would be in force when its time has come.
    this.#byGuard.delete(key)
    return undefined
  }

  #keep(restriction: Restriction): void {
    const { subject, madeBy } = restriction
    const key = subjectKey(subject)
    this.#byPostmaster.delete(key)
    this.#byGuard.delete(key)
    const entries = madeBy === 'postmaster' ? this.#byPostmaster : this.#byGuard
    entries.set(key, restriction)
    this.#notePrefix(subject)
  }

  #notePrefix(subject: Subject): void {
    const network = parseNetwork(subject.network)
    if (subject.kind !== 'network' || network === undefined) return
    const prefixes = this.#prefixes.get(network.octets.length) ?? new Set()
    this.#prefixes.set(network.octets.length, prefixes.add(network.prefix))
  }
}

/** What takes the place of a restriction that is lifted, so that all processes learn of it. */
export function lifted(subject: Subject, now: number): Restriction {
  return { subject, since: now, endsAt: now, times: 0, reason: '', madeBy: 'guard' }
}

export function isLifted({ times, madeBy }: Restriction): boolean {
  return times === 0 && madeBy === 'guard'
}

export function isInForce(restriction: Restriction, now: number): boolean {
  const { endsAt } = restriction
  // The clock of who lifted it may be ahead.
  return !isLifted(restriction) && !isAhead(restriction, now) && (endsAt === null || endsAt > now)
}

/** What the guard has imposed by a clock that was ahead would hold for as long as it was, and longer than any may. */
function isAhead({ since, madeBy }: Restriction, now: number): boolean {
  return madeBy === 'guard' && since > now + clockDifference
}
