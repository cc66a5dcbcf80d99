import type { Clock, Timer } from 'mailwright'
import type { SmtpTimeouts } from './options.ts'

/** What happens when a client takes too long. */
export interface Lateness {
  /** In the middle of a command, between two, or in a message: nothing more is waited for. */
  late(): void
  /** The session has lasted long enough: it ends where it can. */
  overlong(): void
  /** In the TLS handshake. */
  stuck(): void
}

// Milliseconds.
const farewellTime = 5_000

/** How long a client has for what it does next. One phase at a time; the session's limit runs beside it. */
export class Deadlines {
  readonly #clock: Clock
  readonly #timeouts: SmtpTimeouts
  readonly #lateness: Lateness
  #phase: Timer | undefined
  #message: Timer | undefined
  #session: Timer | undefined

  constructor(clock: Clock, timeouts: SmtpTimeouts, lateness: Lateness) {
    this.#clock = clock
    this.#timeouts = timeouts
    this.#lateness = lateness
  }

  begin(): void {
    this.#session = this.#clock.after(this.#timeouts.session, () => this.#lateness.overlong())
  }

  /** The client was refused, and may only say goodbye. */
  farewell(): void {
    this.#session?.cancel()
    this.#session = this.#clock.after(farewellTime, () => this.#lateness.late())
  }

  /** The next whole command is waited for: octets that trickle in make it no longer. */
  command(): void {
    this.#wait(this.#timeouts.command, () => this.#lateness.late())
  }

  /** The next block of a message is waited for. */
  block(): void {
    this.#wait(this.#timeouts.dataBlock, () => this.#lateness.late())
  }

  handshake(): void {
    this.#wait(this.#timeouts.handshake, () => this.#lateness.stuck())
  }

  /** The client waits for us. */
  none(): void {
    this.#phase?.cancel()
  }

  /** A message is coming in since then, on the clock's monotonic scale; in chunks, perhaps, with commands between them. */
  message(since: number): void {
    const left = since + this.#timeouts.message - this.#clock.monotonic()
    this.#message = this.#clock.after(Math.max(0, left), () => this.#lateness.late())
  }

  noMessage(): void {
    this.#message?.cancel()
  }

  end(): void {
    for (const timer of [this.#phase, this.#message, this.#session]) timer?.cancel()
  }

  #wait(milliseconds: number, then: () => void): void {
    this.#phase?.cancel()
    this.#phase = this.#clock.after(milliseconds, then)
  }
}
