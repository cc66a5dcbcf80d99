import { type Hooks, hookCatalogue } from '../hooks/index.ts'
import { didYouMean } from '../suggest.ts'

const catalogue: Readonly<Record<string, object>> = hookCatalogue

/**
 * The hooks as a plugin sees them, which also remember what was asked for and is not there. It is undefined all the same:
 * a plugin for several versions may look whether there is a hook.
 */
export function rememberingMissed(hooks: Hooks, missed: string[]): Hooks {
  const watched = <T extends object>(target: T, path: (name: string) => string): T =>
    new Proxy(target, {
      get(found, name) {
        if (typeof name === 'string' && !(name in found)) missed.push(path(name))
        return Reflect.get(found, name)
      },
    })
  const groups = Object.entries(hooks).map(([group, points]) => [
    group,
    watched(points as object, (name) => `${group}.${name}`),
  ])
  return watched(Object.freeze(Object.fromEntries(groups)) as Hooks, (name) => name)
}

/** Runs a setup; a TypeError of it that only says that something is undefined becomes one that names the hook. */
export function namingHooks<T>(missed: readonly string[], run: () => T): T {
  try {
    return run()
  } catch (error) {
    const last = missed.at(-1)
    if (last === undefined || !(error instanceof TypeError && /undefined/.test(error.message))) throw error
    const [group = '', name] = last.split('.')
    const [what, hint] =
      name === undefined ? ['group of hooks', groupHint(group)] : ['hook', hookHint(group, name)]
    throw new TypeError(`there is no ${what} "${last}"; ${hint}`)
  }
}

function groupHint(group: string): string {
  const groups = Object.keys(catalogue)
  return didYouMean(group, groups) ?? `there are ${groups.join(', ')}`
}

function hookHint(group: string, name: string): string {
  const own = Object.keys(catalogue[group] ?? {})
  const elsewhere = Object.keys(catalogue).find((other) => Object.hasOwn(catalogue[other] ?? {}, name))
  if (elsewhere !== undefined) return `did you mean "${elsewhere}.${name}"?`
  return didYouMean(name, own) ?? `there are ${own.join(', ')}`
}
