const origins = new WeakMap<object, readonly unknown[]>()

/** Notes what was thrown and is told by something else, whose text has that of it: as a cause it would be told twice. */
export function toldBy<Told extends object>(told: Told, thrown: readonly unknown[]): Told {
  origins.set(told, thrown)
  return told
}

/** What was thrown and is told by that; empty for none. */
export function originsOf(told: unknown): readonly unknown[] {
  return typeof told === 'object' && told !== null ? (origins.get(told) ?? []) : []
}
