import { createRequire } from 'node:module'
import { Command, CommanderError } from 'commander'
import { errorCode } from '../errors.ts'
import { createHost } from '../host.ts'
import { createLog } from '../log.ts'
import type { CommandCaller, CommandOutput, PluginCommand } from '../plugin.ts'
import { aliasCommands } from './commands/alias.ts'
import { appPasswordCommands } from './commands/app-password.ts'
import { auditCommands } from './commands/audit.ts'
import { checkCommand } from './commands/check.ts'
import { deliverCommand } from './commands/deliver.ts'
import { domainCommands } from './commands/domain.ts'
import { proveDurabilityCommand } from './commands/prove-durability.ts'
import { queueCommands } from './commands/queue.ts'
import { runSendmailWords, sendmailCommand, sendmailWords } from './commands/sendmail.ts'
import { startCommand } from './commands/start.ts'
import { storeCommands } from './commands/store.ts'
import { traceCommand } from './commands/trace.ts'
import { userCommands } from './commands/user.ts'
import { userChangeCommands } from './commands/user-changes.ts'
import { userImportCommand } from './commands/user-import.ts'
import { type CliContext, configOf, firstLine, hostOf, UsageError, whileStarted } from './context.ts'
import { printError, printResult } from './output.ts'

export type Surroundings = Pick<CliContext, 'output' | 'stdin' | 'folder' | 'logTo'>

/** What a command's action gets: its words, its options, and the context. Answers what to print, and an exit code other than 0. */
export type Action = (
  context: CliContext,
  words: readonly string[],
  options: Readonly<Record<string, string | boolean | undefined>>,
) => Promise<CommandOutput | undefined>

/** A command of the core: its words as in `user add <address>`. */
export interface CoreCommand {
  readonly usage: string
  readonly summary: string
  readonly options?: readonly { readonly flags: string; readonly summary: string }[]
  readonly examples?: readonly string[]
  readonly action: Action
}

export const coreCommands: readonly CoreCommand[] = [
  startCommand,
  checkCommand,
  ...domainCommands,
  ...userCommands,
  ...userChangeCommands,
  userImportCommand,
  ...appPasswordCommands,
  ...aliasCommands,
  ...auditCommands,
  ...queueCommands,
  ...storeCommands,
  traceCommand,
  deliverCommand,
  sendmailCommand,
  proveDurabilityCommand,
]

const groups: Readonly<Record<string, string>> = {
  domain: 'the domains that are ours',
  user: 'accounts: who has mailboxes and can log in',
  'app-password': 'passwords for single programs and devices',
  alias: 'addresses that stand for other addresses',
  audit: 'who changed what',
  queue: 'messages that wait to be delivered',
  store: 'damage of mailboxes: finding and repairing it',
}

const { version } = createRequire(import.meta.url)('mailwright/package.json') as { readonly version: string }

/** Whether results and errors are to be JSON; said also before the command line has been understood. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json')
}

/** Runs one command line; answers the exit code: 0 done, 1 failed, 2 wrong use. Errors of the command are thrown. */
export async function runCommandLine(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const forSendmail = sendmailWords(argv)
  if (forSendmail !== undefined) return runSendmailWords(forSendmail, surroundings)
  let exitCode = 0
  const program = emptyProgram(argv, surroundings)
  const run =
    (action: Action) =>
    async (words: readonly string[], options: Record<string, string | boolean | undefined>) => {
      // Whichever side of the command they are on, the program has taken them.
      const common = program.opts<{ config?: string; json?: boolean }>()
      const context: CliContext = {
        ...surroundings,
        configFile: common.config,
        json: common.json === true,
      }
      const result = await action(context, words, { ...options, ...common })
      if (result === undefined) return
      printResult(surroundings.output, context.json, result.json, result.text)
      exitCode = result.exitCode ?? 0
    }
  for (const command of coreCommands) addCommand(program, command, run(command.action))
  if (mayBePlugins(argv)) await addPluginCommands(program, argv, surroundings, run)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return wrongUse(error, argv, surroundings)
    throw error
  }
  return exitCode
}

/** What every command line may say. */
function emptyProgram(argv: readonly string[], { output }: Surroundings): Command {
  return new Command('mailwright')
    .description('A mail system put together from plugins.')
    .version(version, '--version', 'print the version')
    .option('--config <file>', 'the config; else mailwright.config.ts (or .js, .mjs, …) here or above')
    .option('--json', 'print JSON, errors too')
    .showHelpAfterError('(add --help for what can be said)')
    .configureOutput({
      writeOut: output.stdout,
      writeErr: wantsJson(argv) ? () => undefined : output.stderr,
    })
    .exitOverride()
    .addHelpText('after', helpText)
}

/** The exit code of a command line that commander has answered: help and version are no wrong use. */
function wrongUse(
  { code, exitCode, message }: CommanderError,
  argv: readonly string[],
  { output }: Surroundings,
): number {
  if (exitCode === 0) return 0
  if (wantsJson(argv)) {
    const problem = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
    printError(output, true, new UsageError(problem))
  }
  return 2
}

const helpText = `
A first mail, in a new folder with a mailwright.config.ts:
  mailwright check                               what would run, or all that is wrong
  mailwright domain add example.org              take mail for a domain
  mailwright user add me@example.org             make an account; asks nothing: use --password-stdin
  mailwright start                               run in the foreground; Ctrl-C stops

Plugins bring commands of their own: "mailwright check" names those of the config.
Every command that prints data takes --json. Exit codes: 0 done, 1 failed, 2 wrong use.`

type Run = (words: readonly string[], options: Record<string, string | boolean | undefined>) => Promise<void>

function addCommand(
  program: Command,
  { usage, summary, options = [], examples = [] }: Omit<CoreCommand, 'action'>,
  run: Run,
): void {
  const words = usage.split(' ')
  const names = words.filter(isName)
  let parent = program
  for (const name of names.slice(0, -1)) parent = group(parent, name)
  // Where another plugin's command begins with it, it is a group already.
  const command = group(parent, names.at(-1) ?? '').description(summary)
  for (const argument of words.filter((word) => !isName(word))) command.argument(argument)
  for (const option of options) command.option(option.flags, option.summary)
  command.option('--json', 'print JSON').option('--config <file>', 'the config file')
  if (examples.length > 0)
    command.addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
  command.action(async (...given: unknown[]) => {
    const values = given.slice(0, -2).filter((value) => value !== undefined) as string[]
    await run(values.flat(), command.opts())
  })
}

function group(parent: Command, name: string): Command {
  const known = parent.commands.find((command) => command.name() === name)
  if (known !== undefined) return known
  return parent
    .command(name)
    .description(groups[name] ?? '')
    .exitOverride()
}

/** The words are none of our commands': only then is the config loaded before the command line is read. */
function mayBePlugins(argv: readonly string[]): boolean {
  const words = argv.filter((word, index) => !word.startsWith('-') && argv[index - 1] !== '--config')
  if (words.length === 0 || words[0] === 'help') return false
  const starts = (name: readonly string[]) => name.every((word, index) => words[index] === word)
  const isOurs = coreCommands.some(({ usage }) => starts(usage.split(' ').filter(isName)))
  return !isOurs && !(words.length === 1 && Object.hasOwn(groups, words[0] ?? ''))
}

function isName(word: string): boolean {
  return !/^[<[]/.test(word)
}

async function addPluginCommands(
  program: Command,
  argv: readonly string[],
  surroundings: Surroundings,
  run: (action: Action) => Run,
): Promise<void> {
  const at = argv.indexOf('--config')
  const context = {
    ...surroundings,
    configFile: at < 0 ? undefined : argv[at + 1],
    json: wantsJson(argv),
  }
  const loaded = await configOf(context).catch((error: unknown) => {
    // Without a config there are only the core's commands, and commander says that this is none of them.
    if (errorCode(error) === 'MAIL_E_CONFIG_NOT_FOUND' && context.configFile === undefined) return undefined
    throw error
  })
  if (loaded === undefined) return
  const { config, folder } = loaded
  const { commands } = createHost(config, { folder, log: createLog('silent') })
  for (const command of commands) addCommand(program, coreShape(command), run(pluginAction(command.name)))
}

function coreShape(command: PluginCommand): Omit<CoreCommand, 'action'> {
  const words = (command.arguments ?? []).map(({ name, optional }) =>
    optional === true ? `[${name}]` : `<${name}>`,
  )
  return {
    usage: [command.name, ...words].join(' '),
    summary: command.summary,
    options: command.options ?? [],
  }
}

/** Plugins' commands belong to a host; the one that runs them is started first, unless the command does not want that. */
function pluginAction(name: string): Action {
  return async (context, words, options) => {
    const host = await hostOf(context)
    const command = host.commands.find((other) => other.name === name)
    if (command === undefined) throw new UsageError(`there is no command ${name}`)
    const run = () => command.run({ arguments: words, options, caller: callerOf(context) })
    return command.beforeStart === true ? run() : whileStarted(host, run)
  }
}

function callerOf({ folder, output, stdin }: CliContext): CommandCaller {
  return {
    folder,
    isTerminal: output.isTerminal === true,
    tell: output.stderr,
    firstLine: () => firstLine(stdin),
  }
}
