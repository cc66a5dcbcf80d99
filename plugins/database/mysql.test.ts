import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, errorCode, errorText, systemClock } from 'mailwright'
import { type CapturedLog, capturedLog } from 'mailwright/testing'
import { generate } from 'selfsigned'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Mariadb, requireMariadb, startMariadb } from '../../test/support/peers/mariadb.ts'
import { administer, createDatabase, mariadbUser } from '../../test/support/peers/mariadb-admin.ts'
import { watchedClock } from '../../test/support/watched-clock.ts'
import { createConnection, type DatabaseConnection } from './connection.ts'
import { dialectOf } from './dialect-of.ts'
import { parseOptions } from './options.ts'

const peer = requireMariadb()
const open: DatabaseConnection[] = []
let log: CapturedLog

beforeEach(() => {
  log = capturedLog()
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

function connectionTo(options: object, clock: Clock = systemClock): DatabaseConnection {
  const parsed = parseOptions({ client: 'mysql', ...mariadbUser, database: 'mail', ...options })
  const connection = createConnection(dialectOf(parsed, { clock, log, dataDir: '/nowhere' }), clock, log)
  open.push(connection)
  return connection
}

const code = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', errorCode)
const tell = (database: DatabaseConnection): Promise<unknown> =>
  database.query(async (knex) => (await knex.raw('select 1 as one'))[0][0].one)

/** The trouble that was told to the postmaster. */
const told = (): unknown[] => log.lines.filter(({ level }) => level !== 'debug').map(({ event }) => event)

describe.runIf(peer.available)(`a connection to ${peer.title}`, () => {
  let server: Mariadb

  beforeAll(async () => {
    server = await startMariadb({ tcp: true })
    await createDatabase(server.socketPath, 'mail')
    await administer(
      server.socketPath,
      'create table mail.things (name varchar(50) primary key, note varchar(50)) engine InnoDB',
    )
    await administer(server.socketPath, "insert into mail.things (name) values ('a'), ('b')")
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  async function connected(options: object = {}, clock?: Clock): Promise<DatabaseConnection> {
    const connection = connectionTo({ hosts: [{ socketPath: server.socketPath }], ...options }, clock)
    await connection.open()
    return connection
  }

  it('has the settings that make it strict, whatever the server has', async () => {
    await administer(server.socketPath, "set global sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")
    const database = await connected({ hosts: [{ host: '127.0.0.1', port: server.port }] })
    const variables =
      '@@sql_mode as mode, @@tx_isolation as isolation, @@time_zone as zone, @@collation_connection as collation, ' +
      '@@max_statement_time as statement, @@innodb_lock_wait_timeout as locks'
    const [[row]] = await database.query((knex) => knex.raw(`select ${variables}`))
    expect(row).toEqual({
      mode: expect.stringContaining('STRICT_ALL_TABLES') as unknown,
      isolation: 'READ-COMMITTED',
      zone: '+00:00',
      collation: 'utf8mb4_bin',
      statement: 8,
      locks: 4,
    })
    const hostile = `'; drop table things; -- \\' " \` \u0000 \u{1f600}`
    const [[{ value }]] = await database.query((knex) => knex.raw('select ? as value', [hostile]))
    expect(value).toBe(hostile)
    await expect(database.query((knex) => knex.raw('select 1; delete from things'))).rejects.toThrow(
      'SQL syntax',
    )
    const overlong = 'x'.repeat(51)
    await expect(database.query((knex) => knex('things').insert({ name: overlong }))).rejects.toThrow(
      'too long',
    )
    await administer(server.socketPath, 'set global sql_mode = default')
  })

  it('takes objects among the values for texts, never for SQL', async () => {
    const database = await connected()
    const [rows] = await database.query((knex) =>
      knex.raw('select name from things where name = ?', [{ name: 1 } as unknown as string]),
    )
    expect(rows).toEqual([])
  })

  it('is made with the password that a file holds now', async () => {
    const passwordFile = join(server.folder, 'password')
    await writeFile(passwordFile, `${mariadbUser.password}\n`)
    const database = await connected({ password: undefined, passwordFile, pool: { max: 1 } })
    await administer(server.socketPath, "set password for 'mailwright'@'%' = password('another one')")
    await writeFile(passwordFile, 'another one')
    const [[{ id }]] = await database.query((knex) => knex.raw('select connection_id() as id'))
    await administer(server.socketPath, `kill ${id}`)
    await expect.poll(() => code(tell(database))).toBe('no error')
    await writeFile(passwordFile, 'a wrong one')
    const refused = connectionTo({
      hosts: [{ socketPath: server.socketPath }],
      password: undefined,
      passwordFile,
    })
    const error = await refused.open().catch((caught) => caught)
    expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    expect(errorText(error)).toContain('Access denied')
    const { password } = mariadbUser
    await administer(
      server.socketPath,
      `set password for 'mailwright'@'%' = password('${password.replaceAll('\\', '\\\\')}')`,
    )
  })

  it('tells no password, wrong or right', async () => {
    const wrong = connectionTo({ hosts: [{ socketPath: server.socketPath }], password: 'a-wrong-secret' })
    const error = await wrong.open().catch((caught) => caught)
    const database = await connected()
    await database.query((knex) => knex.raw('nonsense')).catch(() => undefined)
    const everything = JSON.stringify([errorText(error), String(error.stack), log.lines])
    expect(everything).not.toContain('a-wrong-secret')
    expect(everything).not.toContain('of \\\\tests')
  })

  it('is cut when a statement takes too long, and another one is made', async () => {
    const clock = watchedClock()
    const database = await connected({ queryTimeout: '7s', pool: { max: 1 } }, clock)
    const [[{ id }]] = await database.query((knex) => knex.raw('select connection_id() as id'))
    const slow = code(database.query((knex) => knex.raw('select sleep(1000)')))
    await clock.armed(7000)
    clock.advance(7000)
    expect(await slow).toBe('MAIL_E_UNAVAILABLE')
    expect(await tell(database)).toBe(1)
    const [[other]] = await database.query((knex) => knex.raw('select connection_id() as id'))
    expect(other.id).not.toBe(id)
    expect(told()).toEqual(['unavailable', 'recovered'])
  })

  it('undoes a transaction of which one statement takes too long', async () => {
    const clock = watchedClock()
    const database = await connected({ queryTimeout: '7s' }, clock)
    const slow = database.transaction(async (transaction) => {
      await transaction('things').insert({ name: 'late' })
      await transaction.raw('select sleep(2000)').catch(() => undefined)
    })
    const outcome = code(slow)
    const sleeping = (): Promise<number> =>
      administer(
        server.socketPath,
        "select count(*) as n from information_schema.processlist where info like 'select sleep(2000)%'",
      ).then(([row]) => Number(row?.n))
    await expect.poll(sleeping).toBe(1)
    clock.advance(7000)
    expect(await outcome).toBe('MAIL_E_UNAVAILABLE')
    await expect.poll(() => database.query((knex) => knex('things').where({ name: 'late' }))).toEqual([])
  })

  it('is not waited for by more than a thousand calls', async () => {
    const database = await connected({ pool: { max: 1 } })
    const held = Promise.withResolvers<void>()
    const holder = database.transaction(() => held.promise)
    await expect.poll(() => code(Promise.race([tell(database), Promise.resolve()]))).toBe('no error')
    const calls = Array.from({ length: 1100 }, () => tell(database).then(() => 'answered', errorText))
    const refused = await Promise.race(calls)
    expect(refused).toBe('1000 calls wait for the database already')
    held.resolve()
    await holder
    const outcomes = await Promise.all(calls)
    expect(outcomes.filter((outcome) => outcome === 'answered').length).toBeGreaterThanOrEqual(998)
    expect(told()).toEqual([])
  })

  it('one of two transactions that wait for each other is undone whole, whatever it does about it', async () => {
    const database = await connected()
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const cross = (mine: string, others: string, at: 0 | 1): Promise<unknown> =>
      code(
        database.transaction(async (transaction) => {
          const note = `by ${mine}`
          await transaction('things').where({ name: mine }).update({ note })
          both[at].resolve()
          await both[at === 0 ? 1 : 0].promise
          await transaction('things')
            .where({ name: others })
            .update({ note })
            .catch(() => undefined)
          await transaction('things').insert({ name: `new ${mine}` })
        }),
      )
    const outcomes = await Promise.all([cross('a', 'b', 0), cross('b', 'a', 1)])
    expect(outcomes.toSorted()).toEqual(['MAIL_E_UNAVAILABLE', 'no error'])
    const winner = outcomes[0] === 'no error' ? 'a' : 'b'
    const rows = await database.query((knex) => knex('things').orderBy('name').select())
    expect(rows).toEqual([
      { name: 'a', note: `by ${winner}` },
      { name: 'b', note: `by ${winner}` },
      { name: `new ${winner}`, note: null },
    ])
    // A deadlock is no outage.
    expect(told()).toEqual([])
    await administer(server.socketPath, "delete from mail.things where name like 'new %'")
  })

  it('is unavailable for changes while the server is read-only, and reads on', async () => {
    const database = await connected()
    await server.setReadOnly(true)
    const insert = (): Promise<unknown> =>
      code(database.query((knex) => knex('things').insert({ name: 'c' })))
    for (let time = 0; time < 10; time++) {
      expect(await insert()).toBe('MAIL_E_UNAVAILABLE')
      expect(await tell(database)).toBe(1)
    }
    expect(told()).toEqual(['unavailable'])
    await server.setReadOnly(false)
    expect(await insert()).toBe('no error')
    await administer(server.socketPath, "delete from mail.things where name = 'c'")
  })
})

describe.runIf(peer.available)(`outages of ${peer.title}`, () => {
  let server: Mariadb

  beforeEach(async () => {
    server = await startMariadb({ tcp: true })
    await createDatabase(server.socketPath, 'mail')
  })

  afterEach(async () => {
    await server[Symbol.asyncDispose]()
  })

  async function connected(options: object = {}, clock?: Clock): Promise<DatabaseConnection> {
    const connection = connectionTo({ hosts: [{ socketPath: server.socketPath }], ...options }, clock)
    await connection.open()
    return connection
  }

  it('killed: calls fail, soon at once, and it recovers by itself without being asked', async () => {
    const database = await connected()
    expect(await tell(database)).toBe(1)
    await server.kill9()
    for (let time = 0; time < 20; time++) expect(await code(tell(database))).toBe('MAIL_E_UNAVAILABLE')
    await expect(tell(database)).rejects.toThrow('the database has not answered lately')
    await server.restart()
    await expect.poll(told, { timeout: 20_000 }).toEqual(['unavailable', 'recovered'])
    expect(await tell(database)).toBe(1)
  })

  it('shut down and started again between two calls: nobody notices', async () => {
    const database = await connected()
    await tell(database)
    await server.shutDown()
    await server.restart()
    expect(await tell(database)).toBe(1)
    expect(told()).toEqual([])
  })

  it('stopped: nobody waits longer than the times that are set, for a connection or for an answer', async () => {
    const clock = watchedClock()
    const database = await connected({ connectTimeout: '2s', queryTimeout: '7s', pool: { max: 2 } }, clock)
    await tell(database)
    server.pause()
    const hanging = code(tell(database))
    await clock.armed(7000)
    const connecting = code(tell(database))
    await clock.armed(2000)
    clock.advance(2000)
    expect(await connecting).toBe('MAIL_E_UNAVAILABLE')
    clock.advance(5000)
    expect(await hanging).toBe('MAIL_E_UNAVAILABLE')
    server.resume()
    expect(await tell(database)).toBe(1)
    expect(told()).toEqual(['unavailable', 'recovered'])
  })

  it('the end does not wait for a server that hangs', async () => {
    const clock = watchedClock()
    const database = await connected({}, clock)
    await tell(database)
    server.pause()
    const closing = database.close()
    await clock.armed(1000)
    clock.advance(1000)
    await closing
    server.resume()
  })

  it('says at the start what is wrong', async () => {
    const { socketPath } = server
    const start = async (options: object): Promise<string> => {
      const error = await connectionTo({ hosts: [{ socketPath }], ...options })
        .open()
        .catch((caught) => caught)
      return `${errorCode(error)}: ${errorText(error)}`
    }
    expect(await start({ database: 'nothing' })).toMatch(/^MAIL_E_UNAVAILABLE: .*'nothing'/)
    expect(await start({ hosts: [{ socketPath: '/nowhere.sock' }] })).toMatch(/ENOENT.*\/nowhere\.sock/)
    expect(await start({ password: undefined, passwordEnv: 'TEST_NOT_SET' })).toMatch(
      /^MAIL_E_START: .*TEST_NOT_SET/,
    )
    expect(await start({ tls: { ca: '/nowhere.pem', serverName: 'x' } })).toMatch(
      /^MAIL_E_START: .*\/nowhere\.pem/,
    )
    expect(await start({ tls: { verify: false } })).toMatch(/secure connection/)
  })

  it('goes to the next server while the first is away or read-only, and back', async () => {
    await using second = await startMariadb({ tcp: true })
    await createDatabase(second.socketPath, 'mail')
    for (const each of [server, second]) {
      await administer(each.socketPath, 'create table mail.things (name varchar(50)) engine InnoDB')
    }
    const hosts = [server, second].map(({ port }) => ({ host: '127.0.0.1', port }))
    const database = await connected({ hosts })
    const write = (name: string): Promise<unknown> =>
      code(database.query((knex) => knex('things').insert({ name })))
    const written = async ({ socketPath }: Mariadb): Promise<unknown> =>
      (await administer(socketPath, 'select name from mail.things order by name')).map(({ name }) => name)
    expect(await write('1')).toBe('no error')
    await server.setReadOnly(true)
    expect(await write('2')).toBe('MAIL_E_UNAVAILABLE')
    expect(await write('3')).toBe('no error')
    await second.kill9()
    await expect.poll(() => code(tell(database)), { timeout: 20_000 }).toBe('no error')
    expect(await write('4')).toBe('MAIL_E_UNAVAILABLE')
    await second.restart()
    await expect.poll(() => write('5'), { timeout: 20_000 }).toBe('no error')
    expect(await written(server)).toEqual(['1'])
    expect(await written(second)).toEqual(['3', '5'])
  })
})

describe.runIf(peer.available)(`TLS to ${peer.title}`, () => {
  let server: Mariadb
  let folder: string
  let ca: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailwright-database-tls-'))
    ca = await makeKey('db.example')
    await makeKey('other.example')
    const key = join(folder, 'db.example.key')
    const words = [`--ssl-cert=${ca}`, `--ssl-key=${key}`, '--require-secure-transport=on']
    server = await startMariadb({ tcp: true, words })
    await createDatabase(server.socketPath, 'mail')
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** Makes a key and its certificate; answers the certificate's file. */
  async function makeKey(name: string): Promise<string> {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    })
    await writeFile(join(folder, `${name}.key`), made.private)
    await writeFile(join(folder, `${name}.pem`), made.cert)
    return join(folder, `${name}.pem`)
  }

  async function cipher(tls: object | false): Promise<string> {
    const database = connectionTo({ hosts: [{ host: '127.0.0.1', port: server.port }], tls })
    try {
      await database.open()
      const [[row]] = await database.query((knex) => knex.raw("show status like 'Ssl_cipher'"))
      return row.Value
    } catch (error) {
      return errorText(error)
    }
  }

  it('is made where the certificate is trusted and carries the name', async () => {
    expect(await cipher({ ca, serverName: 'db.example' })).toMatch(/^TLS_/)
  })

  it('is made with any certificate where none is to be verified', async () => {
    expect(await cipher({ verify: false })).toMatch(/^TLS_/)
  })

  it.each([
    ['another name', 'db.example.pem', 'other.example', /does not match certificate/],
    ['another authority', 'other.example.pem', 'db.example', /self-signed|unable to verify/],
    ['no authority', undefined, 'db.example', /self-signed|unable to verify/],
  ])('is refused: %s', async (_what, file, serverName, reason) => {
    const trusted = file === undefined ? {} : { ca: join(folder, file) }
    expect(await cipher({ ...trusted, serverName })).toMatch(reason)
  })
})
