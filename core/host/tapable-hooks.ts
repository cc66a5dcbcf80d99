import { AsyncParallelHook, AsyncSeriesBailHook, AsyncSeriesWaterfallHook } from 'tapable'
import type { HookCall } from './hook-call.ts'
import type { CallableTap } from './tap-call.ts'

// Plugins tap with promises only. Between here and tapable the cheaper callbacks are safe: a HookCall calls back once,
// whatever the tap does.

/** What a bail hook came to: who answered what, or whose failure stopped it. */
export type Decision<Answer> =
  | { readonly kind: 'answer'; readonly by: string; readonly answer: Answer }
  | { readonly kind: 'fault'; readonly by: string }

export type BailHook = AsyncSeriesBailHook<[HookCall], Decision<unknown> | undefined>
export type WaterfallHook = AsyncSeriesWaterfallHook<[unknown, HookCall]>
export type ParallelHook = AsyncParallelHook<[HookCall]>

/** What a waterfall rejects with when a tap has failed. */
export class RewriteStopped extends Error {
  /** The tap. */
  readonly by: string

  constructor(by: string) {
    super(`${by} stopped a rewrite`)
    this.by = by
  }
}

/** One tap after the other, until one answers or fails. */
export function bailHook(taps: readonly CallableTap[]): BailHook {
  const hook: BailHook = new AsyncSeriesBailHook(['call'])
  for (const tap of taps) {
    const by = tap.name
    hook.tapAsync(by, (call, callback) => {
      call.run(tap, call.args, (result) => {
        if (result.kind === 'silent') callback(null)
        else
          callback(
            null,
            result.kind === 'answer' ? { kind: 'answer', by, answer: result.answer } : { kind: 'fault', by },
          )
      })
    })
  }
  return hook
}

/** One tap after the other, each with what the one before made of the value; a failure ends it. */
export function waterfallHook(taps: readonly CallableTap[]): WaterfallHook {
  const hook: WaterfallHook = new AsyncSeriesWaterfallHook(['value', 'call'])
  for (const tap of taps) {
    hook.tapAsync(tap.name, (value, call, callback) => {
      call.run(tap, [value, ...call.args], (result) => {
        if (result.kind === 'fault') callback(new RewriteStopped(tap.name))
        else callback(null, result.kind === 'answer' ? result.answer : undefined)
      })
    })
  }
  return hook
}

/** All taps side by side; their results are left in the call. */
export function parallelHook(taps: readonly CallableTap[]): ParallelHook {
  const hook: ParallelHook = new AsyncParallelHook(['call'])
  for (const [index, tap] of taps.entries()) {
    hook.tapAsync(tap.name, (call, callback) => {
      call.run(tap, call.args, (result) => {
        call.results[index] = result
        callback(null)
      })
    })
  }
  return hook
}
