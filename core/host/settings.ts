import { hostname } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Config } from '../config.ts'
import { ConfigError, type ConfigFault } from '../errors.ts'
import type { LogLevel } from '../log.ts'
import { readOptions } from '../options.ts'

/** A config's own settings, checked, with their defaults. Durations in milliseconds. */
export interface HostSettings {
  readonly hostname: string
  readonly dataDir: string
  readonly logLevel: LogLevel
  readonly historyDays: number
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
    logLevel:
      read.object('log', (log) =>
        log.choice('level', ['debug', 'info', 'warn', 'error', 'silent'], { default: 'info' }),
      ) ?? 'info',
    historyDays:
      read.object('history', (history) =>
        history.integer('retentionDays', { default: 30, min: 0, max: 36_500 }),
      ) ?? 30,
    hookTimeout: read.duration('hookTimeout', { default: '30s', min: 1 }),
    pluginTimeout: read.duration('pluginTimeout', { default: '30s', min: 1 }),
    drainTimeout: read.duration('drainTimeout', { default: '30s', min: 0 }),
    plugins: Array.isArray(plugins) ? plugins : [],
  }
  try {
    return read.done(settings)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    faults.push(...error.faults)
    return settings
  }
}

function usableHostname(): string {
  const name = hostname()
  return hostnameForm.test(name) ? name : 'localhost'
}
