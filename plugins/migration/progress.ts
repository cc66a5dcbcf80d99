import type { Clock } from 'mailwright'
import type { SourceMailbox } from './source.ts'

/** Where progress is shown: standard error. */
export interface ProgressScreen {
  /** A line can be written over. */
  readonly isTerminal: boolean
  tell(text: string): void
}

const rewrittenEvery = 200
const toldEvery = 5_000
// Before that the rate is nobody's guess.
const rateAfter = 1_000
const clearLine = '\r\u001b[K'

/**
 * Shows how far a run is: on a terminal one line that is written over, elsewhere a line every few seconds. It is
 * shown when something was done, never by itself.
 */
export class Progress {
  readonly #screen: ProgressScreen | undefined
  readonly #clock: Clock
  readonly #started: number
  #shownAt: number
  #name = ''
  #messages = 0
  #octets = 0
  #expectedMessages: number | undefined
  #expectedOctets: number | undefined
  #isShown = false

  constructor(screen: ProgressScreen | undefined, clock: Clock) {
    this.#screen = screen
    this.#clock = clock
    this.#started = clock.monotonic()
    this.#shownAt = this.#started
  }

  /** How much there is, where the source knows. */
  expect(mailboxes: readonly Pick<SourceMailbox, 'messages' | 'octets'>[]): void {
    this.#expectedMessages = total(mailboxes.map(({ messages }) => messages))
    this.#expectedOctets = total(mailboxes.map(({ octets }) => octets))
  }

  turnTo(name: string): void {
    this.#name = name
    this.#show()
  }

  /** So much has been dealt with. */
  add(messages: number, octets: number): void {
    this.#messages += messages
    this.#octets += octets
    this.#show()
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isShown && this.#screen?.isTerminal === true) this.#screen.tell(clearLine)
    this.#isShown = false
  }

  #show(): void {
    if (this.#screen === undefined) return
    const { isTerminal } = this.#screen
    const now = this.#clock.monotonic()
    if (now - this.#shownAt < (isTerminal ? rewrittenEvery : toldEvery)) return
    this.#shownAt = now
    this.#isShown = true
    const line = printableLine(this.#line(now - this.#started))
    this.#screen.tell(isTerminal ? clearLine + line.slice(0, 79) : `${line}\n`)
  }

  #line(milliseconds: number): string {
    const count = this.#expectedMessages === undefined ? '' : `/${this.#expectedMessages}`
    const parts = [`${this.#messages}${count} messages`, octetsText(this.#octets)]
    if (milliseconds >= rateAfter) parts.push(`${octetsText((this.#octets * 1000) / milliseconds)}/s`)
    const left = this.#left(milliseconds)
    if (left !== undefined) parts.push(`${clockText(left)} left`)
    return `${parts.join(', ')}: ${this.#name}`
  }

  /** Milliseconds. */
  #left(milliseconds: number): number | undefined {
    const [done, all] =
      this.#expectedMessages === undefined
        ? [this.#octets, this.#expectedOctets]
        : [this.#messages, this.#expectedMessages]
    if (all === undefined || done === 0 || milliseconds < rateAfter) return undefined
    return (Math.max(0, all - done) * milliseconds) / done
  }
}

/** `12.3 MB`. */
export function octetsText(octets: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [octets, 0]
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** Names of others on a terminal: controls are shown, not obeyed. */
export function printableLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\ufffd')
}

/** `1:02:03`, `2:03`. */
function clockText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

/** Undefined where one is not known. */
function total(numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.reduce(
    (sum, number) => (sum === undefined || number === undefined ? undefined : sum + number),
    0 as number | undefined,
  )
}
