import { ConfigError, type ConfigFault } from '../errors.ts'
import { type PlannedPlugin, within } from './plan.ts'
import { stepError } from './steps.ts'

/** Sets up plugin by plugin. Throws ConfigError with the faults that all of them have found, or MAIL_E_SETUP naming the one that failed. */
export function setUpEach<Running>(
  plan: readonly PlannedPlugin[],
  setUp: (plugin: PlannedPlugin) => Running,
): readonly Running[] {
  const running: Running[] = []
  const faults: ConfigFault[] = []
  for (const plugin of plan) {
    try {
      running.push(setUp(plugin))
    } catch (error) {
      // What a plugin can only see with its services at hand is a fault of the config all the same.
      if (error instanceof ConfigError)
        faults.push(...error.faults.map((fault) => within(plugin.path, fault)))
      else if (faults.length === 0) throw stepError('MAIL_E_SETUP', plugin.path, 'setup', error)
    }
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return running
}
