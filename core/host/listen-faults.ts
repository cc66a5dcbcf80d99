import type { ConfigFault } from '../errors.ts'
import { sessionRoleOf, sessionRoles } from '../model/session-role.ts'
import { didYouMean } from '../suggest.ts'
import type { ListenRequest } from './listeners.ts'

type Written = { readonly [Option in 'role' | 'path' | 'host' | 'port']?: unknown }

/** What is wrong with where a plugin wants to listen, and for what. Plugins may be plain JavaScript. */
export function placeFaults({ plugin, options }: ListenRequest): readonly ConfigFault[] {
  const { role, path, host, port }: Written = options
  const problems: string[] = []
  // It is a word in the log, in the history and in names of metrics' series.
  if (typeof role !== 'string' || !/^[a-z][a-z0-9-]{0,31}$/.test(role))
    problems.push(`the role ${shown(role)}, which is no word such as "imap"`)
  if (path === undefined) {
    if (typeof host !== 'string' || host === '')
      problems.push(`the host ${shown(host)}, which is no IP address`)
    if (!Number.isInteger(port) || Number(port) < 0 || Number(port) > 65_535)
      problems.push(`the port ${shown(port)}, which is none from 0 to 65535`)
  } else if (typeof path !== 'string' || !path.startsWith('/'))
    problems.push(`the path ${shown(path)}, which is not absolute`)
  return problems.map((problem) => ({
    path: 'plugins',
    problem: `${plugin} wants to listen with ${problem}`,
  }))
}

function shown(value: unknown): string {
  return (typeof value === 'object' ? 'null or an object' : JSON.stringify(value)) ?? String(value)
}

/** Roles that are neither the framework's nor of the form of a plugin's own: accounts cannot be kept from them. */
export function strangeRoles(requests: readonly ListenRequest[]): readonly string[] {
  return requests
    .filter(({ options }) => sessionRoleOf(options.role) === undefined)
    .map(({ plugin, options: { role } }) => {
      const hint =
        didYouMean(role, sessionRoles) ?? 'one of its own has a hyphen in it, such as "example-nntp"'
      return `${plugin} listens in the role "${role}", which there is not: ${hint}`
    })
}
