import type { Clock } from '../clock.ts'
import { errorText, MailwrightError } from '../errors.ts'
import type { HookKind } from '../hooks/kinds.ts'
import type { Histogram } from '../metrics/metrics.ts'
import { frozenValue } from './frozen-value.ts'
import { type CallableTap, callTap, type TapCaller, type TapResult } from './tap-call.ts'
import { lineOf, type WaitingLine } from './waiting.ts'

/** On whose behalf a hook runs: for the history, and to stop waiting when the session ends. */
export interface HookSubject {
  readonly session?: string
  readonly transaction?: string
  readonly signal?: AbortSignal
}

/** Is told what each tap answered, so that it gets into the history and the log. Must not throw. */
export interface HookObserver {
  answered(hook: string, by: string, answer: unknown, milliseconds: number, subject: HookSubject): void
  failed(hook: string, by: string, error: unknown, milliseconds: number, subject: HookSubject): void
  late(hook: string, by: string, subject: HookSubject): void
}

export interface HookSettings {
  readonly clock: Clock
  /** Milliseconds for a tap that names none. */
  readonly timeout: number
  readonly observer: HookObserver
  /** Where the durations of a plugin's taps of a hook are counted, in seconds. */
  readonly durations?: (hook: string, plugin: string) => Histogram
  /** What is wrong with a tap's answer, beyond null. May throw for an answer that does when it is looked at. */
  fault(answer: unknown, args: readonly unknown[]): string | undefined
}

const silent: TapResult = { kind: 'silent' }

function wrongAnswer({ name, hook }: CallableTap, problem: string): TapResult {
  return { kind: 'fault', error: new MailwrightError('MAIL_E_HOOK', `${name} in ${hook} ${problem}`) }
}

/** One call of a hook, as its taps share it. */
export class HookCall {
  readonly args: readonly unknown[]
  readonly subject: HookSubject
  /** What taps that run side by side came to, in the order of the taps. */
  readonly results: TapResult[] = []
  readonly #kind: HookKind
  readonly #settings: HookSettings
  readonly #session: WaitingLine | undefined
  #now: number | undefined

  constructor(kind: HookKind, settings: HookSettings, args: readonly unknown[], subject: HookSubject) {
    this.args = args
    this.subject = subject
    this.#kind = kind
    this.#settings = settings
    // What has happened is told also when the session is over.
    const { signal } = subject
    this.#session = kind === 'notify' || signal === undefined ? undefined : lineOf(signal)
  }

  /** Calls a tap; `then` gets its result when it is judged and reported. */
  run(tap: CallableTap, args: readonly unknown[], then: (result: TapResult) => void): void {
    const began = this.#began()
    callTap(tap, args, began, this.#session, new JudgedTap(this, tap, args, began, then))
  }

  /** Of taps that run one after the other, the end of one is the beginning of the next: the clock is asked once. */
  #began(): number {
    const known = this.#now
    this.#now = undefined
    return known ?? this.#settings.clock.monotonic()
  }

  /** What a tap's result is worth: an answer of the wrong shape is a fault, and what a notified tap says is nothing. */
  judge(tap: CallableTap, result: TapResult, args: readonly unknown[]): TapResult {
    if (result.kind !== 'answer') return result
    if (this.#kind === 'notify') return silent
    try {
      const answer = this.#kind === 'rewrite' ? frozenValue(result.answer) : result.answer
      const problem = this.#settings.fault(answer, args)
      return problem === undefined ? { kind: 'answer', answer } : wrongAnswer(tap, problem)
    } catch (error) {
      return wrongAnswer(tap, `answered something that cannot be read: ${errorText(error)}`)
    }
  }

  report(tap: CallableTap, result: TapResult, began: number): void {
    const { clock, observer } = this.#settings
    const now = clock.monotonic()
    this.#now = now
    const milliseconds = now - began
    tap.durations?.observe(milliseconds / 1000)
    if (result.kind === 'silent') return
    if (result.kind === 'fault') observer.failed(tap.hook, tap.name, result.error, milliseconds, this.subject)
    else observer.answered(tap.hook, tap.name, result.answer, milliseconds, this.subject)
  }

  late(tap: CallableTap): void {
    this.#settings.observer.late(tap.hook, tap.name, this.subject)
  }
}

/** One tap of a call at work. */
class JudgedTap implements TapCaller {
  readonly #call: HookCall
  readonly #tap: CallableTap
  readonly #args: readonly unknown[]
  readonly #began: number
  readonly #then: (result: TapResult) => void

  constructor(
    call: HookCall,
    tap: CallableTap,
    args: readonly unknown[],
    began: number,
    then: (result: TapResult) => void,
  ) {
    this.#call = call
    this.#tap = tap
    this.#args = args
    this.#began = began
    this.#then = then
  }

  taken(result: TapResult): void {
    const judged = this.#call.judge(this.#tap, result, this.#args)
    this.#call.report(this.#tap, judged, this.#began)
    this.#then(judged)
  }

  late(): void {
    this.#call.late(this.#tap)
  }
}
