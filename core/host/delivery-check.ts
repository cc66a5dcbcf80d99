import type { Route } from '../model/delivery.ts'
import type { HookPoint } from './hook-point.ts'

const places: Readonly<Record<Route['kind'], string>> = {
  account: 'into mailboxes',
  remote: 'to other hosts',
  handler: 'to handlers',
}

const suggestions: Readonly<Partial<Record<Route['kind'], string>>> = {
  account: 'local-delivery',
  remote: 'smtp-out',
}

/**
 * Where plugins lead mail to that no plugin delivers: it is taken, and waits. No fault, for who has nothing to send yet may
 * start all the same.
 */
export function undelivered({
  route,
  deliver,
}: Readonly<Record<'route' | 'deliver', HookPoint>>): readonly string[] {
  const delivered = deliver.placed.map(({ options }) => options.kinds)
  const isDelivered = (kind: Route['kind']): boolean =>
    delivered.some((kinds) => kinds === undefined || kinds.includes(kind))
  return route.placed.flatMap(({ plugin, options: { kinds = [] } }) =>
    kinds.filter((kind) => !isDelivered(kind)).map((kind) => warning(plugin, kind)),
  )
}

function warning(plugin: string, kind: Route['kind']): string {
  const text = `${plugin} leads mail ${places[kind]}, and no plugin of this config delivers it there: it would wait in the queue`
  const suggestion = suggestions[kind]
  return suggestion === undefined ? text : `${text} (add the plugin "${suggestion}")`
}
