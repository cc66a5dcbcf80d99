import { throwFaults } from '../joint-faults.ts'

/** Lets each plugin check its files. MAIL_E_START with the faults of all of them; `stopping` is defined once nothing else shall begin. */
export async function checkPlugins<Plugin>(
  plugins: readonly Plugin[],
  check: (plugin: Plugin) => Promise<void>,
  stopping: () => Promise<void> | undefined,
): Promise<void> {
  const faults: unknown[] = []
  for (const plugin of plugins) {
    try {
      await check(plugin)
    } catch (error) {
      faults.push(error)
      if (stopping() !== undefined) break
    }
  }
  throwFaults(faults)
}
