import { hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Config } from '../config.ts'
import { parseServer, type ResolverSettings } from '../dns/servers.ts'
import { ConfigError, type ConfigFault } from '../errors.ts'
import type { LogLevel } from '../log.ts'
import { type OptionReader, readOptions } from '../options.ts'

/** A config's own settings, checked, with their defaults. Durations in milliseconds. */
export interface HostSettings {
  readonly hostname: string
  readonly dataDir: string
  /** Who the process is to become; undefined where it stays who it is. */
  readonly user: string | undefined
  readonly group: string | undefined
  /** Processes that run the config beside each other. */
  readonly workers: number
  readonly logLevel: LogLevel
  readonly historyDays: number
  readonly resolver: ResolverSettings
  readonly hookTimeout: number
  readonly pluginTimeout: number
  readonly drainTimeout: number
  readonly plugins: readonly unknown[]
}

// RFC 952, RFC 1123 §2.1: letters, digits, hyphens and dots.
const hostnameForm =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i

/** Reads the settings; relative paths start at `folder`. Faults are added to `faults`. */
export function readSettings(config: Config, folder: string, faults: ConfigFault[]): HostSettings {
  const read = readOptions(config)
  const dataDir = read.string('dataDir', { default: 'data' })
  const plugins = read.value('plugins')
  if (!Array.isArray(plugins)) read.fault('plugins', 'must be a list of plugins')
  else if (!plugins.some(Boolean)) read.fault('plugins', 'is empty; a system without plugins does nothing')
  const settings: HostSettings = {
    hostname: read.string('hostname', {
      default: usableHostname(),
      pattern: hostnameForm,
      expected: 'a host name such as "mail.example.org"',
    }),
    dataDir: isAbsolute(dataDir) ? dataDir : join(folder, dataDir),
    user: readName(read, 'user'),
    group: readName(read, 'group'),
    workers: read.integer('workers', { default: 1, min: 1, max: 256 }),
    logLevel:
      read.object('log', (log) =>
        log.choice('level', ['debug', 'info', 'warn', 'error', 'silent'], { default: 'info' }),
      ) ?? 'info',
    historyDays:
      read.object('history', (history) =>
        history.integer('retentionDays', { default: 30, min: 0, max: 36_500 }),
      ) ?? 30,
    resolver: read.object('resolver', readResolver) ?? {},
    hookTimeout: read.duration('hookTimeout', { default: '30s', min: 1 }),
    pluginTimeout: read.duration('pluginTimeout', { default: '30s', min: 1 }),
    drainTimeout: read.duration('drainTimeout', { default: '30s', min: 0 }),
    plugins: Array.isArray(plugins) ? plugins : [],
  }
  if (settings.group !== undefined && settings.user === undefined)
    read.fault('user', 'is missing: it belongs to `group`')
  try {
    return read.done(settings)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
    return settings
  }
}

/** Of a user or a group. Root's are refused: it is root's rights that they are there to give up. */
function readName(read: OptionReader, setting: 'user' | 'group'): string | undefined {
  if (read.value(setting) === undefined) return undefined
  const name = read.string(setting, {
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/,
    expected: `the name of a ${setting}`,
  })
  if (name === 'root' || /^0+$/.test(name)) read.fault(setting, 'must not be root')
  return name
}

function readResolver(read: OptionReader): ResolverSettings {
  const servers = read.value('servers') === undefined ? undefined : read.strings('servers')
  if (servers?.length === 0) read.fault('servers', 'is empty; leave it out for the resolvers of the machine')
  for (const server of servers ?? [])
    if (parseServer(server) === undefined)
      read.fault(
        'servers',
        `must be IP addresses such as "127.0.0.1", "192.0.2.53:5353" or "[2001:db8::1]:5353", not ${JSON.stringify(server.slice(0, 60))}`,
      )
  const isTrustSaid = read.value('trustAuthenticated') !== undefined
  return { servers, trustAuthenticated: isTrustSaid ? read.boolean('trustAuthenticated') : undefined }
}

function usableHostname(): string {
  const name = hostname()
  return hostnameForm.test(name) ? name : 'localhost'
}
