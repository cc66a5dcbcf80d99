import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesWaterfallHook } from 'tapable'
import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { Hook, HookKind } from '../hooks/kinds.ts'
import { callTap, type TapResult } from './tap-call.ts'
import { orderTaps, type PlacedTap } from './tap-order.ts'

/** On whose behalf a hook runs: for the history, and to stop waiting when the session ends. */
export interface HookSubject {
  readonly session?: string
  readonly transaction?: string
  readonly signal?: AbortSignal
}

/** Is told what each tap answered, so that it gets into the history and the log. */
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
  /** What is wrong with a tap's answer, beyond null. */
  fault(answer: unknown, args: readonly unknown[]): string | undefined
}

/** What a bail hook came to: who answered what, or whose failure stopped it. */
export type Decision<Answer> =
  | { readonly kind: 'answer'; readonly by: string; readonly answer: Answer }
  | { readonly kind: 'fault'; readonly by: string }

/** What a rewrite came to. */
export type Rewritten<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'fault'; readonly by: string }

interface Call {
  readonly args: readonly unknown[]
  readonly subject: HookSubject
  readonly collected: { readonly by: string; readonly result: TapResult }[]
}

class RewriteStopped extends Error {
  readonly by: string
  constructor(by: string) {
    super('rewrite stopped')
    this.by = by
  }
}

/** One hook with its taps: collects them during setup, then is frozen, ordered once, and run. */
export class HookPoint {
  readonly name: string
  readonly kind: HookKind
  readonly #settings: HookSettings
  readonly #added: PlacedTap[] = []
  #frozen = false
  #ordered: readonly PlacedTap[] = []
  #bail: AsyncSeriesBailHook<[Call], Decision<unknown> | undefined> | undefined
  #parallel: AsyncParallelHook<[Call]> | undefined
  #waterfall: AsyncSeriesWaterfallHook<[unknown, Call]> | undefined

  constructor(name: string, kind: HookKind, settings: HookSettings) {
    this.name = name
    this.kind = kind
    this.#settings = settings
  }

  /** The hook as one plugin sees it; `position` is the plugin's place in the config. */
  facade(plugin: string, position: number): Hook<HookKind, readonly unknown[], unknown> {
    return {
      kind: this.kind,
      name: this.name,
      tap: (step, run, options = {}) =>
        this.#tap({ name: `${plugin}/${step}`, plugin, position, run, options }, step),
    }
  }

  #tap(tap: PlacedTap, step: string): void {
    const { name, run } = tap
    const refuse = (problem: string) => {
      throw new MailwrightError('MAIL_E_HOOK', `${name} cannot tap ${this.name}: ${problem}`)
    }
    if (this.#frozen) refuse('taps are only added in setup')
    if (typeof run !== 'function') refuse('it is not a function')
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(step)) refuse('a step is named in lower case, with hyphens')
    if (this.#added.some((other) => other.name === name)) refuse('it has a tap of that name already')
    this.#added.push(tap)
  }

  /** Orders the taps and takes no more. Throws MAIL_E_HOOK for a `before` or `after` that names nobody, or a circle. */
  freeze(): void {
    this.#frozen = true
    this.#ordered = orderTaps(this.name, this.#added)
    if (this.#ordered.length === 0) return
    const invoke = (tap: PlacedTap, call: Call, args: readonly unknown[]) => this.#invoke(tap, call, args)
    if (this.kind === 'check' || this.kind === 'claim') this.#bail = bailHook(this.#ordered, invoke)
    else if (this.kind === 'rewrite') this.#waterfall = waterfallHook(this.#ordered, invoke)
    else this.#parallel = parallelHook(this.#ordered, invoke)
  }

  /** Names of the taps in the order in which they run. */
  get taps(): readonly string[] {
    return this.#ordered.map((tap) => tap.name)
  }

  /** Runs a check or a claim. */
  async decide<Answer>(
    args: readonly unknown[],
    subject: HookSubject,
  ): Promise<Decision<Answer> | undefined> {
    if (this.#bail === undefined) return undefined
    return (await this.#bail.promise({ args, subject, collected: [] })) as Decision<Answer> | undefined
  }

  /** Runs an inspection; what failed is listed apart. */
  async collect<Answer>(
    args: readonly unknown[],
    subject: HookSubject,
  ): Promise<{ answers: Answer[]; failed: string[] }> {
    const answers: Answer[] = []
    const failed: string[] = []
    if (this.#parallel !== undefined) {
      const call: Call = { args, subject, collected: [] }
      await this.#parallel.promise(call)
      for (const { by, result } of call.collected) {
        if (result.kind === 'fault') failed.push(by)
        if (result.kind === 'answer') answers.push(...([result.answer].flat() as Answer[]))
      }
    }
    return { answers, failed }
  }

  /** Runs a rewrite over a value. */
  async rewrite<Value>(
    value: Value,
    args: readonly unknown[],
    subject: HookSubject,
  ): Promise<Rewritten<Value>> {
    if (this.#waterfall === undefined) return { kind: 'value', value }
    try {
      const changed = await this.#waterfall.promise(value, { args, subject, collected: [] })
      return { kind: 'value', value: changed as Value }
    } catch (error) {
      if (error instanceof RewriteStopped) return { kind: 'fault', by: error.by }
      throw error
    }
  }

  /** Tells all taps; resolves when all have finished or timed out. */
  async notify(args: readonly unknown[], subject: HookSubject): Promise<void> {
    await this.#parallel?.promise({ args, subject, collected: [] })
  }

  async #invoke(tap: PlacedTap, call: Call, args: readonly unknown[]): Promise<TapResult> {
    const { clock, observer, timeout } = this.#settings
    const began = clock.monotonic()
    const result = await callTap(
      {
        name: tap.name,
        hook: this.name,
        run: tap.run as (...args: readonly unknown[]) => unknown,
        timeout: tap.options.timeout ?? timeout,
        clock,
        signal: this.kind === 'notify' ? undefined : call.subject.signal,
        late: () => observer.late(this.name, tap.name, call.subject),
      },
      args,
    )
    if (result.kind === 'silent') return result
    const judged = this.#judge(tap, result, args)
    const milliseconds = clock.monotonic() - began
    if (judged.kind === 'fault')
      observer.failed(this.name, tap.name, judged.error, milliseconds, call.subject)
    else if (judged.kind === 'answer')
      observer.answered(this.name, tap.name, judged.answer, milliseconds, call.subject)
    return judged
  }

  #judge(tap: PlacedTap, result: TapResult, args: readonly unknown[]): TapResult {
    if (result.kind !== 'answer') return result
    const problem = this.#settings.fault(result.answer, args)
    if (problem === undefined) return result
    return {
      kind: 'fault',
      error: new MailwrightError('MAIL_E_HOOK', `${tap.name} in ${this.name}: ${problem}`),
    }
  }
}

type Invoke = (tap: PlacedTap, call: Call, args: readonly unknown[]) => Promise<TapResult>

function bailHook(
  taps: readonly PlacedTap[],
  invoke: Invoke,
): AsyncSeriesBailHook<[Call], Decision<unknown> | undefined> {
  const hook = new AsyncSeriesBailHook<[Call], Decision<unknown> | undefined>(['call'])
  for (const tap of taps) {
    hook.tapPromise(tap.name, async (call) => {
      const result = await invoke(tap, call, call.args)
      if (result.kind === 'silent') return undefined
      return result.kind === 'answer'
        ? { kind: 'answer', by: tap.name, answer: result.answer }
        : { kind: 'fault', by: tap.name }
    })
  }
  return hook
}

function waterfallHook(
  taps: readonly PlacedTap[],
  invoke: Invoke,
): AsyncSeriesWaterfallHook<[unknown, Call]> {
  const hook = new AsyncSeriesWaterfallHook<[unknown, Call]>(['value', 'call'])
  for (const tap of taps) {
    hook.tapPromise(tap.name, async (value, call) => {
      const result = await invoke(tap, call, [value, ...call.args])
      if (result.kind === 'fault') throw new RewriteStopped(tap.name)
      return result.kind === 'answer' ? result.answer : undefined
    })
  }
  return hook
}

function parallelHook(taps: readonly PlacedTap[], invoke: Invoke): AsyncParallelHook<[Call]> {
  const hook = new AsyncParallelHook<[Call]>(['call'])
  for (const tap of taps) {
    hook.tapPromise(tap.name, async (call) => {
      call.collected.push({ by: tap.name, result: await invoke(tap, call, call.args) })
    })
  }
  return hook
}
