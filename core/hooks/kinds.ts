import type { Route } from '../model/delivery.ts'
import type { Reply } from '../model/reply.ts'

/** The five kinds of hook (DESIGN §3): what an answer means, and what silence and failure mean. */
export type HookKind = 'check' | 'claim' | 'inspect' | 'rewrite' | 'notify'

/** Given to every tap as its last argument. */
export interface TapContext {
  /** Aborts when the tap's time is over or the session has ended. Pass it on to whatever the tap waits for. */
  readonly signal: AbortSignal
}

export interface TapOptions {
  /** Runs before these taps of the same hook: `<plugin>/<step>`, or `<plugin>` for all of a plugin's. They must exist. */
  before?: string | readonly string[]
  /** Runs after these. */
  after?: string | readonly string[]
  /** Milliseconds the tap may take; the config's `hookTimeout` where absent. */
  timeout?: number
  /**
   * For taps of `route` the kinds of route that they answer, for those of `deliver` the kinds that they deliver: of a config in which
   * nobody delivers what somebody answers `check` and the start warn. A tap of `deliver` that says nothing counts as one for all.
   */
  kinds?: readonly Route['kind'][]
}

/** A tap: always a promise, `undefined` for "no opinion". `null` is a fault, as is any answer of the wrong shape. */
export type Tap<Args extends readonly unknown[], Answer> = (
  ...args: [...Args, TapContext]
) => Promise<Answer | undefined>

/** A hook as plugins see it: something to tap. Only the core runs hooks. */
export interface Hook<Kind extends HookKind, Args extends readonly unknown[], Answer> {
  readonly kind: Kind
  /** `<group>.<name>`, such as `envelope.checkRecipient`. */
  readonly name: string
  /**
   * Adds a tap named `<plugin>/<step>`. Only in a plugin's `setup`. Without `before` and `after` taps run in the order
   * of the plugins in the config.
   */
  tap(step: string, run: Tap<Args, Answer>, options?: TapOptions): void
}

/** May refuse. The first refusing reply stops the rest; nobody's silence or success can take it back. */
export type CheckHook<Args extends readonly unknown[]> = Hook<'check', Args, Reply>
/** May take. The first answer takes; where nobody does, the answer is 550 5.7.1, or for `deliver` 451 4.3.5. */
export type ClaimHook<Args extends readonly unknown[], Answer> = Hook<'claim', Args, Answer>
/** All run side by side and all their answers are collected. */
export type InspectHook<Args extends readonly unknown[], Answer> = Hook<
  'inspect',
  Args,
  Answer | readonly Answer[]
>
/** Each gets what the one before made of the value and answers the changed value. A failure drops the whole edit: 451. */
export type RewriteHook<Value, Args extends readonly unknown[]> = Hook<
  'rewrite',
  readonly [Value, ...Args],
  Value
>
/** Something has happened. Answers do not count; failures are logged. */
export type NotifyHook<Args extends readonly unknown[]> = Hook<'notify', Args, void>
