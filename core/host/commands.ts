import { MailwrightError } from '../errors.ts'
import { overlay } from '../overlay.ts'
import type { CommandInvocation, CommandOutput, PluginCommand } from '../plugin.ts'

/** The commands of one instance of a plugin. */
export interface InstanceCommands {
  /** The instance's name. */
  readonly name: string
  /** Its place in the config. */
  readonly position: number
  /** `plugins[2] (pickup)`. */
  readonly path: string
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
  return all.flatMap((each) => {
    const { instance, command } = each
    const [first, ...others] = holders.get(command.name) ?? []
    const run = (invocation: CommandInvocation) => answerOf(instance, command, invocation)
    const plain = overlay(command, { run })
    if (others.length === 0) return [plain]
    const own = overlay(command, { run, name: `${instance} ${command.name}` })
    return each === first ? [plain, own] : [own]
  })
}

/** What a command answers, where it is something that can be printed. Plugins may be plain JavaScript. */
async function answerOf(
  instance: string,
  command: PluginCommand,
  invocation: CommandInvocation,
): Promise<CommandOutput> {
  const answer = (await command.run(invocation)) as Partial<CommandOutput> | null | undefined
  if (typeof answer?.text === 'string') return answer as CommandOutput
  const problem = `the command "${command.name}" of ${instance} answered no { json, text }`
  throw new MailwrightError('MAIL_E_INVALID', problem)
}
