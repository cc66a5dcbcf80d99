import { MailwrightError } from '../errors.ts'
import type { Hook, HookKind } from '../hooks/kinds.ts'
import { frozenValue } from './frozen-value.ts'
import { HookCall, type HookSettings, type HookSubject } from './hook-call.ts'
import type { CallableTap } from './tap-call.ts'
import { orderTaps, type PlacedTap } from './tap-order.ts'
import {
  type BailHook,
  bailHook,
  type Decision,
  type ParallelHook,
  parallelHook,
  type RewriteStopped,
  type WaterfallHook,
  waterfallHook,
} from './tapable-hooks.ts'
import { Deadlines } from './waiting.ts'

export type { HookObserver, HookSettings, HookSubject } from './hook-call.ts'
export type { Decision } from './tapable-hooks.ts'

/** What a rewrite came to. */
export type Rewritten<Value> =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'fault'; readonly by: string }

/** What an inspection brought. */
export interface Collected<Answer> {
  /** In the order of the taps. */
  readonly answers: readonly Answer[]
  /** The taps that failed. */
  readonly failed: readonly string[]
}

const nothing: Promise<Collected<never>> = Promise.resolve({ answers: [], failed: [] })
const nobody: Promise<undefined> = Promise.resolve(undefined)
/** A session that has ended gets no more answers; nobody is to blame. */
const ended = { kind: 'fault', by: 'core/session-ended' } as const

/** One hook with its taps: collects them during setup, then is frozen, ordered once, and run. */
export class HookPoint {
  readonly name: string
  readonly kind: HookKind
  readonly #settings: HookSettings
  readonly #added: PlacedTap[] = []
  #frozen = false
  #ordered: readonly PlacedTap[] = []
  #bail: BailHook | undefined
  #parallel: ParallelHook | undefined
  #waterfall: WaterfallHook | undefined

  constructor(name: string, kind: HookKind, settings: HookSettings) {
    this.name = name
    this.kind = kind
    this.#settings = settings
  }

  /** The hook as one plugin sees it; `position` is the plugin's place in the config. */
  facade(plugin: string, position: number): Hook<HookKind, readonly unknown[], unknown> {
    return Object.freeze({
      kind: this.kind,
      name: this.name,
      tap: (step, run, options = {}) =>
        this.#tap({ name: `${plugin}/${step}`, plugin, position, run, options }, step),
    } satisfies Hook<HookKind, readonly unknown[], unknown>)
  }

  #tap(tap: PlacedTap, step: string): void {
    const { name, run, options } = tap
    const refuse = (problem: string) => {
      throw new MailwrightError('MAIL_E_HOOK', `${name} cannot tap ${this.name}: ${problem}`)
    }
    if (this.#frozen) refuse('taps are only added in setup')
    if (typeof run !== 'function') refuse('it is not a function')
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(step)) refuse('a step is named in lower case, with hyphens')
    if (this.#added.some((other) => other.name === name)) refuse('it has a tap of that name already')
    const { timeout = 1 } = options
    if (!(Number.isFinite(timeout) && timeout > 0))
      refuse('its timeout is not a number of milliseconds above 0')
    if (!isKinds(options.kinds)) refuse('its kinds are not a list of kinds of route')
    this.#added.push(tap)
  }

  /** Orders the taps and takes no more. Throws MAIL_E_HOOK for a `before` or `after` that names nobody, or a circle. */
  freeze(): void {
    this.#frozen = true
    this.#ordered = orderTaps(this.name, this.#added)
    if (this.#ordered.length === 0) return
    const taps = this.#callable()
    if (this.kind === 'check' || this.kind === 'claim') this.#bail = bailHook(taps)
    else if (this.kind === 'rewrite') this.#waterfall = waterfallHook(taps)
    else this.#parallel = parallelHook(taps)
  }

  #callable(): readonly CallableTap[] {
    const byTimeout = new Map<number, Deadlines>()
    const { durations } = this.#settings
    return this.#ordered.map(({ name, plugin, run, options }) => {
      const timeout = options.timeout ?? this.#settings.timeout
      const deadlines = byTimeout.get(timeout) ?? new Deadlines(this.#settings.clock, timeout)
      byTimeout.set(timeout, deadlines)
      return {
        name,
        hook: this.name,
        run: run as CallableTap['run'],
        deadlines,
        durations: durations?.(this.name, plugin),
      }
    })
  }

  /** Names of the taps in the order in which they run. */
  get taps(): readonly string[] {
    return this.#ordered.map((tap) => tap.name)
  }

  /** The same taps with what their plugins said of them. */
  get placed(): readonly PlacedTap[] {
    return this.#ordered
  }

  /** Runs a check or a claim. Never rejects. */
  decide<Answer>(args: readonly unknown[], subject: HookSubject): Promise<Decision<Answer> | undefined> {
    if (this.#bail === undefined) return nobody
    if (subject.signal?.aborted) return Promise.resolve(ended)
    return this.#bail.promise(this.#call(args, subject)) as Promise<Decision<Answer> | undefined>
  }

  /** Tells what is wrong with a part of a tap's answer, where the rest of it counts. */
  blame(tap: string, problem: string, subject: HookSubject): void {
    const error = new MailwrightError('MAIL_E_HOOK', `${tap} in ${this.name} ${problem}`)
    this.#settings.observer.failed(this.name, tap, error, 0, subject)
  }

  /** Runs an inspection; what failed is listed apart. Never rejects. */
  collect<Answer>(args: readonly unknown[], subject: HookSubject): Promise<Collected<Answer>> {
    if (this.#parallel === undefined || subject.signal?.aborted) return nothing
    const call = this.#call(args, subject)
    return this.#parallel.promise(call).then(() => this.#collected<Answer>(call))
  }

  #collected<Answer>({ results }: HookCall): Collected<Answer> {
    const failed = this.taps.filter((_, index) => results[index]?.kind === 'fault')
    const answers = results.flatMap((result) =>
      result.kind === 'answer' ? ([result.answer].flat() as Answer[]) : [],
    )
    return { answers, failed }
  }

  /** Runs a rewrite over a value. Never rejects. */
  rewrite<Value>(value: Value, args: readonly unknown[], subject: HookSubject): Promise<Rewritten<Value>> {
    if (this.#waterfall === undefined) return Promise.resolve({ kind: 'value', value })
    if (subject.signal?.aborted) return Promise.resolve(ended)
    return this.#waterfall.promise(frozenValue(value), this.#call(args, subject)).then(
      (changed) => ({ kind: 'value', value: changed as Value }),
      ({ by }: RewriteStopped) => ({ kind: 'fault', by }),
    )
  }

  /** Tells all taps; resolves when all have finished or timed out. Never rejects. */
  notify(args: readonly unknown[], subject: HookSubject): Promise<void> {
    return this.#parallel === undefined ? nobody : this.#parallel.promise(this.#call(args, subject))
  }

  #call(args: readonly unknown[], subject: HookSubject): HookCall {
    return new HookCall(this.kind, this.#settings, args, subject)
  }
}

/** Plugins may be plain JavaScript. */
function isKinds(kinds: unknown): boolean {
  return (
    kinds === undefined ||
    (Array.isArray(kinds) &&
      kinds.every((kind) => kind === 'account' || kind === 'remote' || kind === 'handler'))
  )
}
