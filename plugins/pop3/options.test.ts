import { expect, test } from 'vitest'
import { faultsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultsOf(parseOptions, input)

test('the defaults are safe', () => {
  expect(parseOptions({})).toEqual({
    host: '127.0.0.1',
    port: 110,
    implicitTls: false,
    allowPlaintextLogin: false,
    maxConnections: 1000,
    maxConnectionsPerUser: 10,
    maxConnectionsPerAddress: 100,
    idleTimeout: 600_000,
    loginTimeout: 180_000,
    writeTimeout: 300_000,
    maxErrors: 20,
    maxLoginFailures: 5,
  })
})

test('implicit TLS has its own port', () => {
  expect(parseOptions({ implicitTls: true }).port).toBe(995)
  expect(parseOptions({ implicitTls: true, port: 2995 }).port).toBe(2995)
})

test('RFC 1939 sets the shortest idle time', () => {
  expect(parseOptions({ idleTimeout: '10m' }).idleTimeout).toBe(600_000)
  expect(faults({ idleTimeout: '9m' })).toHaveLength(1)
})

test('all faults are told together', () => {
  expect(faults({ host: 'example', port: 70_000, idletimeout: '1h', maxErrors: 0 })).toEqual([
    expect.stringContaining('host: must be an IP address'),
    expect.stringContaining('port: must be a whole number'),
    expect.stringContaining('maxErrors: must be a whole number'),
    'idletimeout: is not an option here',
  ])
})
