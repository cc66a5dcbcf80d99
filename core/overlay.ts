/**
 * An object that does what another does, but for what `changes` has. For putting something of one's own around an
 * implementation, of whatever class it is; or for making a broken, slow or watched version of it.
 */
export function overlay<Target extends object>(target: Target, changes: Partial<Target>): Target {
  // An object below it, not the object itself: a proxy may not change what is frozen.
  return new Proxy<Target>(Object.create(target), {
    get(_below, name) {
      if (name in changes) return Reflect.get(changes, name)
      const value: unknown = Reflect.get(target, name)
      // Bound, for private fields are found on the object itself only.
      return typeof value === 'function' ? value.bind(target) : value
    },
    has: (_below, name) => name in changes || name in target,
  })
}
