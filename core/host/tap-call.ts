import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { TapContext } from '../hooks/kinds.ts'

/** What came of calling a tap once. */
export type TapResult =
  | { readonly kind: 'silent' }
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'fault'; readonly error: unknown }

/** What {@link callTap} needs to know of a tap and of who asks. */
export interface TapCall {
  /** `<plugin>/<step>`. */
  readonly name: string
  readonly hook: string
  readonly run: (...args: readonly unknown[]) => unknown
  readonly timeout: number
  readonly clock: Clock
  /** Ends the wait when the session ends. */
  readonly signal: AbortSignal | undefined
  /** Called when a tap answers (again) after its result was taken. */
  late(): void
}

const silent: TapResult = { kind: 'silent' }

/**
 * Calls a tap and waits for its first answer, its error, its timeout or the end of the session, whichever comes first.
 * Never rejects. What a tap does after that changes nothing; it is reported as late.
 */
export function callTap(call: TapCall, args: readonly unknown[]): Promise<TapResult> {
  const wait = new TapWait(call)
  wait.begin(args)
  return wait.result
}

class TapWait implements TapContext {
  readonly #call: TapCall
  readonly result: Promise<TapResult>
  #resolve: (result: TapResult) => void = () => undefined
  #taken: TapResult | undefined
  #done = false
  #answers = 0
  #abort: AbortController | undefined
  #cancel: (() => void) | undefined

  constructor(call: TapCall) {
    this.#call = call
    this.result = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Made when a tap first asks for it: most never do. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
  }

  begin(args: readonly unknown[]): void {
    let returned: unknown
    try {
      returned = this.#call.run(...args, this)
    } catch (error) {
      this.#finish({ kind: 'fault', error })
      return
    }
    if (returned === undefined) this.#finish(silent)
    else if (!isThenable(returned)) this.#finish(this.#fault('answered without a promise'))
    else this.#await(returned)
  }

  #await(thenable: PromiseLike<unknown>): void {
    const { clock, timeout, signal } = this.#call
    const timer = clock.after(timeout, () => this.#giveUp(`did not answer within ${timeout} ms`))
    const ended = () => this.#giveUp('was still at work when the session ended')
    signal?.addEventListener('abort', ended, { once: true })
    this.#cancel = () => {
      timer.cancel()
      signal?.removeEventListener('abort', ended)
    }
    const answered = (answer: unknown) => this.#take(this.#judge(answer))
    const failed = (error: unknown) => this.#take({ kind: 'fault', error })
    try {
      thenable.then(answered, failed)
    } catch (error) {
      failed(error)
    }
  }

  /** Takes the first answer; a thenable of foreign make may call back again, which spoils an answer not yet used. */
  #take(result: TapResult): void {
    this.#answers++
    if (this.#done) {
      this.#call.late()
      return
    }
    if (this.#answers > 1) {
      this.#taken = this.#fault('answered twice')
      return
    }
    this.#taken = result
    queueMicrotask(() => this.#finish(this.#taken ?? silent))
  }

  #judge(answer: unknown): TapResult {
    if (answer === undefined) return silent
    return answer === null ? this.#fault('answered null') : { kind: 'answer', answer }
  }

  #giveUp(problem: string): void {
    if (this.#done) return
    this.#finish(this.#fault(problem))
    this.#abort?.abort(new MailwrightError('MAIL_E_TIMEOUT', `${this.#call.name} ${problem}`))
  }

  #finish(result: TapResult): void {
    if (this.#done) return
    this.#done = true
    this.#cancel?.()
    this.#resolve(result)
  }

  #fault(problem: string): TapResult {
    const text = `${this.#call.name} in ${this.#call.hook} ${problem}`
    return {
      kind: 'fault',
      error: new MailwrightError(problem.startsWith('did not') ? 'MAIL_E_TIMEOUT' : 'MAIL_E_HOOK', text),
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
