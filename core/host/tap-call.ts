import { MailwrightError } from '../errors.ts'
import type { TapContext } from '../hooks/kinds.ts'
import type { Histogram } from '../metrics/metrics.ts'
import type { Deadlines, Place, Waiting, WaitingLine } from './waiting.ts'

/** What came of calling a tap once. */
export type TapResult =
  | { readonly kind: 'silent' }
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'fault'; readonly error: unknown }

/** What stays the same from one call of a tap to the next. */
export interface CallableTap {
  /** `<plugin>/<step>`. */
  readonly name: string
  /** The hook it taps. */
  readonly hook: string
  readonly run: (...args: readonly unknown[]) => unknown
  /** Keeps its time. */
  readonly deadlines: Deadlines
  /** Where its durations are counted. */
  readonly durations?: Histogram | undefined
}

/** Who called a tap. */
export interface TapCaller {
  /** The one result of the call. */
  taken(result: TapResult): void
  /** The tap answered (again) when its result had been taken. */
  late(): void
}

const nativeThen = Promise.prototype.then
const silent: TapResult = { kind: 'silent' }

/**
 * Calls a tap and tells the caller its first answer, its error, its timeout or the end of the session, whichever comes
 * first. Never throws. What a tap does after that changes nothing; it is told as late. `began` is the clock's
 * monotonic time; `session` is the line of those who are told of its end.
 */
export function callTap(
  tap: CallableTap,
  args: readonly unknown[],
  began: number,
  session: WaitingLine | undefined,
  caller: TapCaller,
): void {
  new TapWait(tap, began, session, caller).begin(args)
}

class TapWait implements Waiting {
  readonly due: number
  readonly #tap: CallableTap
  readonly #session: WaitingLine | undefined
  readonly #caller: TapCaller
  #done = false
  #taken: TapResult | undefined
  #inTime: Place | undefined
  #inSession: Place | undefined
  #gaveUp: MailwrightError | undefined
  #abort: AbortController | undefined

  constructor(tap: CallableTap, began: number, session: WaitingLine | undefined, caller: TapCaller) {
    this.due = began + tap.deadlines.timeout
    this.#tap = tap
    this.#session = session
    this.#caller = caller
  }

  begin(args: readonly unknown[]): void {
    let returned: unknown
    try {
      returned = this.#tap.run(...args, new Context(this))
    } catch (error) {
      this.#finish({ kind: 'fault', error })
      return
    }
    if (returned === undefined) this.#finish(silent)
    else this.#await(returned)
  }

  #await(returned: unknown): void {
    this.#inTime = this.#tap.deadlines.join(this)
    this.#inSession = this.#session?.join(this)
    try {
      this.#listen(returned)
    } catch (error) {
      this.#take({ kind: 'fault', error })
    }
  }

  #listen(returned: unknown): void {
    const { then } = Object(returned) as { then?: unknown }
    if (typeof then !== 'function') {
      this.#take(this.#fault('answered without a promise'))
    } else if (then === nativeThen) {
      // The language's own promises call back once, whatever happens.
      nativeThen.call(
        returned,
        (answer) => this.#finish(this.#judge(answer)),
        (error: unknown) => this.#finish({ kind: 'fault', error }),
      )
    } else {
      then.call(
        returned,
        (answer: unknown) => this.#take(this.#judge(answer)),
        (error: unknown) => this.#take({ kind: 'fault', error }),
      )
    }
  }

  /** A thenable of foreign make may call back again: in the same turn that spoils its answer, afterwards it is late. */
  #take(result: TapResult): void {
    if (this.#done) this.#caller.late()
    else if (this.#taken !== undefined) this.#taken = this.#fault('answered twice')
    else {
      this.#taken = result
      queueMicrotask(() => this.#finish(this.#taken ?? silent))
    }
  }

  #judge(answer: unknown): TapResult {
    if (answer === undefined) return silent
    return answer === null ? this.#fault('answered null') : { kind: 'answer', answer }
  }

  /** Ends the wait for a tap that has not answered. */
  giveUp(problem: string): void {
    if (this.#done) return
    const code = problem.startsWith('did not') ? 'MAIL_E_TIMEOUT' : 'MAIL_E_HOOK'
    const error = new MailwrightError(code, `${this.#tap.name} in ${this.#tap.hook} ${problem}`)
    this.#gaveUp = error
    this.#finish({ kind: 'fault', error })
    this.#abort?.abort(error)
  }

  /** Made when a tap first asks for it: most never do. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#gaveUp !== undefined) this.#abort.abort(this.#gaveUp)
    return this.#abort.signal
  }

  #finish(result: TapResult): void {
    if (this.#done) {
      this.#caller.late()
      return
    }
    this.#done = true
    this.#inTime?.leave()
    this.#inSession?.leave()
    this.#caller.taken(result)
  }

  #fault(problem: string): TapResult {
    const text = `${this.#tap.name} in ${this.#tap.hook} ${problem}`
    return { kind: 'fault', error: new MailwrightError('MAIL_E_HOOK', text) }
  }
}

/** All of the wait that a tap sees. */
class Context implements TapContext {
  readonly #wait: TapWait

  constructor(wait: TapWait) {
    this.#wait = wait
  }

  get signal(): AbortSignal {
    return this.#wait.signal
  }
}
