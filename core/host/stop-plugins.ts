import type { Clock } from '../clock.ts'
import type { Lifecycle } from '../plugin.ts'
import { stepError, withinTime } from './steps.ts'

interface StartedPlugin {
  readonly plan: { readonly name: string }
  readonly lifecycle: Lifecycle
}

interface Surroundings {
  readonly clock: Clock
  readonly drainTimeout: number
  readonly pluginTimeout: number
  /** Finishes work that nobody waits for. */
  settled(): Promise<void>
  /** Ends the connections that are left. */
  cut(): void
}

/**
 * Lets all plugins finish their sessions at the same time, so that nobody's slow client takes the time of the others, then stops
 * them, last started first. All sessions together have `drainTimeout` and `pluginTimeout`, each stop has `pluginTimeout` and what
 * is left of the former. Every plugin gets its chance; answers what failed.
 */
export async function stopPlugins(
  started: readonly StartedPlugin[],
  { clock, drainTimeout, pluginTimeout, settled, cut }: Surroundings,
): Promise<readonly unknown[]> {
  const faults: unknown[] = []
  const over = new AbortController()
  const timer = clock.after(drainTimeout, () => {
    over.abort()
    cut()
  })
  const begun = clock.monotonic()
  const take = async (name: string, step: string, run: () => Promise<void> | undefined): Promise<void> => {
    const left = Math.max(0, drainTimeout - (clock.monotonic() - begun))
    try {
      await withinTime(clock, name, step, Math.round(left) + pluginTimeout, run)
    } catch (error) {
      faults.push(stepError('MAIL_E_STOP', name, step, error))
    }
  }
  const plugins = started.toReversed()
  await Promise.all(
    plugins.map(({ plan, lifecycle }) =>
      lifecycle.drain === undefined
        ? undefined
        : take(plan.name, 'drain', () => lifecycle.drain?.(over.signal)),
    ),
  )
  for (const { plan, lifecycle } of plugins) await take(plan.name, 'stop', () => lifecycle.stop?.())
  timer.cancel()
  cut()
  await take('work that nobody waits for', 'end', settled)
  return faults
}
