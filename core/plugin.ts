import type { Socket } from 'node:net'
import type { Clock } from './clock.ts'
import type { Flow } from './flow/flow.ts'
import type { Health } from './health/health.ts'
import type { Hooks } from './hooks/index.ts'
import type { Log } from './log.ts'
import type { Spool } from './message/spool.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { SessionRole } from './model/session.ts'
import { readOptions } from './options.ts'
import type { Migration } from './services/database.ts'
import type { ServiceKey } from './services/key.ts'

/** Where a plugin listens: on an IP address and port, or on a Unix socket. */
export type ListenOptions = NetworkListenOptions | SocketFileListenOptions

export interface NetworkListenOptions extends CommonListenOptions {
  /** An IP address; `0.0.0.0` or `::` for all. */
  readonly host: string
  /** 0 lets the system choose one. */
  readonly port: number
  readonly path?: undefined
}

export interface SocketFileListenOptions extends CommonListenOptions {
  /**
   * Absolute path of a Unix socket, at most 90 octets. What a server left there that nobody listens on any more is
   * replaced; a file that is no socket never is. Removed when nobody wants it any more.
   */
  readonly path: string
  /** Its permissions, such as `0o660`: who may write to it may connect. `0o600` where absent. */
  readonly mode?: number
}

interface CommonListenOptions {
  readonly role: SessionRole
  /** Sockets at the same time; what comes above is handed to `onOverflow`, or closed. */
  readonly maxConnections?: number
  /** TLS from the first octet; for the ready line only, the plugin speaks TLS itself. */
  readonly implicitTls?: boolean
  onOverflow?(socket: Socket): void
}

/** What a plugin gets in `setup`. */
export interface PluginContext {
  /** The instance's name: the plugin's, or its `as`. */
  readonly name: string
  readonly hooks: Hooks
  /** The service of a key in `requires` or `provides`. In `setup` the object may be kept, not yet used. */
  use<Service>(key: ServiceKey<Service>): Service
  /** The service of a key in `optional`, where somebody provides it. */
  useOptional<Service>(key: ServiceKey<Service>): Service | undefined
  /** Fulfils a key in `provides`. */
  provide<Service>(key: ServiceKey<Service>, service: Service): void
  /** Takes connections from the moment all plugins have started. The core owns the socket, so that a reload keeps it. */
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): void
  readonly flow: Flow
  /** Takes octets of unknown length from the network, in memory while small. */
  readonly spool: Spool
  readonly log: Log
  readonly clock: Clock
  /**
   * What the plugin keeps in memory for as long as the process lives: made the first time, and found again under its name by
   * the same instance after a reload, beside which the old one finishes its sessions.
   */
  keep<Value>(name: string, make: () => Value): Value
  /** What the plugin counts and measures. */
  readonly metrics: Metrics
  /** Whether the plugin can do its work, for whoever supervises the server. */
  readonly health: Health
  /** This server's name in greetings and trace fields. */
  readonly hostname: string
  /** The roles of all listeners of the config: whole once every plugin is set up, so ask in `doubts`, `start` or later. */
  readonly rolesListenedFor: () => ReadonlySet<string>
  /** Absolute path of the folder where plugins keep what is theirs. */
  readonly dataDir: string
  /** The tables that all plugins contribute, in the order of dependencies; for the database plugin. */
  readonly migrations: readonly ContributedMigrations[]
}

export interface ContributedMigrations {
  readonly plugin: string
  readonly migrations: readonly Migration[]
}

/**
 * What a plugin does over time. `start` makes it usable for the others (opens files and connections); `serve` begins
 * what it does by itself (timers, queue runs), only in a server, not in a command; `stop` undoes both. `check` reads what the
 * administrator has written, where faults shall let no server serve and yet stop no command: in a server before anything
 * serves, and in `mailwright check`, where nothing has been started. Starts follow
 * the dependencies, stops go the other way, also after a start that failed. Before that, `drain` lets those with sessions
 * finish them, all plugins at the same time: what waits for nothing ends at once, and resolves when all have ended. `over` aborts
 * just before the connections that are left are cut. `stop` need not wait for sessions again.
 */
export interface Lifecycle {
  /**
   * Absolute paths of the files and folders in which it keeps what has to outlast a power cut, such as mail: `mailwright prove-durability`
   * examines the disks that they are on. They need not be there yet.
   */
  readonly keeps?: readonly string[]
  /** What of the config may not be what was meant, though it is no fault: `mailwright check` and the start tell it. Every plugin is set up then. */
  doubts?(): readonly string[]
  start?(): Promise<void>
  check?(): Promise<void>
  serve?(): Promise<void>
  drain?(over: AbortSignal): Promise<void>
  stop?(): Promise<void>
}

/** A command that a plugin adds to `mailwright`. */
export interface PluginCommand {
  /** Such as `queue list`. */
  readonly name: string
  readonly summary: string
  readonly arguments?: readonly {
    readonly name: string
    readonly summary: string
    readonly optional?: boolean
  }[]
  readonly options?: readonly { readonly flags: string; readonly summary: string }[]
  /**
   * For a command that does what has to be done before the plugins can start: it runs with every plugin set up and none
   * started, opens what it needs, and closes it again. Others run with every plugin started.
   */
  readonly beforeStart?: boolean
  /** Runs with every plugin started and none serving. What it answers is printed: as JSON with `--json`. */
  run(invocation: CommandInvocation): Promise<CommandOutput>
}

export interface CommandInvocation {
  readonly arguments: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  /** Whoever typed the command; absent where a program runs it. */
  readonly caller?: CommandCaller
}

/** What a command may use of the command line that it was typed on. */
export interface CommandCaller {
  /** Where relative paths start. */
  readonly folder: string
  /** Standard error is a terminal, where a line can be written over. */
  readonly isTerminal: boolean
  /** Writes to standard error, for progress and warnings. Controls of a terminal are obeyed. */
  tell(text: string): void
  /** The first line of standard input, for `--password-stdin`. MAIL_E_INVALID for too much, or what is not UTF-8. */
  firstLine(): Promise<string>
}

export interface CommandOutput {
  readonly json: unknown
  readonly text: string
  /** Where it is not 0, though the command answered: 1 where a part of the work failed. */
  readonly exitCode?: number
}

/** Thrown by a command that was called with wrong words or options: exit code 2. */
export class UsageError extends Error {}

/** What `definePlugin` takes. */
export interface PluginDefinition<Options> {
  /** Unique, kebab-case: in logs, errors, tap names. */
  readonly name: string
  readonly provides?: readonly ServiceKey<unknown>[]
  readonly requires?: readonly ServiceKey<unknown>[]
  readonly optional?: readonly ServiceKey<unknown>[]
  readonly migrations?: readonly Migration[]
  /** Checks what the config says. Throws ConfigError with all faults; `readOptions` helps. */
  parseOptions(input: unknown): Options
  /** Taps, provides, uses. Synchronous and without I/O. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a setup that returns nothing is void to TypeScript 5
  setup(context: PluginContext, options: Options): Lifecycle | undefined | void
  /** Commands for the command line, made after `setup` for this instance. */
  commands?(context: PluginContext, options: Options): readonly PluginCommand[]
}

/** A plugin as it stands in a config: the definition with its options, nothing run yet. */
export interface PluginInstance {
  readonly definition: PluginDefinition<unknown>
  readonly options: unknown
  /** The instance's own name where one plugin is used twice. */
  readonly as: string | undefined
  /** What was written beside `as`, and means nothing. */
  readonly unknown?: readonly string[]
}

/** What may be written in a config: every option that has a default may be left out, so inputs are their own type. */
export type PluginFactory<Input> =
  Record<never, never> extends Input
    ? (options?: Input, instance?: { as?: string }) => PluginInstance
    : (options: Input, instance?: { as?: string }) => PluginInstance

/**
 * Makes a plugin: a function that a config calls with options. `Options` is what `parseOptions` answers, `Input` what
 * a config may write, which is the same with everything optional where not said otherwise.
 */
export function definePlugin<Options = NoOptions, Input = Partial<Options>>(
  definition: PluginDefinition<Options>,
): PluginFactory<Input> & { readonly definition: PluginDefinition<Options> } {
  const factory = (options: unknown = {}, instance: { as?: string } = {}): PluginInstance => ({
    definition: definition as PluginDefinition<unknown>,
    options,
    as: instance.as,
    unknown: Object.keys(instance).filter((name) => name !== 'as'),
  })
  return Object.assign(factory, { definition }) as PluginFactory<Input> & {
    readonly definition: PluginDefinition<Options>
  }
}

/** The options of a plugin that has none. */
export type NoOptions = Record<string, never>

/** `parseOptions` for plugins without options. */
export function noOptions(input: unknown): NoOptions {
  return readOptions(input).done({})
}
