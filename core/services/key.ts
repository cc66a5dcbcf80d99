/**
 * The typed name of a service. The key is the contract: a plugin that provides `store` provides what the `Store`
 * interface says, whoever wrote it.
 */
export interface ServiceKey<Service> {
  readonly name: string
  /** One line for messages: what is missing where nobody provides it. */
  readonly summary: string
  /** Plugins of the framework that provide it, for messages; others may. `core` is there without a plugin. */
  readonly providers: readonly string[]
  /** Only there to carry the type. */
  readonly service?: Service
}

/** Makes a key. Third-party plugins may have services of their own; their names start with the package's name. */
export function serviceKey<Service>(
  name: string,
  summary: string,
  providers: readonly string[] = [],
): ServiceKey<Service> {
  return Object.freeze({ name, summary, providers: Object.freeze([...providers]) })
}
