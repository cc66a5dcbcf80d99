import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'

/** What a connection to a scripted host is like when it is asked something. */
export interface HostState {
  /** From 1. */
  readonly connection: number
  readonly isSecure: boolean
  /** The commands of this connection so far, this one included. */
  readonly count: number
}

/** A host that says what a test wants. */
export interface HostScript {
  /** `220 mx.test ESMTP` */
  readonly greeting?: string | ((connection: number) => string)
  /** Keywords of EHLO. PIPELINING, 8BITMIME, SIZE where absent. */
  readonly extensions?: readonly string[]
  /** Offers STARTTLS, with these. */
  readonly keys?: { readonly key: string; readonly cert: string }
  /** Goes on in clear behind its answer to STARTTLS. */
  readonly speaksNoTls?: boolean
  /** TLS from the first octet. */
  readonly implicitTls?: boolean
  /**
   * Another answer to a command than the usual one, without the last line end: undefined for the usual one, an empty text for none,
   * `close` to close, `reset` to do so rudely. `cut TEXT` closes behind a text that has no line end.
   */
  answer?(command: string, state: HostState): string | undefined
  /** The same to a message, or to the last of its chunks. */
  behindDot?(message: string, state: HostState): string | undefined
  /** Octets of a message after which it is answered with this, before its end. */
  readonly early?: { readonly after: number; readonly answer: string }
  /** Writes one octet at a time. */
  readonly trickles?: boolean
  /** The address that it listens on. 127.0.0.1 */
  readonly address?: string
  readonly port?: number
}

/** Answers other things to commands that begin like that. */
export function answering(answers: Readonly<Record<string, string>>): HostScript {
  return {
    answer: (command) => Object.entries(answers).find(([start]) => command.startsWith(start))?.[1],
  }
}

/** It, while it runs. */
export interface SmtpHost extends AsyncDisposable {
  readonly port: number
  /** All that was said to it: commands, and messages as they came, dots still doubled; chunks with their BDAT. */
  readonly said: readonly string[]
  readonly messages: readonly string[]
  /** How many connections there were. */
  readonly connections: number
  /** Where these came from. */
  readonly clients: readonly string[]
  /** How many of them resumed a session of TLS. */
  readonly resumed: number
  /** How many are open now. */
  readonly open: number
}

/** Starts one. */
export async function startSmtpHost(script: HostScript = {}): Promise<SmtpHost> {
  const said: string[] = []
  const messages: string[] = []
  const clients: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let resumed = 0
  const onResumed = (): void => {
    resumed += 1
  }
  const context = script.keys === undefined ? undefined : createSecureContext(script.keys)
  const server = createServer((socket) => {
    connections += 1
    clients.push(socket.remoteAddress ?? '')
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    new HostSession(socket, { script, context, said, messages, onResumed, connection: connections }).start()
  })
  await listening(server, script)
  const { port } = server.address() as AddressInfo
  return {
    port,
    said,
    messages,
    clients,
    get connections() {
      return connections
    },
    get resumed() {
      return resumed
    },
    get open() {
      return sockets.size
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function listening(server: Server, { address = '127.0.0.1', port = 0 }: HostScript): Promise<void> {
  server.listen(port, address)
  await once(server, 'listening')
}

interface Surroundings {
  readonly script: HostScript
  readonly context: SecureContext | undefined
  readonly said: string[]
  readonly messages: string[]
  readonly connection: number
  onResumed(): void
}

class HostSession {
  #socket: Socket
  readonly #plain: Socket
  readonly #around: Surroundings
  #text = ''
  #inData = false
  /** Octets of the chunk that is coming. */
  #chunk: { readonly size: number; readonly isLast: boolean } | undefined
  #chunked = ''
  #isSecure = false
  #count = 0
  /** Recipients that were taken in this transaction; undefined: there is none. */
  #recipients: number | undefined

  constructor(socket: Socket, around: Surroundings) {
    this.#socket = socket
    this.#plain = socket
    this.#around = around
  }

  start(): void {
    const { script, connection } = this.#around
    if (script.implicitTls === true) this.#secure()
    else this.#attach()
    const { greeting = '220 mx.test ESMTP' } = script
    this.#say(typeof greeting === 'string' ? greeting : greeting(connection))
  }

  #attach(): void {
    this.#socket.setEncoding('latin1').on('data', (chunk: string) => {
      this.#text += chunk
      this.#read()
    })
  }

  #read(): void {
    for (;;) {
      const { early } = this.#around.script
      if (this.#inData && early !== undefined && this.#text.length > early.after) {
        this.#inData = false
        this.#socket.removeAllListeners('data').resume()
        this.#say(early.answer)
        return
      }
      if (this.#chunk !== undefined && this.#text.length < this.#chunk.size) return
      if (this.#chunk !== undefined) this.#takeChunk(this.#chunk)
      if (this.#inData && this.#text.startsWith('.\r\n')) this.#text = `\r\n${this.#text}`
      const mark = this.#inData ? '\r\n.\r\n' : '\r\n'
      const end = this.#text.indexOf(mark)
      if (end < 0) return
      const piece = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + mark.length)
      if (this.#inData) this.#take(piece)
      else this.#obey(piece)
    }
  }

  get #state(): HostState {
    return { connection: this.#around.connection, isSecure: this.#isSecure, count: this.#count }
  }

  #take(message: string): void {
    const { script, said, messages } = this.#around
    this.#inData = false
    this.#recipients = undefined
    said.push(message)
    messages.push(message)
    this.#say(script.behindDot?.(message, this.#state) ?? `250 2.0.0 queued as M${messages.length}`)
  }

  #takeChunk({ size, isLast }: { readonly size: number; readonly isLast: boolean }): void {
    this.#chunked += this.#text.slice(0, size)
    this.#text = this.#text.slice(size)
    this.#chunk = undefined
    const command = `BDAT ${size}${isLast ? ' LAST' : ''}`
    const own = this.#around.script.answer?.(command, this.#state)
    if (!isLast || own !== undefined) this.#say(own ?? '250 2.0.0 fine')
    else this.#take(this.#chunked)
    if (isLast) this.#chunked = ''
  }

  #obey(command: string): void {
    this.#count += 1
    const [, size, last] = /^BDAT (\d+)( LAST)?$/.exec(command) ?? []
    if (size !== undefined) {
      this.#around.said.push(command)
      this.#chunk = { size: Number(size), isLast: last !== undefined }
      return
    }
    if (/^(?:MAIL|RSET)/.test(command)) this.#chunked = ''
    this.#around.said.push(command)
    const own = this.#around.script.answer?.(command, this.#state)
    const answer = own ?? this.#usual(command)
    const isTaken = answer.startsWith('250')
    if (/^(?:MAIL|RSET|EHLO)/.test(command))
      this.#recipients = command.startsWith('MAIL') && isTaken ? 0 : undefined
    else if (command.startsWith('RCPT') && isTaken && this.#recipients !== undefined) this.#recipients += 1
    this.#inData = command === 'DATA' && answer.startsWith('354')
    this.#say(answer)
    if (command === 'STARTTLS' && answer.startsWith('220')) this.#beginTls()
    if (command === 'QUIT') this.#socket.end()
  }

  #beginTls(): void {
    if (this.#around.script.speaksNoTls !== true) this.#secure()
    else this.#socket.removeAllListeners('data').once('data', () => this.#say('500 5.5.2 what?'))
  }

  #usual(command: string): string {
    const { script } = this.#around
    const [word] = command.toUpperCase().split(/[ :]/)
    if (word === 'EHLO') {
      const tls = script.keys !== undefined && !this.#isSecure ? ['STARTTLS'] : []
      const lines = ['mx.test', ...(script.extensions ?? ['PIPELINING', '8BITMIME', 'SIZE 50000000']), ...tls]
      return lines.map((line, index) => `250${index < lines.length - 1 ? '-' : ' '}${line}`).join('\r\n')
    }
    if (word === 'RCPT' && this.#recipients === undefined) return '503 5.5.1 MAIL first'
    if (word === 'DATA') return this.#recipients ? '354 go on' : '554 5.5.1 no valid recipients'
    if (word === 'QUIT') return '221 2.0.0 bye'
    return word === 'STARTTLS' ? '220 2.0.0 go on' : '250 2.1.0 fine'
  }

  #say(text: string): void {
    if (text === 'close' || text.startsWith('cut ')) {
      this.#socket.end(text === 'close' ? '' : text.slice('cut '.length))
      return
    }
    if (text === 'reset') {
      this.#plain.resetAndDestroy()
      return
    }
    if (text === '') return
    const octets = `${text}\r\n`
    for (const piece of this.#around.script.trickles === true ? octets : [octets]) this.#socket.write(piece)
  }

  #secure(): void {
    const { context, onResumed } = this.#around
    this.#socket.removeAllListeners('data')
    const secured = new TLSSocket(this.#socket, {
      isServer: true,
      ...(context === undefined ? {} : { secureContext: context }),
    })
    secured.once('secure', () => {
      if (secured.isSessionReused()) onResumed()
    })
    this.#socket = secured
    this.#socket.on('error', () => undefined)
    this.#isSecure = true
    this.#text = ''
    this.#attach()
  }
}
