import { type Clock, wait } from 'mailwright'
import { HostFailure, type Undelivered } from '../outcome.ts'

/**
 * Milliseconds for which an address that did not answer is asked last. It is less than from a queue's first attempt to its second, so
 * that whoever tries again then may find that it is back.
 */
const silentFor = 4 * 60_000
/** Milliseconds after which nothing is known of it any more. */
const forgottenAfter = 60 * 60_000
const mostRemembered = 10_000
/** Milliseconds that others wait for whoever finds out whether it answers again. */
const patience = 10_000

/** The machine has no more: that says nothing of a host. */
const ours = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRINUSE', 'EADDRNOTAVAIL'])

/** Somebody finds out whether an address answers again. */
interface Probe {
  readonly begunAt: number
  readonly over: AbortController
}

/** An address did not connect, or did not greet. */
interface Silence {
  readonly outcome: Undelivered
  /** Of the monotonic clock. */
  readonly since: number
  probe: Probe | undefined
}

/** Connections to an address. */
interface Contact {
  /** That have not been greeted yet. */
  openings: number
  /** That have, and go on. */
  sessions: number
  greetings: number
}

/** Somebody who wants a connection to an address. */
export interface Visit {
  /** Before it connects. Throws a `HostFailure` where others have found meanwhile that nobody answers. */
  begin(): void
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

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether others are to be asked first. When its time is over that is so while one delivery finds out. */
  has(way: string): boolean {
    const silence = this.#silences.get(way)
    if (silence === undefined) return false
    return silence.probe !== undefined || this.#clock.monotonic() < silence.since + silentFor
  }

  /** Resolves when a connection may be wanted. Rejects with `HostFailure` where nobody answers, as far as is known. */
  async visit(way: string, signal: AbortSignal): Promise<Visit> {
    let before: Silence | undefined
    for (;;) {
      const silence = this.#silences.get(way)
      if (silence === undefined) return this.#visit(way, undefined)
      if (before !== undefined && before !== silence) throw new HostFailure(silence.outcome)
      const now = this.#clock.monotonic()
      const { probe } = silence
      if (probe === undefined) {
        silence.probe = { begunAt: now, over: new AbortController() }
        return this.#visit(way, silence.probe)
      }
      const left = probe.begunAt + patience - now
      if (left <= 0) throw new HostFailure(silence.outcome)
      before = silence
      await wait(this.#clock, left, AbortSignal.any([signal, probe.over.signal])).catch(() => undefined)
      signal.throwIfAborted()
    }
  }

  #visit(way: string, probe: Probe | undefined): Visit {
    let greetingsBefore: number | undefined
    let isGreeted = false
    return {
      begin: () => {
        const silence = this.#silences.get(way)
        const isProbing = probe !== undefined && silence?.probe === probe
        if (silence !== undefined && !isProbing) throw new HostFailure(silence.outcome)
        const contact = this.#contact(way)
        contact.openings++
        greetingsBefore = contact.greetings
      },
      greeted: () => {
        if (isGreeted) return
        isGreeted = true
        this.#greeted(way)
      },
      failed: (error) => {
        if (greetingsBefore === undefined) return false
        if (isGreeted) this.left(way)
        return !isGreeted && this.#failed(way, error, { greetingsBefore, probe })
      },
      end: () => {
        if (probe === undefined) return
        const silence = this.#silences.get(way)
        if (silence?.probe === probe) silence.probe = undefined
        probe.over.abort()
      },
    }
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
  #failed(
    way: string,
    error: unknown,
    { greetingsBefore, probe }: { readonly greetingsBefore: number; readonly probe: Probe | undefined },
  ): boolean {
    const contact = this.#contact(way)
    contact.openings--
    this.#tidy(way, contact)
    if (contact.sessions > 0 || contact.greetings > greetingsBefore || !isSilence(error)) return false
    const before = this.#silences.get(way)?.probe
    this.#silences.delete(way)
    this.#silences.set(way, {
      outcome: error.outcome,
      since: this.#clock.monotonic(),
      probe: before === probe ? undefined : before,
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

/** TLS that does not come about, and a host that says that it has had enough, are answers. */
function isSilence(error: unknown): error is HostFailure {
  if (!(error instanceof HostFailure) || error.isOurs) return false
  const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException
  return error.outcome.cause === 'unreachable' && !ours.has(code)
}
