import { ConfigError, type ConfigFault } from '../errors.ts'
import type { Route } from '../model/delivery.ts'
import type { HookPoint } from './hook-point.ts'

const places: Readonly<Record<Route['kind'], string>> = {
  account: 'into mailboxes',
  remote: 'to other hosts',
  handler: 'to handlers',
}

const suggestions: Readonly<Partial<Record<Route['kind'], string>>> = {
  account: 'add the plugin "local-delivery"',
  remote: 'add the plugin "smtp-out"',
}

/** ConfigError where a plugin leads mail to where no plugin delivers: it would be taken, and wait for nothing. */
export function checkDelivery({ route, deliver }: Readonly<Record<'route' | 'deliver', HookPoint>>): void {
  const delivered = deliver.placed.map(({ options }) => options.kinds)
  const isDelivered = (kind: Route['kind']): boolean =>
    delivered.some((kinds) => kinds === undefined || kinds.includes(kind))
  const faults = route.placed.flatMap(({ plugin, options: { kinds = [] } }) =>
    kinds.filter((kind) => !isDelivered(kind)).map((kind) => fault(plugin, kind)),
  )
  if (faults.length > 0) throw new ConfigError(faults)
}

function fault(plugin: string, kind: Route['kind']): ConfigFault {
  const problem = `${plugin} leads mail ${places[kind]}, and no plugin of this config delivers it there`
  const suggestion = suggestions[kind]
  return { path: 'plugins', problem, ...(suggestion === undefined ? {} : { suggestion }) }
}
