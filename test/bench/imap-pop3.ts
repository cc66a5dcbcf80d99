import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Bench, Row } from './imap-rows.ts'

/** A client of POP3 that waits for the end of each answer and reads nothing of it. */
class Pop3Bench {
  readonly #socket: Socket
  #text = ''
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.#text += text
      this.#wake()
    })
    socket.on('error', () => undefined)
  }

  static async login({ server }: Bench): Promise<Pop3Bench> {
    const socket = connect(server.pop3Port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new Pop3Bench(socket)
    await client.#take('\r\n')
    await client.ask(`USER ${server.user}`)
    await client.ask(`PASS ${server.password}`)
    return client
  }

  /** One line, or with `isLong` all up to the lone dot. */
  async ask(command: string, isLong = false): Promise<void> {
    this.#socket.write(`${command}\r\n`)
    await this.take(isLong)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  async take(isLong: boolean): Promise<void> {
    const answer = await this.#take(isLong ? '\r\n.\r\n' : '\r\n')
    if (!answer.startsWith('+OK')) throw new Error(answer.slice(0, 200))
  }

  close(): void {
    this.#socket.destroy()
  }

  async #take(end: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(end)
      if (at >= 0) {
        const found = this.#text.slice(0, at + end.length)
        this.#text = this.#text.slice(at + end.length)
        return found
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

async function quit(client: Pop3Bench): Promise<void> {
  await client.ask('QUIT')
  client.close()
}

async function loginAndStat(bench: Bench): Promise<number> {
  const start = performance.now()
  const client = await Pop3Bench.login(bench)
  await client.ask('STAT')
  const time = performance.now() - start
  await quit(client)
  return time
}

const timed =
  (run: (client: Pop3Bench, bench: Bench) => Promise<void>) =>
  async (bench: Bench): Promise<number> => {
    const client = await Pop3Bench.login(bench)
    const start = performance.now()
    await run(client, bench)
    const time = performance.now() - start
    await quit(client)
    return time
  }

async function retrieveSingly(client: Pop3Bench, { some }: Bench): Promise<void> {
  for (let number = 1; number <= some; number++) await client.ask(`RETR ${number}`, true)
}

async function retrievePipelined(client: Pop3Bench, { some }: Bench): Promise<void> {
  client.send(Array.from({ length: some }, (_, index) => `RETR ${index + 1}\r\n`).join(''))
  for (let number = 1; number <= some; number++) await client.take(true)
}

export const pop3Rows: readonly Row[] = [
  { name: 'POP3: login and STAT, cold', isCold: true, measure: loginAndStat },
  { name: 'POP3: login and STAT', measure: loginAndStat },
  { name: 'POP3: LIST', measure: timed((client) => client.ask('LIST', true)) },
  { name: 'POP3: RETR 1,000 singly', measure: timed(retrieveSingly) },
  { name: 'POP3: RETR 1,000 pipelined', measure: timed(retrievePipelined) },
]
