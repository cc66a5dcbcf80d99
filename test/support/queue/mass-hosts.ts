import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { freePort } from '../free-port.ts'

/** What a host does to whoever brings it mail. */
export type HostManner = 'takes' | 'greets-late' | 'says-nothing' | 'defers' | 'refuses'

/** Thousands of mail hosts on addresses of 127.0.0.0/8, all on one port. */
export interface MassHosts extends AsyncDisposable {
  readonly port: number
  /** Recipients with a message each, in the order in which they came. */
  readonly arrived: readonly string[]
  /** Mail transactions. */
  readonly transactions: number
  /** Connections at the same time, at the most. */
  readonly mostOpen: number
  listen(address: string, manner: HostManner): Promise<void>
  /** Resolves when a recipient has a message. */
  arrival(recipient: string): Promise<void>
}

/** Prepares for them; `lateness` is how many milliseconds late some of them greet. */
export async function massHosts(lateness: number): Promise<MassHosts> {
  return new Hosts(await freePort(), lateness)
}

class Hosts implements MassHosts {
  readonly port: number
  readonly lateness: number
  readonly arrived: string[] = []
  transactions = 0
  mostOpen = 0
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  readonly #waiting = new Map<string, () => void>()

  constructor(port: number, lateness: number) {
    this.port = port
    this.lateness = lateness
  }

  async listen(address: string, manner: HostManner): Promise<void> {
    const server = createServer((socket) => {
      this.#sockets.add(socket)
      this.mostOpen = Math.max(this.mostOpen, this.#sockets.size)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
      new Visit(socket, manner, this).start()
    })
    this.#servers.push(server)
    server.listen(this.port, address)
    await once(server, 'listening')
  }

  take(recipients: readonly string[]): void {
    this.transactions += 1
    for (const recipient of recipients) {
      this.arrived.push(recipient)
      this.#waiting.get(recipient)?.()
      this.#waiting.delete(recipient)
    }
  }

  arrival(recipient: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(recipient, resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers) server.close()
    await Promise.all(this.#servers.map((server) => server.listening && once(server, 'close')))
  }
}

/** One connection. */
class Visit {
  readonly #socket: Socket
  readonly #manner: HostManner
  readonly #hosts: Hosts
  #text = ''
  #isMessage = false
  #recipients: string[] = []

  constructor(socket: Socket, manner: HostManner, hosts: Hosts) {
    this.#socket = socket
    this.#manner = manner
    this.#hosts = hosts
  }

  start(): void {
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#read(text))
    if (this.#manner === 'says-nothing') return
    const late = setTimeout(
      () => this.#say('220 mx.test ESMTP'),
      this.#manner === 'greets-late' ? this.#hosts.lateness : 0,
    )
    this.#socket.on('close', () => clearTimeout(late))
  }

  #read(text: string): void {
    this.#text += text
    for (;;) {
      const mark = this.#isMessage ? '\r\n.\r\n' : '\r\n'
      const end = this.#text.indexOf(mark)
      if (end < 0) return
      const piece = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + mark.length)
      if (this.#isMessage) this.#take()
      else this.#say(this.#answer(piece))
    }
  }

  #take(): void {
    this.#isMessage = false
    this.#hosts.take(this.#recipients)
    this.#recipients = []
    this.#say('250 2.0.0 taken')
  }

  #answer(command: string): string {
    const [verb] = command.toUpperCase().split(/[ :]/)
    if (verb === 'EHLO') return '250-mx.test\r\n250-PIPELINING\r\n250 8BITMIME'
    if (verb === 'RCPT') return this.#recipient(command)
    if (verb === 'QUIT') this.#socket.end('221 2.0.0 bye\r\n')
    if (verb !== 'DATA') return '250 2.0.0 fine'
    this.#isMessage = this.#recipients.length > 0
    return this.#isMessage ? '354 go on' : '554 5.5.1 for whom?'
  }

  #recipient(command: string): string {
    if (this.#manner === 'defers') return '450 4.2.0 come later'
    if (this.#manner === 'refuses') return '550 5.1.1 nobody of that name'
    this.#recipients.push(/<(.*)>/.exec(command)?.[1] ?? '')
    return '250 2.1.5 fine'
  }

  #say(text: string): void {
    if (this.#socket.writable) this.#socket.write(`${text}\r\n`)
  }
}
