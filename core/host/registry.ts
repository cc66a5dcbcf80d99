import { MailwrightError } from '../errors.ts'
import type { ServiceKey } from '../services/key.ts'
import { checkedService } from './checked-service.ts'
import type { PlannedPlugin } from './plan.ts'

/** The services of one host: who provides what, and who may use it. */
export class ServiceRegistry {
  readonly #defaults = new Map<string, unknown>()
  readonly #services = new Map<string, unknown>()
  readonly #providers = new Map<string, string>()

  /** What the core provides; a plugin that provides the same replaces it. */
  provideDefault<Service>(key: ServiceKey<Service>, service: Service): void {
    this.#defaults.set(key.name, service)
  }

  provide(plugin: PlannedPlugin, key: ServiceKey<unknown>, service: unknown): void {
    if (!listed(plugin.definition.provides, key)) refuse(plugin, 'provides', key)
    if (service === null)
      throw new MailwrightError('MAIL_E_SERVICE', `${plugin.name} provided null as "${key.name}"`)
    this.#services.set(key.name, checkedService(plugin.name, key, service))
    this.#providers.set(key.name, plugin.name)
  }

  /** For a plugin: only what it declared. */
  use<Service>(plugin: PlannedPlugin, key: ServiceKey<Service>): Service {
    const { requires, provides, optional } = plugin.definition
    if (!listed(requires, key) && !listed(provides, key) && !listed(optional, key))
      refuse(plugin, 'requires', key)
    return this.get(key)
  }

  useOptional<Service>(plugin: PlannedPlugin, key: ServiceKey<Service>): Service | undefined {
    if (!listed(plugin.definition.optional, key)) refuse(plugin, 'optional', key)
    return this.find(key)
  }

  find<Service>(key: ServiceKey<Service>): Service | undefined {
    return (this.#services.get(key.name) ?? this.#defaults.get(key.name)) as Service | undefined
  }

  /** The plugin that provides it; undefined where that is the core, or nobody. */
  providerOf(key: ServiceKey<unknown>): string | undefined {
    return this.#providers.get(key.name)
  }

  /** MAIL_E_SERVICE where nobody provides it. */
  get<Service>(key: ServiceKey<Service>): Service {
    const service = this.find(key)
    if (service !== undefined) return service
    throw new MailwrightError('MAIL_E_SERVICE', `no plugin provides "${key.name}" (${key.summary})`)
  }

  /** Throws where a plugin did not keep its word. */
  check(plugin: PlannedPlugin): void {
    for (const key of plugin.definition.provides ?? []) {
      if (this.#services.get(key.name) !== undefined) continue
      throw new MailwrightError(
        'MAIL_E_SERVICE',
        `${plugin.name} said that it provides "${key.name}" and did not`,
      )
    }
  }
}

function listed(keys: readonly ServiceKey<unknown>[] | undefined, key: ServiceKey<unknown>): boolean {
  return keys?.some((other) => other.name === key.name) ?? false
}

function refuse(plugin: PlannedPlugin, list: string, key: ServiceKey<unknown>): never {
  throw new MailwrightError('MAIL_E_SERVICE', `${plugin.name} must list "${key.name}" in its \`${list}\``)
}
