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
import { addressOf } from 'mailwright/testing'
import type { LmtpDestination } from '../../../plugins/transports/destination.ts'
import { LmtpDelivery } from '../../../plugins/transports/lmtp/lmtp-delivery.ts'
import { LmtpPool } from '../../../plugins/transports/lmtp/lmtp-pool.ts'
import { LmtpTls, type LmtpTlsLevel } from '../../../plugins/transports/lmtp/lmtp-tls.ts'

// Messages that are handed over to a server that says what a test wants, by the client of the plugin transports.

/** A server that says what a test wants: by command, `undefined` for silence. */
export interface LmtpScript {
  readonly extensions?: readonly string[]
  answer?(command: string, connection: number): string | undefined
  /** One reply a recipient, behind the dot; `close` closes. */
  readonly behindDot?: readonly string[]
}

let server: Server | undefined
const sockets: Socket[] = []

/** Ends the server that was started last, and all connections. */
export function endLmtpServer(): void {
  for (const socket of sockets.splice(0)) socket.destroy()
  server?.close()
  server = undefined
}

/** Starts it, and says what was said to it. */
export async function lmtpServer(
  script: LmtpScript,
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
  { extensions = ['PIPELINING', '8BITMIME', 'SIZE 10000'] }: LmtpScript,
): string {
  if (command.startsWith('LHLO'))
    return ['hello', ...extensions]
      .map((one, at) => `250${at === extensions.length ? ' ' : '-'}${one}`)
      .join('\r\n')
  return command === 'DATA' ? '354 go on' : '250 2.1.0 ok'
}

export async function item(
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

export async function two(): Promise<readonly BatchItem[]> {
  const message = createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nbody\r\n')))
  return [await item('jo@here.example', '', message), await item('anna@here.example', '', message)]
}

export async function three(): Promise<readonly BatchItem[]> {
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

export function client({ clock = systemClock, idleTime = 10_000, level = 'may' }: ClientOptions = {}): {
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
