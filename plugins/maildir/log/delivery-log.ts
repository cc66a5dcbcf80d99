import { relative } from 'node:path'
import { Serial, type Timer, UnavailableError } from 'mailwright'
import type { MaildirContext } from '../context.ts'
import { inGroups } from '../files/groups.ts'
import { LogEntries, type LogEntry } from './entries.ts'
import { encodeForgotten, encodeMessage, type Forgotten, type LoggedMessage, roomFor } from './frame.ts'
import { restoreMessages } from './restoration.ts'
import { type LogSegment, readSegment } from './segment.ts'
import { LogSegments } from './segments.ts'
import { settleMessages } from './settlement.ts'
import { busy, patience, quiet, rest, tick, trust } from './times.ts'

interface Waiting {
  readonly message: LoggedMessage
  readonly answer: PromiseWithResolvers<LogEntry | undefined>
}

// Base names in one note.
const notedAtOnce = 500

/**
 * Makes deliveries durable by one write for all of a moment, into files that have their size already. The messages' own files are
 * made durable later, many together, when the system has mostly written them by itself; after a power cut, what is missing in a
 * mailbox comes from here.
 */
export class DeliveryLog {
  readonly #context: MaildirContext
  readonly #root: string
  readonly #segments: LogSegments
  /** What is written to segments, one after the other. */
  readonly #serial = new Serial()
  readonly #entries = new LogEntries()
  #waiting: Waiting[] = []
  #looking: Promise<void> = Promise.resolve()
  #last = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #isLooking = false
  /** Whether something could not be settled: it is tried again after a while, however much mail comes. */
  #isTroubled = false
  #isClosed = false

  /** `root` is the store's, absolute; `boot` says which run of the machine this is. */
  constructor(context: MaildirContext, root: string, boot: string) {
    this.#context = context
    this.#root = root
    this.#segments = new LogSegments(context, root, boot)
  }

  /** How many messages are not known to be durable in their mailboxes. */
  get unsettled(): number {
    return this.#entries.size
  }

  /** Makes sure that the next message need not do without it. */
  async open(): Promise<void> {
    if (!this.#segments.isReady) await this.#segments.prepare()
  }

  /** Whether messages can be written. A server that seldom has one has no log; who asks again soon will find one. */
  isReady(): boolean {
    const now = this.#context.clock.monotonic()
    const isBusy = now - this.#last < busy
    this.#last = now
    if (this.#isClosed) return false
    if (!this.#segments.isReady && isBusy) void this.#segments.prepare()
    return this.#segments.isReady
  }

  /** Resolves when a message comes over a power cut; with undefined where the log does not take it. Never fails. */
  write(message: LoggedMessage): Promise<LogEntry | undefined> {
    const answer = Promise.withResolvers<LogEntry | undefined>()
    // All that come while others are being written go together.
    if (this.#waiting.push({ message, answer }) === 1) void this.#serial.run(() => this.#writeWaiting())
    this.#timer ??= this.#context.clock.after(tick, () => this.#look())
    return answer.promise
  }

  /**
   * Messages do not come back after a power cut, as far as they are here. Durable when it resolves; MAIL_E_UNAVAILABLE where there is no
   * room for that now.
   */
  forget(path: string, bases: readonly string[]): Promise<void> {
    return this.#forget(this.#entries.of(path, bases))
  }

  /** The same for all messages of a mailbox. */
  forgetAll(path: string): Promise<void> {
    return this.#forget(this.#entries.in(path))
  }

  /** Whether other processes may have messages that are durable only by their logs. */
  othersWrite(): Promise<boolean> {
    return this.#segments.hasOthers()
  }

  /** Makes messages of a mailbox durable where they are; all where none are named. */
  async settle(path: string, bases?: readonly string[]): Promise<void> {
    const known = bases === undefined ? this.#entries.in(path) : this.#entries.of(path, bases)
    if (known.length > 0) await this.#settle(known)
  }

  /** A mailbox has another path now. What came into it meanwhile is made durable there, or later. Never fails. */
  async moved(from: string, to: string): Promise<void> {
    for (const entry of this.#entries.in(from)) this.#entries.move(entry, to)
    await this.#settleSome(({ path }) => path === to)
  }

  /** Settles everything and removes its files, except those with what could not be made durable. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    await this.#looking
    await this.#serial.run(async () => undefined)
    await this.#settleSome(() => true)
    await this.#serial.run(() => this.#segments.release())
    await this.#segments.close()
  }

  #forget(entries: readonly LogEntry[]): Promise<void> {
    return entries.length === 0 ? Promise.resolve() : this.#serial.run(() => this.#note(entries))
  }

  async #writeWaiting(): Promise<void> {
    // So that those who come at the same moment are here.
    await Promise.resolve()
    const waiting = this.#waiting
    this.#waiting = []
    for (let from = 0; from < waiting.length; ) {
      const segment = this.#segments.withRoom(roomFor(waiting[from]?.message), 'messages')
      if (segment === undefined) {
        for (const { answer } of waiting.slice(from)) answer.resolve(undefined)
        break
      }
      let end = from
      for (let room = segment.room('messages'); end < waiting.length; end++) {
        room -= roomFor(waiting[end]?.message)
        if (room < 0) break
      }
      await this.#writeTogether(segment, waiting.slice(from, end))
      from = end
    }
    if (this.#segments.areScarce && !this.#isTroubled) this.#look()
  }

  async #writeTogether(segment: LogSegment, waiting: readonly Waiting[]): Promise<void> {
    const since = this.#context.clock.monotonic()
    const frames = waiting.flatMap(({ message }) =>
      encodeMessage(segment.generation, { ...message, path: relative(this.#root, message.path) }),
    )
    try {
      await this.#context.syncs.timed('log', () => segment.append(frames))
    } catch (error) {
      const problem = 'deliveries are made durable one by one'
      this.#context.log.warn('unavailable', { file: segment.path, problem, error })
      for (const { answer } of waiting) answer.resolve(undefined)
      return
    }
    for (const { message, answer } of waiting) {
      const { path, base } = message
      const logged = relative(this.#root, path)
      const entry: LogEntry = { path, base, logged, segment, since, isPlaced: false, isDoubtful: false }
      this.#entries.add(entry)
      answer.resolve(entry)
    }
  }

  /** Settles what is due, then sees to it that there is a next look as long as there is something to look at. */
  #look(): void {
    if (this.#isLooking || this.#isClosed) return
    this.#isLooking = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#looking = this.#settleDue().then((wait) => {
      this.#isLooking = false
      if (this.#isClosed || !this.#segments.isReady) return
      this.#timer ??= this.#context.clock.after(wait, () => this.#look())
    })
  }

  /** Answers how many milliseconds to wait until the next time. */
  async #settleDue(): Promise<number> {
    const now = this.#context.clock.monotonic()
    const idle = now - this.#last
    const { areScarce } = this.#segments
    const isDue = ({ segment, since, missedAt = Number.NEGATIVE_INFINITY }: LogEntry): boolean =>
      // To look for a message costs a reading of the whole mailbox.
      now - missedAt >= patience &&
      (idle >= quiet || now - since >= patience || (areScarce && this.#segments.isSealed(segment)))
    this.#isTroubled = !(await this.#settleSome(isDue))
    if (this.#isTroubled) return patience
    await this.#serial.run(async () => {
      await this.#segments.release()
      if (this.#entries.size === 0 && this.#waiting.length === 0 && idle >= rest)
        await this.#segments.remove()
    })
    return tick
  }

  /** A failure is logged, and answered with false; what it is about stays, and is tried again. */
  async #settleSome(isDue: (entry: LogEntry) => boolean): Promise<boolean> {
    try {
      await this.#settle(this.#entries.all().filter(isDue))
      return true
    } catch (error) {
      const problem = 'deliveries stay in the log'
      this.#context.log.warn('unavailable', { directory: this.#root, problem, error })
      return false
    }
  }

  /** A mailbox that cannot be settled holds up no other. Throws the last failure. */
  async #settle(entries: readonly LogEntry[]): Promise<void> {
    const placed = Map.groupBy(
      entries.filter(({ isPlaced }) => isPlaced),
      ({ path, isDoubtful }) => (isDoubtful ? undefined : path),
    )
    const settled: LogEntry[] = []
    let failure: { readonly error: unknown } | undefined
    await inGroups([...placed], async ([path, some]) => {
      try {
        settled.push(...(path === undefined ? await this.#rewrite(some) : await this.#settleIn(path, some)))
      } catch (error) {
        failure = { error }
      }
    })
    if (settled.length > 0) await this.#finish(settled)
    if (failure !== undefined) throw failure.error
  }

  /** Answers those that are durable. */
  async #settleIn(path: string, entries: readonly LogEntry[]): Promise<readonly LogEntry[]> {
    const now = this.#context.clock.monotonic()
    const bases = entries.map(({ base }) => base)
    try {
      const missing = new Set(await settleMessages(this.#context, path, bases))
      for (const entry of entries) if (missing.has(entry.base)) entry.missedAt = now
      const isOver = ({ base, since }: LogEntry): boolean =>
        this.#isClosed || !missing.has(base) || now - since >= trust
      return entries.filter(isOver)
    } catch (error) {
      for (const entry of entries) entry.isDoubtful = true
      throw error
    }
  }

  /** Puts what the log has of messages into the place of their files. Answers them. */
  async #rewrite(entries: readonly LogEntry[]): Promise<readonly LogEntry[]> {
    for (const [segment, some] of Map.groupBy(entries, (entry) => entry.segment)) {
      const paths = new Map(some.map(({ base, path }) => [base, relative(this.#root, path)]))
      const messages = (await readSegment(this.#context, segment.path)).flatMap((logged) => {
        const path = 'message' in logged ? paths.get(logged.message.base) : undefined
        return path !== undefined && 'message' in logged ? [{ ...logged.message, path }] : []
      })
      await restoreMessages(this.#context, this.#root, messages, 'nothing')
    }
    return entries
  }

  /** What is durable elsewhere is not to be put back: the log says so, unless it gives up a whole segment. */
  #finish(settled: readonly LogEntry[]): Promise<void> {
    return this.#serial.run(async () => {
      // Two may have settled the same.
      const there = settled.filter((entry) => this.#entries.has(entry))
      const counts = Map.groupBy(there, ({ segment }) => segment)
      const freed = this.#segments.oldest((segment) => counts.get(segment)?.length === segment.live)
      const noted = this.#isClosed ? [] : there.filter(({ segment }) => !freed.has(segment))
      await this.#note(noted)
      for (const entry of there) this.#entries.drop(entry)
      await this.#segments.release()
    })
  }

  /** Messages are not put back after a power cut. MAIL_E_UNAVAILABLE where there is no room to say so. */
  async #note(entries: readonly LogEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += notedAtOnce) {
      const some = entries.slice(from, from + notedAtOnce)
      const notes = [...Map.groupBy(some, ({ logged }) => logged)].map(
        ([path, of]): Forgotten => ({ path, bases: of.map(({ base }) => base) }),
      )
      const encode = (generation: Buffer): Buffer =>
        Buffer.concat(notes.map((note) => encodeForgotten(generation, note)))
      const segment = this.#segments.withRoom(encode(noGeneration).length, 'all')
      if (segment === undefined) throw new UnavailableError('the log of deliveries is full')
      await segment.append([encode(segment.generation)])
      for (const entry of some) this.#entries.drop(entry)
    }
  }
}

const noGeneration = Buffer.alloc(8)
