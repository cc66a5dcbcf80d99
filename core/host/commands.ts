import type { PluginCommand } from '../plugin.ts'

/** The commands of one instance of a plugin. */
export interface InstanceCommands {
  /** The instance's name. */
  readonly name: string
  /** Its place in the config. */
  readonly position: number
  readonly commands: readonly PluginCommand[]
}

/**
 * All commands, each by a name of its own. Where several instances add one of the same name it is that of the first in the config, and
 * each is also there with its instance's name before it: `outgoing pickup list`.
 */
export function namedCommands(instances: readonly InstanceCommands[]): readonly PluginCommand[] {
  const all = instances
    .toSorted((one, other) => one.position - other.position)
    .flatMap(({ name, commands }) => commands.map((command) => ({ instance: name, command })))
  const holders = Map.groupBy(all, ({ command }) => command.name)
  return all.flatMap(({ instance, command }) => {
    const [first, ...others] = holders.get(command.name) ?? []
    if (others.length === 0) return [command]
    const own = underName(command, `${instance} ${command.name}`)
    return command === first?.command ? [command, own] : [own]
  })
}

function underName(command: PluginCommand, name: string): PluginCommand {
  return { ...command, name, run: (invocation) => command.run(invocation) }
}
