import { throwFaults } from '../joint-faults.ts'

/** What is in doubt of a fault that shall be none; undefined for one that stays a fault. */
export type Excuse = (fault: unknown) => string | undefined

/**
 * Lets each plugin check its files; answers what is in doubt of faults that are excused. MAIL_E_START with the faults of all of them;
 * `stopping` is defined once nothing else shall begin.
 */
export async function checkPlugins<Plugin>(
  plugins: readonly Plugin[],
  check: (plugin: Plugin) => Promise<void>,
  stopping: () => Promise<void> | undefined,
  excuse: Excuse | undefined,
): Promise<readonly string[]> {
  const faults: unknown[] = []
  const doubts: string[] = []
  for (const plugin of plugins) {
    try {
      await check(plugin)
    } catch (error) {
      const doubt = excuse?.(error)
      if (doubt === undefined) faults.push(error)
      else doubts.push(doubt)
      if (stopping() !== undefined) break
    }
  }
  throwFaults(faults)
  return doubts
}
