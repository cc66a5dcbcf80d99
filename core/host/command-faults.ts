import type { ConfigFault } from '../errors.ts'
import type { PluginCommand } from '../plugin.ts'
import { type InstanceCommands, namedCommands } from './commands.ts'
import { coreCommandNames } from './core-commands.ts'

/** What every command has, and the program itself. */
const commonFlags: ReadonlySet<string> = new Set(['--json', '--config', '--version', '--help', '-h'])

/**
 * What is wrong with the commands of plugins. One that the command line cannot be made with would take those of all plugins
 * with it, and one that is never reached helps nobody.
 */
export function commandFaults(instances: readonly InstanceCommands[]): readonly ConfigFault[] {
  const malformed = instances.flatMap(({ path, commands }) => malformedCommands(path, commands))
  return malformed.length > 0 ? malformed : nameFaults(instances)
}

function malformedCommands(path: string, commands: readonly PluginCommand[]): readonly ConfigFault[] {
  // Plugins may be plain JavaScript.
  if (!Array.isArray(commands)) return [{ path, problem: 'its `commands` answered no list' }]
  return commands.flatMap((command: Partial<PluginCommand> | null, index) => {
    const name = command?.name
    if (typeof name !== 'string' || !name.split(' ').every(isWord)) {
      const problem = `its commands[${index}] has no name of words such as "queue list"`
      return [{ path, problem }]
    }
    const problem = command && (shapeProblem(command) ?? argumentProblem(command) ?? optionProblem(command))
    return problem ? [{ path, problem: `its command "${name}" ${problem}` }] : []
  })
}

function isWord(text: unknown): boolean {
  return typeof text === 'string' && /^[^\s<>[\]-][^\s<>[\]]*$/.test(text)
}

function shapeProblem({ run, arguments: taken = [], options = [] }: Partial<PluginCommand>) {
  if (typeof run !== 'function') return 'has no `run` function'
  if (!Array.isArray(taken)) return 'has `arguments` that are no list'
  return Array.isArray(options) ? undefined : 'has `options` that are no list'
}

function argumentProblem({ arguments: taken = [] }: Partial<PluginCommand>): string | undefined {
  if (taken.some((argument) => !isWord(argument?.name))) return 'has an argument whose name is no single word'
  const late = taken.find(({ optional }, index) => optional !== true && taken[index - 1]?.optional === true)
  if (late !== undefined)
    return `has the argument "${late.name}", which is required, after one that is optional`
  const many = taken.slice(0, -1).find(({ name }) => name.endsWith('...'))
  return many && `has arguments after "${many.name}", which takes all that are left`
}

function optionProblem({ options = [] }: Partial<PluginCommand>): string | undefined {
  const taken = new Set<string>()
  for (const option of options) {
    const flags: unknown = option?.flags
    const own = flagsOf(flags)
    if (own.length === 0)
      return `has the option ${JSON.stringify(flags)}, which is no flag such as "--over <octets>"`
    const common = own.find((flag) => commonFlags.has(flag))
    if (common !== undefined) return `has the option ${common}, which every command has`
    const twice = own.find((flag) => taken.has(flag))
    if (twice !== undefined) return `has the option ${twice} twice`
    for (const flag of own) taken.add(flag)
  }
  return undefined
}

/** `-f` and `--from` of `-f, --from <address>`; empty where it is none of that form. */
function flagsOf(flags: unknown): readonly string[] {
  const form =
    /^(?:(-[^\s,|<>[\]-]|--[^\s,|<>[\]-][^\s,|<>[\]]*)[ ,|]+)?(-[^\s,|<>[\]-]|--[^\s,|<>[\]-][^\s,|<>[\]]*)(?:[ ,|=]*[<[].*)?$/
  const found = typeof flags === 'string' ? form.exec(flags) : null
  return (found?.slice(1) ?? []).filter((flag) => flag !== undefined)
}

function nameFaults(instances: readonly InstanceCommands[]): readonly ConfigFault[] {
  // Where another instance has one of the same name, it is also reached with the instance's name before it.
  const reached = namedCommands(instances).map(({ name }) => name)
  const shared = new Set(reached.filter((name, index) => reached.indexOf(name) < index))
  return instances.flatMap(({ path, name: own, commands }) => {
    const names = commands.map(({ name }) => name)
    return names.flatMap((name, index) => {
      const twice = names.indexOf(name) < index ? [`has the command "${name}" twice`] : []
      const all = [name, `${own} ${name}`].filter((each) => reached.includes(each))
      const isOnce = names.indexOf(name) === names.lastIndexOf(name)
      const clashes = all.filter((each) => isOnce && shared.has(each)).map(sharedName)
      return [...twice, ...all.flatMap(takenName), ...clashes].map((problem) => ({ path, problem }))
    })
  })
}

function sharedName(name: string): string {
  return `has the command "${name}", and another plugin has one that is reached by the same name`
}

/** A group of the core's commands, such as `user`, may get more of them; a command that takes words of its own cannot. */
function takenName(name: string): readonly string[] {
  if (name === 'help' || name.startsWith('help '))
    return [`has the command "${name}", which is never reached: "help" is the core's`]
  const holder = coreCommandNames.find((core) => name === core || name.startsWith(`${core} `))
  if (holder !== undefined)
    return [`has the command "${name}", which is never reached: "${holder}" is the core's`]
  const isGroup = coreCommandNames.some((core) => core.startsWith(`${name} `))
  return isGroup ? [`has the command "${name}", which is a group of the core's commands`] : []
}
