import { toldBy } from '../error-origin.ts'
import { ConfigError, type ConfigFault, errorText } from '../errors.ts'
import type { PluginDefinition, PluginInstance } from '../plugin.ts'
import type { ServiceKey } from '../services/key.ts'
import { findCircle } from './circle.ts'

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
 * the keys that the core provides where no plugin does. All faults are added to `faults`; where there are any, the
 * plan is not one to be run.
 */
export function planPlugins(
  entries: readonly unknown[],
  given: readonly ServiceKey<unknown>[],
  faults: ConfigFault[],
): readonly PlannedPlugin[] {
  const planned: PlannedPlugin[] = []
  for (const [position, entry] of entries.entries()) {
    // `condition && plugin()` leaves behind what the condition was.
    if (!entry) continue
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
    const { definition } = entry as { definition?: PluginDefinition<unknown> }
    fault(at, `is a function: call it, as in ${definition?.name ?? 'plugin'}()`)
    // What it would provide is not missing.
    const usable = definition !== undefined && definitionFault(definition) === undefined
    return usable ? { name: definition.name, position, path: at, definition, options: undefined } : undefined
  }
  if (!isInstance(entry)) return fault(at, 'is not a plugin; definePlugin makes one')
  const { definition } = entry
  const name = entry.as ?? definition.name
  if (typeof name !== 'string' || !nameForm.test(name)) {
    return fault(at, `its name ${JSON.stringify(name)} must be lower case letters, digits and single hyphens`)
  }
  const path = `${at} (${name})`
  const broken = definitionFault(definition)
  if (broken !== undefined) return fault(path, broken)
  for (const word of entry.unknown ?? []) {
    const problem = `"${word}" means nothing behind the options: what can stand there is { as: "a name" }`
    faults.push({ path, problem })
  }
  const plugin = { name, position, path, definition }
  try {
    const options = definition.parseOptions(entry.options)
    if (!(options instanceof Promise)) return { ...plugin, options }
    options.catch(() => undefined)
    fault(path, 'its parseOptions is asynchronous; it must answer the options themselves')
    return { ...plugin, options: undefined }
  } catch (error) {
    if (error instanceof ConfigError) faults.push(...error.faults.map((one) => within(path, one)))
    else faults.push(toldBy({ path, problem: `its option parser failed: ${errorText(error)}` }, [error]))
    // It still says what it provides and needs, so that these faults are told too.
    return { ...plugin, options: undefined }
  }
}

/** Plugins may be plain JavaScript, made for another version. */
function definitionFault(definition: PluginDefinition<unknown>): string | undefined {
  if (typeof definition.setup !== 'function') return 'has no setup function'
  if (typeof definition.parseOptions !== 'function') return 'has no parseOptions function'
  for (const list of ['provides', 'requires', 'optional'] as const) {
    const keys: unknown = definition[list] ?? []
    if (!Array.isArray(keys) || !keys.every(isKey)) return `its \`${list}\` is no list of service keys`
  }
  return undefined
}

function isKey(key: unknown): boolean {
  return (
    typeof key === 'object' && key !== null && typeof (key as Partial<ServiceKey<unknown>>).name === 'string'
  )
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
  for (const plugin of planned) {
    for (const key of plugin.definition.requires ?? []) {
      if (!providers.has(key.name)) faults.push(missing(plugin, key))
    }
  }
  return providers
}

function missing(plugin: PlannedPlugin, key: ServiceKey<unknown>): ConfigFault {
  const summary = typeof key.summary === 'string' ? ` (${key.summary})` : ''
  const problem = `needs "${key.name}"${summary}, and no plugin of this config provides it`
  const known = (key.providers ?? []).map((name) => `"${name}"`)
  const list = known.length > 1 ? `one of the plugins ${known.join(', ')}` : `the plugin ${known.join('')}`
  return { path: plugin.path, problem, ...(known.length === 0 ? {} : { suggestion: `add ${list}` }) }
}

function orderByServices(
  planned: readonly PlannedPlugin[],
  providers: Providers,
  faults: ConfigFault[],
): readonly PlannedPlugin[] {
  const needs = ({ definition: { requires = [], optional = [] } }: PlannedPlugin) =>
    [...requires, ...optional].map((key) => providers.get(key.name)).filter((other) => other !== undefined)
  const ordered: PlannedPlugin[] = []
  const waiting = [...planned]
  const unmet = (plugin: PlannedPlugin) =>
    needs(plugin).find((other) => other !== plugin && !ordered.includes(other))
  while (waiting.length > 0) {
    const next = waiting.findIndex((plugin) => unmet(plugin) === undefined)
    const [plugin] = next < 0 ? [] : waiting.splice(next, 1)
    if (plugin === undefined) {
      const names = findCircle(waiting, unmet).map((other) => other.name)
      faults.push({ path: 'plugins', problem: `${names.join(', ')} need each other in a circle` })
      return ordered
    }
    ordered.push(plugin)
  }
  return ordered
}
