import type { PlannedPlugin } from './plan.ts'

/** What plugins keep in memory. It outlives the hosts of a reload. */
export type KeptValues = Map<string, unknown>

/** The value of a plugin's instance under a name, made where there is none. */
export function keptValue<Value>(
  kept: KeptValues,
  { definition, name: instance }: Pick<PlannedPlugin, 'definition' | 'name'>,
  name: string,
  make: () => Value,
): Value {
  // An instance of another plugin may have had the name before.
  const key = JSON.stringify([definition.name, instance, name])
  if (!kept.has(key)) kept.set(key, make())
  return kept.get(key) as Value
}
