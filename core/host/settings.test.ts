import { describe, expect, test } from 'vitest'
import type { Config } from '../config.ts'
import type { ConfigFault } from '../errors.ts'
import { type HostSettings, readSettings } from './settings.ts'

const plugin = {} as Config['plugins'][number]

function read(config: unknown): { settings: HostSettings; faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = []
  return { settings: readSettings(config as Config, '/etc/mail', faults), faults }
}

describe('readSettings', () => {
  test('has a default for everything but the plugins', () => {
    const { settings, faults } = read({ plugins: [plugin] })
    expect(faults).toEqual([])
    expect(settings).toMatchObject({
      hostname: expect.stringMatching(/^[a-z0-9.-]+$/i),
      dataDir: '/etc/mail/data',
      logLevel: 'info',
      historyDays: 30,
      hookTimeout: 30_000,
      pluginTimeout: 30_000,
      drainTimeout: 30_000,
      resolver: {},
      plugins: [plugin],
    })
  })

  test('reads what is said', () => {
    const { settings } = read({
      hostname: 'mx.example.org',
      dataDir: 'var',
      log: { level: 'warn' },
      history: { retentionDays: 7 },
      hookTimeout: '5s',
      pluginTimeout: 100,
      drainTimeout: 0,
      resolver: { servers: ['127.0.0.1', '[::1]:5353'], trustAuthenticated: false },
      plugins: [plugin, false],
    })
    expect(settings).toMatchObject({
      hostname: 'mx.example.org',
      dataDir: '/etc/mail/var',
      logLevel: 'warn',
      historyDays: 7,
      hookTimeout: 5_000,
      pluginTimeout: 100,
      drainTimeout: 0,
      resolver: { servers: ['127.0.0.1', '[::1]:5353'], trustAuthenticated: false },
    })
    expect(read({ dataDir: '/srv/mail', plugins: [plugin] }).settings.dataDir).toBe('/srv/mail')
  })

  test('tells all faults at once, and still answers settings that can be worked with', () => {
    const { settings, faults } = read({
      hostname: 'not a host',
      log: { level: 'loud', levle: 1 },
      history: { retentionDays: -1 },
      hookTimeout: 0,
      pluginTimout: '5s',
      plugins: 'maildir',
    })
    expect(faults.map(({ path }) => path)).toEqual([
      'plugins',
      'hostname',
      'log.level',
      'log.levle',
      'history.retentionDays',
      'hookTimeout',
      'pluginTimout',
    ])
    expect(faults.at(-1)?.suggestion).toBe('did you mean "pluginTimeout"?')
    expect(settings).toMatchObject({ logLevel: 'info', historyDays: 30, hookTimeout: 30_000, plugins: [] })
  })

  test.each([[[]], [[false, undefined, '']]])('plugins %j are none', (plugins) => {
    expect(read({ plugins }).faults).toEqual([
      { path: 'plugins', problem: 'is empty; a system without plugins does nothing' },
    ])
  })

  test.each([undefined, null, 'text', []])('a config that is %j', (config) => {
    expect(read(config).faults[0]).toMatchObject({
      path: '',
      problem: expect.stringMatching(/^must be an object, not /),
    })
  })
})
