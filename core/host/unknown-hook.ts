import { type Hooks, hookCatalogue } from '../hooks/index.ts'
import { didYouMean } from '../suggest.ts'

const catalogue: Readonly<Record<string, object>> = hookCatalogue

/**
 * What a plugin's setup asked for of the hooks and is not there. It gets undefined all the same: a plugin for several versions may
 * look whether there is a hook.
 */
export class MissedHooks {
  readonly #paths: string[] = []
  #isOver = false

  /** The hooks as the plugin sees them. */
  watching(hooks: Hooks): Hooks {
    const watched = <T extends object>(target: T, path: (name: string) => string): T =>
      new Proxy(target, {
        get: (found, name) => {
          if (!this.#isOver && typeof name === 'string' && !(name in found)) this.#paths.push(path(name))
          return Reflect.get(found, name)
        },
      })
    const groups = Object.entries(hooks).map(([group, points]) => [
      group,
      watched(points as object, (name) => `${group}.${name}`),
    ])
    return watched(Object.freeze(Object.fromEntries(groups)) as Hooks, (name) => name)
  }

  /** Runs the setup; a TypeError of it that only says what could not be read of something undefined becomes one that names the hook. */
  naming<T>(run: () => T): T {
    try {
      return run()
    } catch (error) {
      const path =
        error instanceof TypeError && this.#paths.findLast((each) => isAbout(error.message, each.split('.')))
      if (!path) throw error
      const [group = '', name] = path.split('.')
      const [what, hint] =
        name === undefined ? ['group of hooks', groupHint(group)] : ['hook', hookHint(group, name)]
      throw new TypeError(`there is no ${what} "${path}"; ${hint}`, { cause: error })
    } finally {
      this.#isOver = true
    }
  }
}

/** Whether an error says that the missing one, or what is read of it, cannot be read: it may only have been looked for. */
function isAbout(message: string, [group = '', name]: readonly string[]): boolean {
  if (!message.includes('undefined')) return false
  const quoted = Array.from(message.matchAll(/'([^']+)'/g), ([, text = '']) => text.split('.')).flat()
  const read = name === undefined ? [group, ...Object.values(catalogue).flatMap(Object.keys)] : [name, 'tap']
  return read.some((property) => quoted.includes(property))
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
