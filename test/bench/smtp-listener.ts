// How fast messages come in over SMTP: this machine's loopback, a queue that forgets what it takes, so that the figures are
// those of the listener, the flow and the history. The clients run in this process too and take their share of its time.
//
//   node --conditions=mailwright-source test/bench/smtp-listener.ts [messages] [sessions]
import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { startSmtpServer } from '../support/smtp/smtp-server.ts'

const messages = Number(process.argv[2] ?? 3000)
const sessions = Number(process.argv[3] ?? 20)

const line = `${'x'.repeat(76)}\r\n`
const cases = [
  { name: '4 KiB, kept connections', octets: 4096, line, kept: true, share: 1 },
  { name: '4 KiB, one connection a message', octets: 4096, line, kept: false, share: 0.5 },
  { name: '100 KiB, kept connections', octets: 102_400, line, kept: true, share: 0.3 },
  { name: '100 KiB, one connection a message', octets: 102_400, line, kept: false, share: 0.2 },
  {
    name: '1 MB of stuffed lines of 63 octets',
    octets: 1_000_000,
    line: `..${'x'.repeat(59)}\r\n`,
    kept: true,
    share: 0.02,
  },
  { name: '1 MB of stuffed lines of 4 octets', octets: 1_000_000, line: '..\r\n', kept: true, share: 0.02 },
] as const

async function measure({ name, octets, line: text, kept, share }: (typeof cases)[number]): Promise<void> {
  const count = Math.max(sessions, Math.round(messages * share))
  const message = Buffer.from(`Subject: bench\r\n\r\n${text.repeat(Math.ceil(octets / text.length))}.\r\n`)
  await send(Math.max(sessions, Math.round(count / 5)), message, kept)
  const began = { time: performance.now(), cpu: process.cpuUsage() }
  await send(count, message, kept)
  const seconds = (performance.now() - began.time) / 1000
  const { user, system } = process.cpuUsage(began.cpu)
  const figures = [
    `${Math.round(count / seconds)} messages/s`,
    `${((user + system) / 1000 / count).toFixed(2)} ms CPU a message, client included`,
  ]
  process.stdout.write(`${name.padEnd(38)} ${figures.join(', ')}\n`)
}

/** Sends so many messages over all sessions together. */
async function send(count: number, message: Buffer, kept: boolean): Promise<void> {
  let left = count
  const session = async () => {
    let client: Client | undefined
    while (left-- > 0) {
      client ??= await Client.open()
      await client.send(message)
      taken.length = 0
      if (kept) continue
      await client.close()
      client = undefined
    }
    await client?.close()
  }
  await Promise.all(Array.from({ length: sessions }, session))
}

/** A client that waits for each reply. */
class Client {
  readonly #socket: Socket
  #text = ''
  #wake: (() => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text
      this.#wake?.()
    })
  }

  static async open(): Promise<Client> {
    const client = new Client(connect(server.port, '127.0.0.1'))
    await client.#reply('220')
    await client.#ask('EHLO bench.example\r\n', '250')
    return client
  }

  async send(message: Buffer): Promise<void> {
    await this.#ask('MAIL FROM:<a@client.example>\r\n', '250')
    await this.#ask('RCPT TO:<b@example.org>\r\n', '250')
    await this.#ask('DATA\r\n', '354')
    await this.#ask(message, '250')
  }

  async close(): Promise<void> {
    await this.#ask('QUIT\r\n', '221')
    this.#socket.destroy()
  }

  #ask(octets: string | Buffer, code: string): Promise<void> {
    this.#socket.write(octets)
    return this.#reply(code)
  }

  async #reply(code: string): Promise<void> {
    while (!/^\d{3} .*\r\n$/m.test(this.#text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const text = this.#text
    this.#text = ''
    if (!text.startsWith(code)) throw new Error(text)
  }
}

const server = await startSmtpServer()
// What was taken is not looked at.
const { taken } = server as unknown as { taken: unknown[] }
for (const each of cases) await measure(each)
await server.stop()
