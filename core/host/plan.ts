import { ConfigError, type ConfigFault, errorText } from '../errors.ts'
import type { PluginDefinition, PluginInstance } from '../plugin.ts'
import type { ServiceKey } from '../services/key.ts'

/** A plugin that is going to run: checked, with its options parsed. */
export interface PlannedPlugin {
  /** The instance's name. */
  readonly name: string
  /** Its place in the config. */
  readonly position: number
  /** `plugins[2] (maildir)`. */
  readonly path: string
  readonly definition: PluginDefinition<unknown>
  readonly options: unknown
}

const nameForm = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/

/**
 * Checks the plugins of a config and puts them in the order of their dependencies; otherwise as written. `given` are
 * the keys that the core provides where no plugin does. All faults are added to `faults`.
 */
export function planPlugins(
  entries: readonly unknown[],
  given: readonly ServiceKey<unknown>[],
  faults: ConfigFault[],
): readonly PlannedPlugin[] {
  const planned: PlannedPlugin[] = []
  for (const [position, entry] of entries.entries()) {
    if (entry === undefined || entry === false || entry === null) continue
    const plugin = planPlugin(entry, position, faults)
    if (plugin === undefined) continue
    const twin = planned.find((other) => other.name === plugin.name)
    if (twin === undefined) planned.push(plugin)
    else {
      const problem = `the name "${plugin.name}" is taken by plugins[${twin.position}]`
      faults.push({
        path: `plugins[${position}]`,
        problem,
        suggestion: 'give one of them a name: (options, { as: "…" })',
      })
    }
  }
  const providers = checkServices(planned, given, faults)
  return orderByServices(planned, providers, faults)
}

function planPlugin(entry: unknown, position: number, faults: ConfigFault[]): PlannedPlugin | undefined {
  const at = `plugins[${position}]`
  const fault = (path: string, problem: string) => {
    faults.push({ path, problem })
    return undefined
  }
  if (typeof entry === 'function') {
    const { definition } = entry as { definition?: { name?: string } }
    return fault(at, `is a function: call it, as in ${definition?.name ?? 'plugin'}()`)
  }
  if (!isInstance(entry)) return fault(at, 'is not a plugin; definePlugin makes one')
  const { definition } = entry
  const name = entry.as ?? definition.name
  if (typeof name !== 'string' || !nameForm.test(name)) {
    return fault(at, `its name ${JSON.stringify(name)} must be lower case letters, digits and single hyphens`)
  }
  const path = `${at} (${name})`
  if (typeof definition.setup !== 'function') return fault(path, 'has no setup function')
  if (typeof definition.parseOptions !== 'function') return fault(path, 'has no parseOptions function')
  try {
    return { name, position, path, definition, options: definition.parseOptions(entry.options) }
  } catch (error) {
    if (!(error instanceof ConfigError)) return fault(path, `its option parser failed: ${errorText(error)}`)
    faults.push(...error.faults.map((one) => within(path, one)))
    return undefined
  }
}

/** A fault of a plugin's options as a fault of the config. */
export function within(path: string, fault: ConfigFault): ConfigFault {
  return { ...fault, path: fault.path === '' ? path : `${path}.${fault.path}` }
}

function isInstance(entry: unknown): entry is PluginInstance {
  const { definition } = (entry ?? {}) as { definition?: unknown }
  return typeof definition === 'object' && definition !== null
}

/** Who provides what; `undefined` where the core does. */
type Providers = ReadonlyMap<string, PlannedPlugin | undefined>

function checkServices(
  planned: readonly PlannedPlugin[],
  given: readonly ServiceKey<unknown>[],
  faults: ConfigFault[],
): Providers {
  const providers = new Map<string, PlannedPlugin | undefined>(given.map((key) => [key.name, undefined]))
  for (const plugin of planned) {
    for (const key of plugin.definition.provides ?? []) {
      const other = providers.get(key.name)
      if (other === undefined) providers.set(key.name, plugin)
      else
        faults.push({
          path: plugin.path,
          problem: `provides "${key.name}", which ${other.path} provides already`,
        })
    }
  }
  // A plugin with faults in its options is not in the plan; what it would provide is not known to be missing.
  if (faults.length > 0) return providers
  for (const plugin of planned) {
    for (const key of plugin.definition.requires ?? []) {
      if (!providers.has(key.name)) faults.push(missing(plugin, key))
    }
  }
  return providers
}

function missing(plugin: PlannedPlugin, key: ServiceKey<unknown>): ConfigFault {
  const problem = `needs "${key.name}" (${key.summary}), and no plugin of this config provides it`
  const known = key.providers.map((name) => `"${name}"`)
  const list = known.length > 1 ? `one of the plugins ${known.join(', ')}` : `the plugin ${known.join('')}`
  return { path: plugin.path, problem, ...(known.length === 0 ? {} : { suggestion: `add ${list}` }) }
}

function orderByServices(
  planned: readonly PlannedPlugin[],
  providers: Providers,
  faults: ConfigFault[],
): readonly PlannedPlugin[] {
  const needs = (plugin: PlannedPlugin) =>
    [...(plugin.definition.requires ?? []), ...(plugin.definition.optional ?? [])]
      .map((key) => providers.get(key.name))
      .filter((other) => other !== undefined && other !== plugin)
  const ordered: PlannedPlugin[] = []
  const waiting = [...planned]
  while (waiting.length > 0) {
    const next = waiting.findIndex((plugin) =>
      needs(plugin).every((other) => other !== undefined && ordered.includes(other)),
    )
    const [plugin] = next < 0 ? [] : waiting.splice(next, 1)
    if (plugin === undefined) {
      const names = waiting.map((other) => other.name).join(', ')
      faults.push({ path: 'plugins', problem: `${names} need each other in a circle` })
      return ordered
    }
    ordered.push(plugin)
  }
  return ordered
}
