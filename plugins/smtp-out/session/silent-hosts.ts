import { type Clock, wait } from 'mailwright'
import { HostFailure, noAnswer } from '../outcome.ts'

/**
 * Milliseconds for which an address that did not answer is asked last. It is less than from a queue's first attempt to its second, so
 * that whoever tries again then may find that it is back.
 */
const silentFor = 4 * 60_000
/** Milliseconds after which nothing is known of it any more. */
const forgottenAfter = 60 * 60_000
const mostRemembered = 10_000
/** Milliseconds that others wait for whoever finds out whether it answers again: for a connection, and then for the greeting. */
const [connectPatience, greetingPatience] = [10_000, 60_000]
/** Milliseconds after which those come back for whom the greeting takes too long. */
const comeBackAfter = 60_000

/** The machine has no more: that says nothing of a host. */
const ours = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRINUSE', 'EADDRNOTAVAIL'])

/** Somebody finds out whether an address answers again. */
interface Probe {
  /** When it was chosen for that, or has begun to connect: it may have to wait for its turn before. */
  begunAt: number
  connectedAt: number | undefined
  readonly over: AbortController
}

/** An address did not connect, or did not greet. */
interface Silence {
  readonly enhanced: string
  /** Without the host's name: many names may have the address. */
  readonly problem: string
  /** Of the monotonic clock. */
  readonly since: number
  /** When the opening began that found it, in the order of {@link Visit.came}. */
  readonly begun: number
  /** Somebody has found out already that it goes on: whoever waits while the next one does has been tried. */
  isConfirmed: boolean
  probe: Probe | undefined
}

/** One that has come to nothing. */
interface Opening {
  readonly begun: number
  readonly greetingsBefore: number
  readonly probe: Probe | undefined
}

/** Connections to an address. */
interface Contact {
  /** That have not been greeted yet. */
  openings: number
  /** That have, and go on. */
  sessions: number
  greetings: number
}

/** Who wants a connection, and where. */
export interface Visitor {
  readonly way: string
  /** The host as this one knows it. */
  readonly host: string
  readonly place: string
  readonly signal: AbortSignal
  /** What others have found by openings that began before it came is not enough for it. */
  readonly isLast: boolean
}

/** Somebody who wants a connection to an address. */
export interface Visit {
  /** Before an opening that begins later, whose number is higher. */
  readonly came: number
  /** When its own opening began. */
  readonly begun: number | undefined
  /** Before it connects. Throws a `HostFailure` where others have found meanwhile that nobody answers. */
  begin(): void
  /** There is a connection: the others wait for the greeting. */
  connected(): void
  /** The host has greeted, whatever it said; until {@link SilentHosts.left} a connection is open. */
  greeted(): void
  /** No session has come about. Answers whether the address is remembered for it. */
  failed(error: unknown): boolean
  /** After any of these, or none. */
  end(): void
}

/**
 * Addresses that did not connect or greet. They are asked last for a while; where nobody else can be asked one delivery at a time finds
 * out whether they answer again, and the others hear of what came of that. An address is named with its port and where we come from.
 */
export class SilentHosts {
  readonly #clock: Clock
  /** The longest silent first. */
  readonly #silences = new Map<string, Silence>()
  readonly #contacts = new Map<string, Contact>()
  /** Visits and openings in the order of their beginnings. */
  #moment = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether others are to be asked first. When its time is over that is so while one delivery finds out. */
  has(way: string): boolean {
    const silence = this.#known(way)
    if (silence === undefined) return false
    return silence.probe !== undefined || this.#clock.monotonic() < silence.since + silentFor
  }

  /** Resolves when a connection may be wanted. Rejects with `HostFailure` where nobody answers, as far as is known. */
  async visit(visitor: Visitor): Promise<Visit> {
    const { way, signal, isLast } = visitor
    const came = ++this.#moment
    let before: Silence | undefined
    for (;;) {
      const silence = this.#known(way)
      if (silence === undefined) return this.#visit(visitor, came, undefined)
      const isNews = before !== undefined && before !== silence
      if (isNews && (!isLast || silence.begun > came)) throw this.#found(silence, visitor)
      const now = this.#clock.monotonic()
      const { probe } = silence
      if (probe === undefined) {
        silence.probe = { begunAt: now, connectedAt: undefined, over: new AbortController() }
        return this.#visit(visitor, came, silence.probe)
      }
      const left = isLast ? forgottenAfter : endOfPatience(probe) - now
      if (left <= 0) {
        const isUntried = probe.connectedAt !== undefined && !silence.isConfirmed
        throw isUntried ? notGreetedYet(visitor) : this.#found(silence, visitor)
      }
      before = silence
      await wait(this.#clock, left, AbortSignal.any([signal, probe.over.signal])).catch(() => undefined)
      signal.throwIfAborted()
    }
  }

  /** What is not too old. */
  #known(way: string): Silence | undefined {
    const silence = this.#silences.get(way)
    if (silence === undefined || silence.probe !== undefined) return silence
    if (this.#clock.monotonic() < silence.since + forgottenAfter) return silence
    this.#silences.delete(way)
    return undefined
  }

  /** What others have found, of the host as this visitor knows it. */
  #found({ enhanced, problem, since }: Silence, visitor: Visitor): HostFailure {
    const minutes = Math.floor((this.#clock.monotonic() - since) / 60_000)
    const when = minutes === 0 ? '' : ` (found ${minutes} min ago)`
    const { outcome } = noAnswer(visitor, { enhanced, problem: `${problem}${when}` })
    return new HostFailure(outcome, { isOurs: true })
  }

  #visit(visitor: Visitor, came: number, probe: Probe | undefined): Visit {
    const { way, isLast } = visitor
    let begun: number | undefined
    let greetingsBefore = 0
    let isGreeted = false
    return {
      came,
      get begun() {
        return begun
      },
      begin: () => {
        const silence = this.#known(way)
        if (silence !== undefined) {
          const isProbe = probe !== undefined && silence.probe === probe
          if (!isProbe && (!isLast || silence.begun > came)) throw this.#found(silence, visitor)
        }
        begun = ++this.#moment
        if (probe !== undefined) probe.begunAt = this.#clock.monotonic()
        const contact = this.#contact(way)
        contact.openings++
        greetingsBefore = contact.greetings
      },
      connected: () => {
        if (probe !== undefined) probe.connectedAt ??= this.#clock.monotonic()
      },
      greeted: () => {
        if (isGreeted) return
        isGreeted = true
        this.#greeted(way)
      },
      failed: (error) => {
        if (begun === undefined) return false
        if (isGreeted) this.left(way)
        return !isGreeted && this.#failed(way, error, { begun, greetingsBefore, probe })
      },
      end: () => {
        if (probe !== undefined) this.#ended(way, probe)
      },
    }
  }

  #ended(way: string, probe: Probe): void {
    const silence = this.#silences.get(way)
    if (silence?.probe === probe) {
      silence.probe = undefined
      // It was given up: the next one is not another first one.
      if (probe.connectedAt !== undefined) silence.isConfirmed = true
    }
    probe.over.abort()
  }

  #greeted(way: string): void {
    const contact = this.#contact(way)
    contact.openings--
    contact.sessions++
    contact.greetings++
    this.#silences.get(way)?.probe?.over.abort()
    this.#silences.delete(way)
  }

  /** A connection that was greeted has ended. */
  left(way: string): void {
    const contact = this.#contact(way)
    contact.sessions--
    this.#tidy(way, contact)
  }

  /** Where others are served meanwhile the host has only had enough. */
  #failed(way: string, error: unknown, { begun, greetingsBefore, probe }: Opening): boolean {
    const contact = this.#contact(way)
    contact.openings--
    this.#tidy(way, contact)
    if (contact.sessions > 0 || contact.greetings > greetingsBefore || !isSilence(error)) return false
    const before = this.#silences.get(way)
    this.#silences.delete(way)
    this.#silences.set(way, {
      enhanced: error.outcome.reply.enhanced ?? '4.4.1',
      problem: error.problem,
      since: this.#clock.monotonic(),
      begun,
      // Those that were opened side by side with the first one say no more than it.
      isConfirmed: probe !== undefined || before?.isConfirmed === true,
      probe: before?.probe === probe ? undefined : before?.probe,
    })
    this.#forget()
    return true
  }

  #forget(): void {
    const oldest = this.#clock.monotonic() - forgottenAfter
    for (const [way, { since }] of this.#silences) {
      if (this.#silences.size <= mostRemembered && since > oldest) return
      this.#silences.delete(way)
    }
  }

  #contact(way: string): Contact {
    const known = this.#contacts.get(way)
    if (known !== undefined) return known
    const contact = { openings: 0, sessions: 0, greetings: 0 }
    this.#contacts.set(way, contact)
    return contact
  }

  #tidy(way: string, { openings, sessions }: Contact): void {
    if (openings === 0 && sessions === 0) this.#contacts.delete(way)
  }
}

function endOfPatience({ begunAt, connectedAt }: Probe): number {
  return connectedAt === undefined ? begunAt + connectPatience : connectedAt + greetingPatience
}

/** Nobody was asked for this one: the host is there, and may greet yet. */
function notGreetedYet(visitor: Visitor): HostFailure {
  const problem = 'is slow to greet again; others wait for it'
  const { outcome } = noAnswer(visitor, { enhanced: '4.4.1', problem })
  return new HostFailure(
    { ...outcome, kind: 'deferred', untried: true, retryAfter: comeBackAfter },
    { isOurs: true },
  )
}

/** TLS that does not come about, and a host that says that it has had enough, are answers. */
function isSilence(error: unknown): error is HostFailure & { readonly problem: string } {
  if (!(error instanceof HostFailure) || error.problem === undefined) return false
  const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException
  return !ours.has(code)
}
