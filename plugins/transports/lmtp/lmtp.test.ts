import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  type Batch,
  type BatchItem,
  bufferContent,
  type Clock,
  createLog,
  createMessage,
  systemClock,
} from 'mailwright'
import { addressOf, fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import type { LmtpDestination } from '../destination.ts'
import { mailCommand } from './envelope.ts'
import { LmtpDelivery } from './lmtp-delivery.ts'
import { LmtpPool } from './lmtp-pool.ts'
import { LmtpTls, type LmtpTlsLevel } from './lmtp-tls.ts'
import { placeOf } from './server-trouble.ts'

/** A server that says what a test wants: by command, `undefined` for silence. */
interface Script {
  readonly extensions?: readonly string[]
  answer?(command: string, connection: number): string | undefined
  /** One reply a recipient, behind the dot; `close` closes. */
  readonly behindDot?: readonly string[]
}

let server: Server | undefined
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
})

async function lmtpServer(
  script: Script,
): Promise<{ destination: LmtpDestination; said: string[]; connections(): number }> {
  const said: string[] = []
  let connections = 0
  server = createServer((socket) => {
    const number = ++connections
    sockets.push(socket)
    socket.on('error', () => undefined)
    let text = ''
    let inData = false
    socket.write('220 test\r\n')
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      for (;;) {
        const end = inData ? text.indexOf('\r\n.\r\n') : text.indexOf('\r\n')
        if (end < 0) return
        const piece = text.slice(0, end)
        text = text.slice(end + (inData ? 5 : 2))
        said.push(piece)
        if (inData)
          for (const one of script.behindDot ?? ['250 2.1.5 stored'])
            if (one === 'close') socket.end()
            else socket.write(`${one}\r\n`)
        const answer = inData ? undefined : (script.answer?.(piece, number) ?? standard(piece, script))
        inData = answer?.startsWith('354') ?? false
        if (answer === 'close') socket.destroy()
        else if (answer !== undefined && answer !== '') socket.write(`${answer}\r\n`)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { destination: { kind: 'lmtp', host: '127.0.0.1', port }, said, connections: () => connections }
}

function standard(
  command: string,
  { extensions = ['PIPELINING', '8BITMIME', 'SIZE 10000'] }: Script,
): string {
  if (command.startsWith('LHLO'))
    return ['hello', ...extensions]
      .map((one, at) => `250${at === extensions.length ? ' ' : '-'}${one}`)
      .join('\r\n')
  return command === 'DATA' ? '354 go on' : '250 2.1.0 ok'
}

async function item(
  to: string,
  text = 'Subject: x\r\n\r\nbody\r\n',
  message = createMessage(bufferContent(Buffer.from(text))),
): Promise<BatchItem> {
  return {
    recipient: addressOf(to),
    parameters: {},
    reversePath: addressOf('a@else.example'),
    route: { kind: 'handler', handler: 'x', address: addressOf(to) },
    message: await message,
    filings: [],
  }
}

async function two(): Promise<readonly BatchItem[]> {
  const message = createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nbody\r\n')))
  return [await item('jo@here.example', '', message), await item('anna@here.example', '', message)]
}

async function three(): Promise<readonly BatchItem[]> {
  const [jo, anna] = await two()
  if (jo === undefined || anna === undefined) throw new Error('two are two')
  return [jo, await item('nobody@here.example', '', Promise.resolve(jo.message)), anna]
}

interface Setting {
  readonly atomic?: boolean
  readonly clock?: Clock
  readonly signal?: AbortSignal
  readonly parameters?: Batch['parameters']
}

interface ClientOptions {
  readonly clock?: Clock
  readonly idleTime?: number
  readonly level?: LmtpTlsLevel
}

function client({ clock = systemClock, idleTime = 10_000, level = 'may' }: ClientOptions = {}): {
  pool: LmtpPool
  deliver(
    destination: LmtpDestination,
    items: readonly BatchItem[],
    setting?: Setting,
  ): ReturnType<LmtpDelivery['deliver']>
} {
  const timeouts = { connect: 30_000, command: 60_000, data: 240_000 }
  const tls = new LmtpTls({ level, levels: new Map(), authorities: undefined })
  const pool = new LmtpPool({
    clock,
    timeouts,
    hostname: 'mx.here.example',
    tls,
    maxConnections: 2,
    idleTime,
  })
  const delivery = new LmtpDelivery(pool, tls, createLog('silent'))
  return {
    pool,
    deliver(
      destination,
      items,
      { atomic = true, parameters = {}, signal = new AbortController().signal } = {},
    ) {
      return delivery.deliver(
        destination,
        items,
        { id: 'q1', parameters, kind: 'handler', items, atomic, signal },
        signal,
      )
    },
  }
}

describe('LMTP', () => {
  test('one transaction, a reply for each recipient', async () => {
    const { destination, said } = await lmtpServer({
      behindDot: ['250 2.0.0 jo', '452-4.2.2 full\r\n452 4.2.2 really'],
    })
    const { deliver, pool } = client()
    expect(await deliver(destination, await two())).toMatchObject([
      { kind: 'delivered', text: `${placeOf(destination)} said 250 2.0.0 jo` },
      {
        kind: 'deferred',
        reply: { code: 452, enhanced: '4.2.2', lines: ['full', 'really'] },
        host: '127.0.0.1',
      },
    ])
    pool.close()
    expect(said.slice(0, 6)).toEqual([
      'LHLO mx.here.example',
      'MAIL FROM:<a@else.example> SIZE=20',
      'RCPT TO:<jo@here.example>',
      'RCPT TO:<anna@here.example>',
      'DATA',
      'Subject: x\r\n\r\nbody',
    ])
  })

  test.each([true, false])('a refused recipient, all or none: %s', async (atomic) => {
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.includes('anna') ? '550 5.1.1 no anna' : undefined),
    })
    const found = await client().deliver(destination, await two(), { atomic })
    expect(found).toMatchObject([
      { kind: atomic ? 'deferred' : 'delivered' },
      { kind: 'failed', reply: { code: 550, enhanced: '5.1.1' } },
    ])
    expect(said.includes('DATA')).toBe(!atomic)
  })

  test.each([
    ['the end', 'close'],
    ['nonsense', 'hello'],
    ['an answer to another question', '354 go on'],
    ['a reply of two codes', '550-5.7.1 no\r\n250 2.0.0 yes'],
  ])('a recipient who was answered has its message, whatever comes then: %s', async (_, then) => {
    const { destination, connections } = await lmtpServer({
      behindDot: ['250 2.0.0 jo', then],
      answer: (command) => (command.includes('nobody') ? '550 5.1.1 no' : undefined),
    })
    const { deliver, pool } = client()
    const items = await three()
    expect(await deliver(destination, items, { atomic: false })).toMatchObject([
      { kind: 'delivered', text: `${placeOf(destination)} said 250 2.0.0 jo` },
      { kind: 'failed', reply: { enhanced: '5.1.1' } },
      { kind: 'deferred', reply: { code: 451, enhanced: '4.4.1' } },
    ])
    await deliver(destination, items, { atomic: false })
    expect(connections()).toBe(2)
    pool.close()
  })

  test('refusals of MAIL and DATA are everybody’s', async () => {
    const mail = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '452 4.3.1 no room' : undefined),
    })
    expect(await client().deliver(mail.destination, await two())).toMatchObject([
      { reply: { code: 452 } },
      { reply: { code: 452 } },
    ])
    server?.close()
    const data = await lmtpServer({ answer: (command) => (command === 'DATA' ? '554 no' : undefined) })
    expect(await client().deliver(data.destination, await two())).toMatchObject([
      { kind: 'failed', reply: { code: 554, enhanced: undefined, lines: ['no'] } },
      { kind: 'failed' },
    ])
  })

  test('without PIPELINING one command after the other', async () => {
    const { destination } = await lmtpServer({ extensions: ['8BITMIME'] })
    expect(await client().deliver(destination, [await item('jo@here.example')])).toMatchObject([
      { kind: 'delivered' },
    ])
  })

  test.each([
    ['more octets than are taken', 'x'.repeat(20_000), ['SIZE 10000', '8BITMIME'], {}, 'jo', '5.3.4'],
    ['8-bit octets', 'Subject: x\r\n\r\n\u00fc\r\n', ['SIZE'], {}, 'jo', '5.6.3'],
    ['an address beyond ASCII', 'Subject: x\r\n\r\n', ['8BITMIME'], { smtpUtf8: true }, 'jö', '5.6.7'],
  ] as const)(
    '%s are not sent to a server that cannot take them',
    async (_, text, extensions, parameters, name, enhanced) => {
      const { destination, said } = await lmtpServer({ extensions })
      const found = await client().deliver(destination, [await item(`${name}@here.example`, text)], {
        parameters,
      })
      expect(found).toMatchObject([{ kind: 'failed', reply: { enhanced } }])
      expect(said.some((line) => line.startsWith('MAIL'))).toBe(false)
    },
  )

  test('what asks for TLS (RFC 8689) goes on through a Unix socket, or to who has to prove itself', async () => {
    const { destination, connections } = await lmtpServer({})
    const parameters = { requireTls: true }
    const items = [await item('jo@here.example')]
    expect(await client().deliver(destination, items, { parameters })).toMatchObject([
      { kind: 'failed', reply: { code: 550, enhanced: '5.7.30' } },
    ])
    expect(connections()).toBe(0)
    const nobody = { kind: 'lmtp', socket: '/nowhere/lmtp' } as const
    expect(await client().deliver(nobody, items, { parameters })).toMatchObject([
      { kind: 'deferred', reply: { enhanced: '4.4.1' } },
    ])
    const strict = client({ level: 'verify' })
    expect(await strict.deliver(destination, items, { parameters })).toMatchObject([
      { kind: 'deferred', reply: { enhanced: '4.7.5' } },
    ])
    expect(connections()).toBe(1)
  })

  test('REQUIRETLS is said where it is offered', async () => {
    const items = [await item('jo@here.example')]
    const { message, reversePath } = items[0] as BatchItem
    const envelope = { message, reversePath, items, parameters: { requireTls: true } }
    expect(await mailCommand(envelope, new Map([['REQUIRETLS', '']]))).toMatch(/ REQUIRETLS$/)
  })

  test('a notification goes to who proves itself, whether or not REQUIRETLS is offered (RFC 8689 §5)', async () => {
    const { destination } = await lmtpServer({})
    const parameters = { requireTls: true }
    const [jo] = await two()
    if (jo === undefined) throw new Error('two are two')
    const proven = client().pool
    const tls = new LmtpTls({ level: 'verify', levels: new Map(), authorities: undefined })
    const delivery = new LmtpDelivery(proven, tls, createLog('silent'))
    const { signal } = new AbortController()
    const deliver = (item: BatchItem) =>
      delivery.deliver(
        destination,
        [item],
        { id: 'q1', parameters, kind: 'handler', items: [item], atomic: true, signal },
        signal,
      )
    expect(await deliver(jo)).toMatchObject([{ kind: 'failed', reply: { enhanced: '5.7.30' } }])
    expect(await deliver({ ...jo, reversePath: null })).toMatchObject([{ kind: 'delivered' }])
  })

  test('what the server can take is said to it', async () => {
    const { destination, said } = await lmtpServer({ extensions: ['8BITMIME', 'SMTPUTF8'] })
    const parameters = { body: '8BITMIME', smtpUtf8: true } as const
    await client().deliver(destination, [await item('jö@here.example')], { parameters })
    expect(said[1]).toBe('MAIL FROM:<a@else.example> BODY=8BITMIME SMTPUTF8')
  })

  test('a connection is used again, also one that was closed meanwhile', async () => {
    const { destination, connections } = await lmtpServer({
      answer: (command, connection) => (connection === 1 && command === 'RSET' ? 'close' : undefined),
    })
    const { deliver, pool } = client()
    for (let count = 0; count < 3; count++)
      expect(await deliver(destination, [await item('jo@here.example')])).toMatchObject([
        { kind: 'delivered' },
      ])
    expect(connections()).toBe(2)
    pool.close()
  })

  test('an idle connection is ended', async () => {
    const clock = fakeClock()
    const { destination, said } = await lmtpServer({})
    await client({ clock, idleTime: 5_000 }).deliver(destination, [await item('jo@here.example')])
    clock.advance(5_000)
    await expect.poll(() => said.at(-1)).toBe('QUIT')
  })

  test.each([
    ['nonsense', 'hello', 'says what is no reply'],
    ['an endless line', `250-${'x'.repeat(100_000)}`, 'says what is no reply'],
    ['an answer to another question', '354 go on', 'refuses MAIL: 354 go on'],
    ['the end', 'close', 'has closed the connection'],
  ])('%s means later', async (_, answer, problem) => {
    const { destination } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? answer : undefined),
    })
    expect(await client().deliver(destination, [await item('jo@here.example')])).toMatchObject([
      {
        kind: 'deferred',
        reply: { code: 451, enhanced: '4.4.1', lines: [`${placeOf(destination)} ${problem}`] },
        host: '127.0.0.1',
      },
    ])
  })

  test('silence means later, and so does nobody', async () => {
    const clock = fakeClock()
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '' : undefined),
    })
    const found = client({ clock }).deliver(destination, [await item('jo@here.example')])
    await expect.poll(() => said.some((line) => line.startsWith('MAIL'))).toBe(true)
    clock.advance(60_000)
    expect(await found).toMatchObject([
      { kind: 'deferred', reply: { lines: [`${placeOf(destination)} says nothing`] } },
    ])
    server?.close()
    const nobody = { kind: 'lmtp', socket: '/nowhere/lmtp' } as const
    expect(await client().deliver(nobody, [await item('jo@here.example')])).toMatchObject([
      { kind: 'deferred', reply: { lines: ['/nowhere/lmtp cannot be reached (ENOENT)'] } },
    ])
  })

  test('whoever waits no longer ends it', async () => {
    const { destination, said } = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '' : undefined),
    })
    const waiting = new AbortController()
    const found = client().deliver(destination, [await item('jo@here.example')], { signal: waiting.signal })
    await expect.poll(() => said.some((line) => line.startsWith('MAIL'))).toBe(true)
    waiting.abort()
    expect(await found).toMatchObject([{ kind: 'deferred' }])
  })
})
