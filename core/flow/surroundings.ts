import type { Clock } from '../clock.ts'
import type { HookSubject } from '../host/hook-point.ts'
import type { HookSet } from '../host/hook-set.ts'
import type { ServiceRegistry } from '../host/registry.ts'
import type { Log } from '../log.ts'
import type { FlowMetrics } from '../metrics/flow-metrics.ts'
import { type History, type HistoryEntry, type HistoryVerb, history } from '../services/history.ts'
import { AccountSessions } from './account-sessions.ts'

/** What the host gives the flow. */
export interface FlowSurroundings {
  readonly hooks: HookSet
  readonly services: ServiceRegistry
  readonly log: Log
  readonly clock: Clock
  /** Milliseconds that a service may take for an answer that a session waits for. */
  readonly timeout: number
  readonly metrics: FlowMetrics
}

type Facts = Partial<Omit<HistoryEntry, 'at' | 'verb'>>

/** What every step of the flow shares: the hooks, the services, the history, and work that nobody waits for. */
export class FlowContext {
  readonly hooks: HookSet['points']
  readonly services: ServiceRegistry
  readonly log: Log
  readonly clock: Clock
  readonly timeout: number
  readonly metrics: FlowMetrics
  readonly accountSessions: AccountSessions = new AccountSessions(this)
  readonly #background = new Set<Promise<void>>()
  #history: History | undefined

  constructor({ hooks, services, log, clock, timeout, metrics }: FlowSurroundings) {
    this.hooks = hooks.points
    this.services = services
    this.log = log
    this.clock = clock
    this.timeout = timeout
    this.metrics = metrics
  }

  /** Adds an entry to the history. Mail goes on without a history that fails. */
  record(verb: HistoryVerb, subject: HookSubject, facts: Facts = {}): void {
    const { session, transaction } = subject
    try {
      this.#history ??= this.services.get(history)
      this.#history.record({
        at: this.clock.now(),
        verb,
        ...(session === undefined ? {} : { session }),
        ...(transaction === undefined ? {} : { transaction }),
        ...facts,
      })
    } catch (error) {
      this.log.error('internal-error', { session, transaction, service: 'history', error })
    }
  }

  /** Runs on without anybody waiting, until {@link settled}. */
  inBackground(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.log.error('internal-error', { error }))
      .finally(() => this.#background.delete(tracked))
    this.#background.add(tracked)
  }

  /** Resolves when no background work is left. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background)
  }
}
