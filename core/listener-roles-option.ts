import type { SessionRole } from './model/session.ts'
import { sessionRoleOf, sessionRoles } from './model/session-role.ts'
import type { OptionReader } from './options.ts'
import { didYouMean } from './suggest.ts'

// Who is `local` comes by no listener.
const ofFramework = sessionRoles.filter((role) => role !== 'local')

/** Reads an option that names roles of listeners: the framework's, and those of plugins' own protocols. At least one. */
export function readListenerRoles(
  read: OptionReader,
  name: string,
  options: { readonly default?: readonly SessionRole[] } = {},
): readonly SessionRole[] {
  const words = read.strings(name, options)
  const expected = `must be a list of ${ofFramework.map((role) => `"${role}"`).join(', ')} and roles of plugins' own, which have a hyphen`
  const roles = words.flatMap((word) => {
    const role = word === 'local' ? undefined : sessionRoleOf(word)
    if (role === undefined)
      read.fault(name, `${expected}, not ${JSON.stringify(word.slice(0, 60))}`, didYouMean(word, ofFramework))
    return role ?? []
  })
  if (words.length === 0 && read.value(name) !== undefined) read.fault(name, `${expected}, not an empty one`)
  return [...new Set(roles)]
}

/** What is to be said of roles of plugins' own that no listener has: a slip in such a name is no fault of its form. */
export function unheardRoles(
  name: string,
  roles: Iterable<SessionRole>,
  listened: ReadonlySet<string>,
): readonly string[] {
  return [...roles]
    .filter((role) => !(sessionRoles as readonly string[]).includes(role) && !listened.has(role))
    .map((role) => {
      const hint = didYouMean(role, [...listened])
      return `\`${name}\`: no listener has the role "${role}"${hint === undefined ? '' : `; ${hint}`}`
    })
}
