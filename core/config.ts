import type { HistoryOptions } from './history/options.ts'
import type { LogLevel } from './log.ts'
import type { PluginInstance } from './plugin.ts'

/** A whole mail system. */
export interface Config {
  /** This server's name in greetings and trace fields; the machine's host name where absent. */
  hostname?: string
  /** Where plugins keep what is theirs; `data` beside the config file where absent. Relative paths start there too. */
  dataDir?: string
  /**
   * Whose rights the server and the commands have once the ports are open, where root starts them: a name, or a number of
   * one who has a name. Without it they keep the rights that they are started with.
   */
  user?: string
  /** With `user`: the group beside the user's own further ones; the user's first group where absent. */
  group?: string
  /**
   * How many processes run this config beside each other, on the same ports: 1. More than there are processors are of no use.
   * Limits of connections hold for each.
   */
  workers?: number
  /** In the order in which their taps run. Falsy entries are left out, for `condition && plugin()`. */
  plugins: readonly (PluginInstance | false | undefined)[]
  /** From which level on events are logged: `info`. */
  log?: { level?: LogLevel }
  history?: HistoryOptions
  resolver?: {
    /** IP addresses of the DNS servers to ask, with `:port` where it is not 53; those of the machine where absent. */
    servers?: readonly string[]
    /**
     * Believe all of them that they have validated an answer with DNSSEC: the way there must be safe from forgery. Those on this machine
     * alone are believed where absent, none with `false`.
     */
    trustAuthenticated?: boolean
  }
  /** Milliseconds, or a text such as `30s`, that a tap may take: 30 s. */
  hookTimeout?: number | string
  /** How long a plugin may take to start or to stop: 30 s. */
  pluginTimeout?: number | string
  /** How long sessions may go on after a stop or reload was asked for: 30 s. */
  drainTimeout?: number | string
}

/** Says what a config is, so that editors and the compiler check it. Answers its argument. */
export function defineConfig(config: Config): Config {
  return config
}
