import type { Clock } from 'mailwright'

/** What was looked up, and how long it may be believed. */
export interface Loaded<Value> {
  readonly value: Value
  /** Nothing was found: kept for a short time only, and apart from what was. */
  readonly isNegative: boolean
  /** Milliseconds since 1970 from which on it holds no longer. */
  readonly validUntil?: number
}

export interface LookupCacheSettings {
  /** Answers at most. */
  readonly size: number
  /** Milliseconds that an answer is kept at most. */
  readonly ttl: number
  /** Milliseconds that a change of another process may stay unnoticed. */
  readonly checkEvery: number
}

interface Entry {
  readonly value: unknown
  /** Of the monotonic clock. */
  readonly deadline: number
  readonly validUntil: number
}

const NEGATIVE_TTL = 10_000
// A stranger who tries addresses must not push out those that are in use.
const NEGATIVE_SHARE = 4

/**
 * Keeps the answers of look-ups as long as nothing has changed: with every change, in whatever process, a number in
 * the database grows, and this asks for it as soon as the last answer is `checkEvery` old. Then all answers go: changes are
 * rare, look-ups are not.
 */
export class LookupCache {
  readonly #settings: LookupCacheSettings
  readonly #clock: Clock
  readonly #readGeneration: () => Promise<number>
  readonly #found: Entries
  readonly #missing: Entries
  /** Grows whenever the answers go, so that an answer that was on its way meanwhile is not kept. */
  #epoch = 0
  #generation: number | undefined
  #doubts = 0
  #checkedAt = Number.NEGATIVE_INFINITY
  #checking: Promise<void> | undefined

  constructor(settings: LookupCacheSettings, clock: Clock, readGeneration: () => Promise<number>) {
    this.#settings = settings
    this.#clock = clock
    this.#readGeneration = readGeneration
    this.#found = new Entries(settings.size)
    this.#missing = new Entries(Math.ceil(settings.size / NEGATIVE_SHARE))
  }

  /** The answer that is kept under a key, else the one that `load` gives. */
  async get<Value>(key: string, load: () => Promise<Loaded<Value>>): Promise<Value> {
    if (this.#clock.monotonic() - this.#checkedAt >= this.#settings.checkEvery) await this.#check()
    const kept = this.#kept(key)
    if (kept !== undefined) return kept.value as Value
    const epoch = this.#epoch
    const loaded = await load()
    if (epoch === this.#epoch) this.#keep(key, loaded)
    return loaded.value
  }

  /** Somebody says that something has changed: the next look-up asks. */
  suspect(): void {
    this.#doubts++
    this.#checkedAt = Number.NEGATIVE_INFINITY
  }

  /** Forgets everything, for something was changed here. */
  clear(): void {
    this.suspect()
    this.#forget()
  }

  #forget(): void {
    this.#epoch++
    this.#found.clear()
    this.#missing.clear()
  }

  #kept(key: string): Entry | undefined {
    const entry = this.#found.get(key) ?? this.#missing.get(key)
    if (entry === undefined) return undefined
    const isOver = this.#clock.monotonic() >= entry.deadline || this.#clock.now() >= entry.validUntil
    return isOver ? undefined : entry
  }

  #keep(key: string, { value, isNegative, validUntil = Number.POSITIVE_INFINITY }: Loaded<unknown>): void {
    const ttl = isNegative ? Math.min(NEGATIVE_TTL, this.#settings.ttl) : this.#settings.ttl
    const [entries, others] = isNegative ? [this.#missing, this.#found] : [this.#found, this.#missing]
    others.delete(key)
    entries.set(key, { value, deadline: this.#clock.monotonic() + ttl, validUntil })
  }

  /** Asks once for all who wait. Rejects where the database is away: what cannot be checked is not believed. */
  #check(): Promise<void> {
    this.#checking ??= this.#compare().finally(() => {
      this.#checking = undefined
    })
    return this.#checking
  }

  async #compare(): Promise<void> {
    const [asked, doubts] = [this.#clock.monotonic(), this.#doubts]
    const generation = await this.#readGeneration()
    if (generation !== this.#generation) this.#forget()
    this.#generation = generation
    // Where somebody doubted while we asked, the answer may be older than what the doubt is about.
    if (doubts === this.#doubts) this.#checkedAt = asked
  }
}

/** As many entries as there is room for; those go first that nobody has asked for longest. */
class Entries {
  readonly #size: number
  readonly #entries = new Map<string, Entry>()

  constructor(size: number) {
    this.#size = size
  }

  get(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry
  }

  set(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    if (this.#entries.size <= this.#size) return
    const oldest = this.#entries.keys().next()
    if (!oldest.done) this.#entries.delete(oldest.value)
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
