import { describe, expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

const faults = (input: unknown) => faultPathsOf(parseOptions, input)

describe('the options of database', () => {
  it('have defaults', () => {
    const defaults = {
      client: 'sqlite',
      file: 'mailwright.db',
      create: true,
      busyTimeout: 5000,
      migrate: 'auto',
    }
    expect(parseOptions({})).toEqual(defaults)
    expect(
      parseOptions({ file: '/srv/mail.db', create: false, busyTimeout: '2m', migrate: 'manual' }),
    ).toEqual({
      client: 'sqlite',
      file: '/srv/mail.db',
      create: false,
      busyTimeout: 120_000,
      migrate: 'manual',
    })
  })

  it.each([
    [{ file: ':memory:' }, ['file']],
    [{ file: 'file:x?mode=memory' }, ['file']],
    [{ file: 'a\0b' }, ['file']],
    [{ file: '', busyTimeout: -1 }, ['file', 'busyTimeout']],
    [{ flie: 'x' }, ['flie']],
    [{ busyTimeout: '11m' }, ['busyTimeout']],
    [{ create: 'yes' }, ['create']],
    [{ migrate: 'never' }, ['migrate']],
    [{ client: 'postgres' }, ['client']],
    [{ hosts: [] }, ['hosts']],
  ])('%j is refused', (input, paths) => {
    expect(faults(input)).toEqual(paths)
  })
})

describe('the options of database on MySQL', () => {
  const least = { client: 'mysql', hosts: [{ host: 'db.example' }], user: 'mail', database: 'mail' }

  it('have defaults', () => {
    expect(parseOptions(least)).toEqual({
      client: 'mysql',
      hosts: [{ host: 'db.example', port: 3306 }],
      user: 'mail',
      password: undefined,
      database: 'mail',
      tls: undefined,
      pool: { min: 0, max: 10 },
      connectTimeout: 3000,
      queryTimeout: 8000,
      migrate: 'auto',
    })
  })

  it('take sockets, passwords from elsewhere and TLS', () => {
    const options = parseOptions({
      ...least,
      hosts: [{ socketPath: '/run/mysqld/mysqld.sock' }, { host: '192.0.2.1', port: 3307 }],
      passwordFile: '/etc/mail/password',
      tls: { ca: '/etc/ca.pem', serverName: 'db.example' },
      pool: { min: 2, max: 4 },
      connectTimeout: '1s',
    })
    expect(options).toMatchObject({
      hosts: [{ socketPath: '/run/mysqld/mysqld.sock' }, { host: '192.0.2.1', port: 3307 }],
      password: { kind: 'file', path: '/etc/mail/password' },
      tls: { ca: '/etc/ca.pem', cert: undefined, key: undefined, verify: true, serverName: 'db.example' },
      pool: { min: 2, max: 4 },
      connectTimeout: 1000,
    })
    expect(parseOptions({ ...least, password: 'x', tls: false })).toMatchObject({
      password: { kind: 'text', text: 'x' },
      tls: undefined,
    })
    expect(parseOptions({ ...least, passwordEnv: 'DB_PASSWORD' })).toMatchObject({
      password: { kind: 'environment', name: 'DB_PASSWORD' },
    })
  })

  it.each([
    [{ client: 'mysql' }, ['hosts', 'user', 'database']],
    [{ ...least, hosts: [] }, ['hosts']],
    [{ ...least, hosts: 'db.example' }, ['hosts']],
    [{ ...least, hosts: [{}] }, ['hosts[0].host']],
    [{ ...least, hosts: [{ host: 'a', port: 0 }] }, ['hosts[0].port']],
    [{ ...least, hosts: [{ host: 'a', socketPath: '/s' }] }, ['hosts[0].socketPath']],
    [{ ...least, hosts: [{ socketPath: 'relative' }] }, ['hosts[0].socketPath']],
    [{ ...least, hosts: [{ hots: 'a' }] }, ['hosts[0].host', 'hosts[0].hots']],
    [{ ...least, file: 'x' }, ['file']],
    [{ ...least, password: 5 }, ['password']],
    [{ ...least, password: '' }, ['password']],
    [{ ...least, password: 'x', passwordEnv: 'Y' }, ['passwordEnv']],
    [{ ...least, passwordFile: 'relative' }, ['passwordFile']],
    [{ ...least, pool: { max: 0 } }, ['pool.max']],
    [{ ...least, pool: { min: 3, max: 2 } }, ['pool.min']],
    [{ ...least, tls: true }, ['tls']],
    [{ ...least, tls: { cert: '/c' } }, ['tls.cert']],
    [{ ...least, tls: { serverName: '192.0.2.1' } }, ['tls.serverName']],
    [{ ...least, hosts: [{ host: '192.0.2.1' }], tls: {} }, ['tls.serverName']],
    [{ ...least, hosts: [{ host: '192.0.2.1' }], tls: { verify: false } }, []],
    [{ ...least, queryTimeout: 0 }, ['queryTimeout']],
  ])('%j: faults at %j', (input, paths) => {
    expect(faults(input)).toEqual(paths)
  })

  it.each([{ password: ['secret'] }, { password: { secret: 1 } }, { passwrd: 'secret' }])(
    '%j: no fault tells a password',
    (wrong) => {
      expect(() => parseOptions({ ...least, ...wrong })).toThrow(/^(?!.*secret)/s)
    },
  )
})
