import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { bufferContent, createMessage, parseAddress } from 'mailwright'
import type { Envelope } from 'mailwright/smtp-client'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseOptions } from '../options.ts'
import { HostFailure } from '../outcome.ts'
import { ClientTls } from '../security/client-tls.ts'
import { type Transacted, transact } from '../transaction/transaction.ts'
import { ConnectionPool } from './connection-pool.ts'
import type { SmtpSession } from './smtp-session.ts'
import { keyOf, type Target } from './target.ts'

/** A connection as the host sees it. */
interface Taken {
  readonly socket: Socket
  readonly said: string[]
}

// What a host does at a command, if not the usual; what it answers, or nothing.
type Answer = (command: string, taken: Taken, connection: number) => string | undefined

let stack = new AsyncDisposableStack()
let taken: Taken[] = []
let port = 0
let answer: Answer = () => undefined
let clock: FakeClock

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  taken = []
  answer = () => undefined
  clock = fakeClock()
  const server = createServer((socket) => {
    const one: Taken = { socket, said: [] }
    const connection = taken.push(one)
    let inData = false
    let text = ''
    socket.on('error', () => undefined)
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        if (inData && line !== '.') continue
        one.said.push(line)
        const usual = line === 'DATA' ? '354 go on' : line === 'QUIT' ? '221 bye' : '250 fine'
        inData = line === 'DATA'
        const given = answer(line, one, connection) ?? usual
        if (given !== '') socket.write(`${given}\r\n`)
        if (line === 'QUIT') socket.end()
      }
    })
    socket.write('220 mx.example\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  stack.defer(async () => {
    for (const { socket } of taken) socket.destroy()
    server.close()
    await once(server, 'close')
  })
})
afterEach(() => stack.disposeAsync())

function newPool(connections: object = {}): ConnectionPool {
  const options = parseOptions({ connections })
  const tls = new ClientTls({ authorities: undefined, clock })
  const pool = new ConnectionPool({ ...options, clock, tls, observe: () => undefined })
  stack.defer(() => pool.close())
  return pool
}

function target(change: Partial<Target> = {}): Target {
  return {
    domain: 'there.example',
    candidate: { host: 'mx.example', port, secure: false },
    requirement: { level: 'none', names: [], source: 'config' },
    implicitTls: false,
    login: undefined,
    certificate: undefined,
    identity: { hostname: 'here.example', ipv4: undefined, ipv6: undefined },
    ...change,
  }
}

function request(signal = new AbortController().signal, avoided: readonly string[] = []) {
  return { address: '127.0.0.1', avoided: new Set(avoided), signal }
}

async function envelope(): Promise<Envelope> {
  const recipient = parseAddress('jo@there.example')
  if (recipient === undefined) throw new Error('no address')
  const message = await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nx\r\n')))
  const item = { recipient, parameters: {}, reversePath: null, message, filings: [] }
  return {
    id: 'q1',
    message,
    reversePath: null,
    parameters: {},
    items: [{ ...item, route: { kind: 'remote', address: recipient } }],
  }
}

async function send(pool: ConnectionPool, change: Partial<Target> = {}): Promise<string | undefined> {
  const mail = await envelope()
  const found = await pool.use(target(change), request(), (session) => deliver(session, mail))
  return [...found.outcomes.values()][0]?.kind
}

function deliver(session: SmtpSession, mail: Envelope): Promise<Transacted> {
  return transact(session, mail, { atomic: false, chunking: false })
}

/** Until what was put back is kept. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Sends a message in a session that is kept then. */
async function keptBy(pool: ConnectionPool): Promise<SmtpSession> {
  const mail = await envelope()
  const found = await pool.use(target(), request(), async (session) => {
    await deliver(session, mail)
    return session
  })
  await settled()
  return found
}

describe('a connection is used again', () => {
  test('by the next message for the same host, without a RSET behind one that was taken', async () => {
    const pool = newPool()
    for (let count = 0; count < 3; count++) {
      expect(await send(pool, { domain: `d${count}.example` })).toBe('delivered')
      await settled()
    }
    expect(taken).toHaveLength(1)
    expect(taken[0]?.said.filter((line) => /^(?:EHLO|RSET|MAIL)/.test(line))).toEqual([
      'EHLO here.example',
      ...Array(3).fill('MAIL FROM:<>'),
    ])
    expect(pool.size).toBe(1)
  })

  test('after RSET, where a transaction was begun and has no end', async () => {
    answer = (command) => (command.startsWith('RCPT') ? '550 5.1.1 no' : undefined)
    const pool = newPool()
    expect(await send(pool)).toBe('failed')
    await settled()
    expect(await send(pool)).toBe('failed')
    expect(taken.map(({ said }) => said.filter((line) => /^(?:RSET|MAIL)/.test(line)))).toEqual([
      ['MAIL FROM:<>', 'RSET', 'MAIL FROM:<>'],
    ])
  })

  const requirement = { level: 'none', names: [], source: 'config' } as const
  const identity = { hostname: 'here.example', ipv4: undefined, ipv6: undefined }
  const secret = { kind: 'text', text: 'secret' } as const
  const record = { usage: 3, selector: 1, matchingType: 1, data: Buffer.from('a') }
  const others: readonly (readonly [string, Partial<Target>])[] = [
    ['another host', { candidate: { host: 'mx2.example', port: 25, secure: false } }],
    ['another port', { candidate: { host: 'mx.example', port: 26, secure: false } }],
    ['another level', { requirement: { ...requirement, level: 'may' } }],
    ['other names', { requirement: { ...requirement, names: ['x.example'] } }],
    ['DANE', { requirement: { ...requirement, level: 'dane', tlsa: [record] } }],
    ['other records', { requirement: { ...requirement, level: 'dane', tlsa: [{ ...record, usage: 2 }] } }],
    ['TLS from the first octet', { implicitTls: true }],
    ['a login', { login: { kind: 'password', user: 'me', secret } }],
    ['another login', { login: { kind: 'password', user: 'you', secret } }],
    ['another password', { login: { kind: 'password', user: 'me', secret: { ...secret, text: 'x' } } }],
    ['a certificate', { certificate: { cert: '/c', key: '/k' } }],
    ['another name', { identity: { ...identity, hostname: 'news.example' } }],
    ['another address', { identity: { ...identity, ipv4: '127.0.0.2' } }],
  ]

  test('and what has to differ differs', () => {
    const keys = [{}, ...others.map(([, change]) => change)].map((change) => keyOf(target(change)))
    expect(new Set(keys).size).toBe(keys.length)
    expect(keyOf(target({ domain: 'elsewhere.example' }))).toBe(keys[0])
  })

  test('but not by mail that comes from another name', async () => {
    const pool = newPool()
    await send(pool)
    await settled()
    await send(pool, { identity: { ...identity, hostname: 'news.example' } })
    expect(taken.map(({ said }) => said[0])).toEqual(['EHLO here.example', 'EHLO news.example'])
  })

  test('but not where its address has had its turn', async () => {
    const pool = newPool()
    await send(pool)
    await settled()
    const mail = await envelope()
    const visit = request(undefined, ['127.0.0.1'])
    await pool.use(target(), visit, (session) => deliver(session, mail))
    expect(taken).toHaveLength(2)
  })
})

describe('a connection ends', () => {
  test('with QUIT, when nothing has come for it', async () => {
    const pool = newPool({ idleTime: '5s' })
    await send(pool)
    await settled()
    clock.advance(4_999)
    await settled()
    expect(taken[0]?.said).not.toContain('QUIT')
    clock.advance(1)
    await expect.poll(() => taken[0]?.said.at(-1)).toBe('QUIT')
    expect(pool.size).toBe(0)
    await send(pool)
    expect(taken).toHaveLength(2)
  })

  test.each([
    ['as many messages as the config says', { maxMessages: 2 }, () => undefined],
    [
      'as many as the host says',
      {},
      (command: string) => (command.startsWith('EHLO') ? '250-mx\r\n250 LIMITS MAILMAX=2' : undefined),
    ],
  ])('after %s', async (_, connections, own) => {
    answer = own
    const pool = newPool(connections)
    for (let count = 0; count < 5; count++) {
      await send(pool)
      await settled()
    }
    expect(taken.map(({ said }) => said.filter((line) => line.startsWith('MAIL')).length)).toEqual([2, 2, 1])
    await expect.poll(() => taken.slice(0, 2).every(({ said }) => said.at(-1) === 'QUIT')).toBe(true)
  })

  test('when it is old enough, or none is to be kept', async () => {
    const pool = newPool({ maxAge: '1m', idleTime: '10m' })
    await send(pool)
    await settled()
    clock.advance(60_000)
    // It was young when it was put back.
    await send(pool)
    await settled()
    await send(pool)
    const keepsNone = newPool({ idleTime: 0 })
    await send(keepsNone)
    await send(keepsNone)
    expect(taken.map(({ said }) => said.filter((line) => line.startsWith('MAIL')).length)).toEqual([
      2, 1, 1, 1,
    ])
  })

  test('with QUIT when the system stops, the one at work behind its work', async () => {
    const pool = newPool()
    await send(pool)
    await settled()
    const gate = Promise.withResolvers<void>()
    const busy = pool.use(
      target({ domain: 'b.example', identity: { hostname: 'b.example', ipv4: undefined, ipv6: undefined } }),
      request(),
      () => gate.promise,
    )
    await expect.poll(() => taken.length).toBe(2)
    pool.close()
    await expect.poll(() => taken[0]?.said.at(-1)).toBe('QUIT')
    expect(taken[1]?.said).not.toContain('QUIT')
    gate.resolve()
    await busy
    await expect.poll(() => taken[1]?.said.at(-1)).toBe('QUIT')
    expect(pool.size).toBe(0)
  })

  test('with QUIT also where the system stops while it is taken back', async () => {
    answer = (command) => (command.startsWith('RCPT') ? '550 5.1.1 no' : command === 'RSET' ? '' : undefined)
    const pool = newPool()
    await send(pool)
    await expect.poll(() => taken[0]?.said.at(-1)).toBe('RSET')
    pool.close()
    taken[0]?.socket.write('250 2.0.0 fine\r\n')
    await expect.poll(() => taken[0]?.said.at(-1)).toBe('QUIT')
    expect(pool.size).toBe(0)
  })

  test('where its work fails, and gives its place free', async () => {
    const pool = newPool({ perHost: 1 })
    const failing = pool.use(target(), request(), () => Promise.reject(new Error('the disk is gone')))
    await expect(failing).rejects.toThrow('the disk is gone')
    expect(pool.size).toBe(0)
    expect(await send(pool)).toBe('delivered')
    expect(taken).toHaveLength(2)
  })
})

describe('a host that has ended a connection that was kept costs nothing but a new one', () => {
  test.each<[string, (socket: Socket) => void]>([
    ['421', (socket) => void socket.write('421 4.4.2 idle too long\r\n')],
    ['421 and its end', (socket) => void socket.end('421 4.4.2 idle too long\r\n')],
    ['its end', (socket) => void socket.end()],
    ['a reset', (socket) => void socket.resetAndDestroy()],
    ['an answer too many', (socket) => void socket.write('250 2.0.0 late\r\n')],
  ])('by %s, noticed or not', async (_, end) => {
    const pool = newPool()
    const kept = await keptBy(pool)
    const first = taken[0]
    if (first !== undefined) end(first.socket)
    await expect.poll(() => kept.connection.isUsable).toBe(false)
    expect(await send(pool)).toBe('delivered')
    expect(taken).toHaveLength(2)
    expect(first?.said.filter((line) => line.startsWith('MAIL'))).toHaveLength(1)
    expect(pool.size).toBe(1)
  })

  test('also while the next message is being looked at', async () => {
    const pool = newPool()
    await keptBy(pool)
    const mail = await envelope()
    let sessions = 0
    const found = await pool.use(target(), request(), async (session) => {
      sessions += 1
      if (sessions === 1) {
        taken[0]?.socket.write('421 4.4.2 idle too long\r\n')
        await expect.poll(() => session.connection.isUsable).toBe(false)
      }
      return deliver(session, mail)
    })
    expect([...found.outcomes.values()]).toMatchObject([{ kind: 'delivered' }])
    expect(sessions).toBe(2)
  })

  test.each<[string, string, (socket: Socket) => void]>([
    ['421', '421 4.4.2 idle too long', () => undefined],
    ['what would be a refusal', '554 5.5.0 idle too long', () => undefined],
    ['its end', '', (socket) => void socket.end()],
    ['a reset', '', (socket) => void socket.resetAndDestroy()],
  ])('by %s at the next MAIL', async (_, said, end) => {
    answer = (command, one) => {
      const count = one.said.filter((line) => line.startsWith('MAIL')).length
      if (!command.startsWith('MAIL') || count !== 2) return undefined
      end(one.socket)
      return said
    }
    const pool = newPool()
    for (let count = 0; count < 2; count++) {
      expect(await send(pool)).toBe('delivered')
      await settled()
    }
    expect(taken).toHaveLength(2)
  })

  test('nothing having been said in it before', async () => {
    const pool = newPool()
    await pool.use(target(), request(), async () => undefined)
    await settled()
    answer = (command, _one, connection) =>
      command.startsWith('MAIL') && connection === 1 ? '421 4.4.2 idle too long' : undefined
    expect(await send(pool)).toBe('delivered')
    expect(taken).toHaveLength(2)
  })

  test('but one that is new has refused', async () => {
    answer = (command, { socket }) => {
      if (!command.startsWith('MAIL')) return undefined
      socket.end()
      return ''
    }
    const pool = newPool()
    await expect(send(pool)).rejects.toThrow(HostFailure)
    expect(taken).toHaveLength(1)
    expect(pool.size).toBe(0)
  })

  test.each([
    ['too late', ''],
    ['with something else', '550 5.5.1 what?'],
  ])('one that answers RSET %s gets no further message', async (_, said) => {
    answer = (command, _one, connection) => {
      if (connection > 1) return undefined
      if (command.startsWith('RCPT')) return '550 5.1.1 no'
      return command === 'RSET' ? said : undefined
    }
    const pool = newPool()
    expect(await send(pool)).toBe('failed')
    await expect.poll(() => taken[0]?.said).toContain('RSET')
    await settled()
    clock.advance(20_000)
    taken[0]?.socket.write('250 2.0.0 late\r\n')
    await settled()
    expect(await send(pool)).toBe('delivered')
    expect(taken[0]?.said.filter((line) => line.startsWith('MAIL'))).toHaveLength(1)
  })
})

describe('room', () => {
  test('two deliveries never share a connection', async () => {
    const pool = newPool({ perHost: 3 })
    const inUse = new Set<SmtpSession>()
    const mail = await envelope()
    const work = async (session: SmtpSession): Promise<void> => {
      expect(inUse.has(session)).toBe(false)
      inUse.add(session)
      await deliver(session, mail)
      await settled()
      inUse.delete(session)
    }
    await Promise.all(Array.from({ length: 30 }, () => pool.use(target(), request(), work)))
    expect(taken).toHaveLength(3)
    const commands = taken.map(({ said }) => said.map((line) => line.slice(0, 4)).join(' '))
    for (const said of commands) expect(said).toMatch(/^EHLO(?: MAIL RCPT DATA \.)+$/)
    expect(commands.join(' ').match(/MAIL/g)).toHaveLength(30)
  })

  test('whoever waits no longer takes no place', async () => {
    const pool = newPool({ perHost: 1 })
    const gate = Promise.withResolvers<void>()
    const busy = pool.use(target(), request(), () => gate.promise)
    await expect.poll(() => taken.length).toBe(1)
    const end = new AbortController()
    const waiting = pool.use(target(), request(end.signal), async () => 'never')
    end.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    gate.resolve()
    await busy
    expect(await send(pool)).toBe('delivered')
    expect(taken).toHaveLength(1)
  })

  test('where the host does not answer all who wait hear of it, those who are not to come again as well', async () => {
    const pool = newPool({ perHost: 1 })
    const away = { ...request(), address: '127.0.0.9' }
    const all = [true, false, true, true].map((isLast) =>
      pool.use(target(), { ...away, isLast }, async () => 'never').catch((error: unknown) => error),
    )
    const [found, ...others] = await Promise.all(all)
    expect(found).toBeInstanceOf(HostFailure)
    for (const other of others) expect(other).toBe(found)
  })

  test('whoever waits is not given one with an address that has had its turn', async () => {
    const pool = newPool({ perHost: 1 })
    const mail = await envelope()
    const gate = Promise.withResolvers<void>()
    const busy = pool.use(target(), request(), () => gate.promise)
    await expect.poll(() => taken.length).toBe(1)
    const waiting = pool.use(target(), request(undefined, ['127.0.0.1']), (session) => deliver(session, mail))
    gate.resolve()
    await Promise.all([busy, waiting])
    expect(taken.map(({ said }) => said.includes('MAIL FROM:<>'))).toEqual([false, true])
  })

  test('senders take turns where they wait for one host, whatever domains their mail is for', async () => {
    const pool = newPool({ perHost: 1 })
    const gate = Promise.withResolvers<void>()
    const busy = pool.use(target(), request(), () => gate.promise)
    await expect.poll(() => taken.length).toBe(1)
    const order: string[] = []
    const wait = (localPart: string, index: number) =>
      pool.use(
        target({ domain: `d${index}.example` }),
        { ...request(), reversePath: { localPart, domain: 'here.example' } },
        async () => void order.push(localPart),
      )
    const all = ['news+1', 'news+2', 'news+3', 'jo'].map(wait)
    gate.resolve()
    await Promise.all([busy, ...all])
    expect(order).toEqual(['news+1', 'jo', 'news+2', 'news+3'])
  })

  test('one that is kept for others makes room', async () => {
    const pool = newPool({ total: 1 })
    await send(pool)
    await settled()
    await send(pool, { identity: { hostname: 'b.example', ipv4: undefined, ipv6: undefined } })
    expect(taken).toHaveLength(2)
    await expect.poll(() => taken[0]?.said.at(-1)).toBe('QUIT')
    expect(pool.size).toBe(1)
  })
})
