import { connect } from 'node:net'
import {
  type Clock,
  dotStuffed,
  type EhloKeywords,
  ehloKeywords,
  formatReply,
  LineConnection,
  type Reply,
  readReply,
  UnavailableError,
} from 'mailwright'
import type { LmtpDestination } from '../destination.ts'

/** Milliseconds that a server may take. */
export interface LmtpTimeouts {
  readonly connect: number
  readonly command: number
  /** For what it says to the whole message. */
  readonly data: number
}

/** One connection to an LMTP server (RFC 2033). What fails rejects with MAIL_E_UNAVAILABLE; it is then of no use. */
export class LmtpConnection {
  readonly extensions: EhloKeywords
  readonly #connection: LineConnection
  readonly #clock: Clock
  readonly #timeouts: LmtpTimeouts

  private constructor(
    connection: LineConnection,
    clock: Clock,
    timeouts: LmtpTimeouts,
    extensions: EhloKeywords,
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#timeouts = timeouts
    this.extensions = extensions
  }

  /** Connects and greets. */
  static async open(
    destination: LmtpDestination,
    options: { clock: Clock; timeouts: LmtpTimeouts; hostname: string; signal: AbortSignal },
  ): Promise<LmtpConnection> {
    const { clock, timeouts, hostname, signal } = options
    const connection = await dial(destination, clock, timeouts)
    const abort = () => connection.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      const greeting = await readReply(connection, clock, timeouts.command)
      if (greeting.code !== 220) throw refused('the greeting', greeting)
      await connection.write(`LHLO ${hostname}\r\n`)
      const hello = await readReply(connection, clock, timeouts.command)
      if (hello.code !== 250) throw refused('LHLO', hello)
      return new LmtpConnection(connection, clock, timeouts, ehloKeywords(hello))
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  get isClosed(): boolean {
    return this.#connection.isClosed || this.#connection.unread > 0
  }

  /** Sends commands, together where the server can take them so (RFC 2920), and reads a reply to each. */
  async commands(lines: readonly string[]): Promise<readonly Reply[]> {
    const replies: Reply[] = []
    const together = this.extensions.has('PIPELINING')
    if (together) await this.#connection.write(lines.map((line) => `${line}\r\n`).join(''))
    for (const line of lines) {
      if (!together) await this.#connection.write(`${line}\r\n`)
      const answer = await readReply(this.#connection, this.#clock, this.#timeouts.command)
      // It has lost its way: what it takes for what nobody knows.
      if (isIntermediate(answer) !== (line === 'DATA' && answer.code < 400))
        throw refused(line.slice(0, 4), answer)
      replies.push(answer)
    }
    return replies
  }

  /** Sends the message behind a DATA that was answered with 354; a reply for each recipient that was taken. */
  async message(chunks: AsyncIterable<Buffer>, recipients: number): Promise<readonly Reply[]> {
    for await (const chunk of dotStuffed(chunks)) await this.#connection.write(chunk)
    const replies: Reply[] = []
    for (let count = 0; count < recipients; count++) {
      const answer = await readReply(this.#connection, this.#clock, this.#timeouts.data)
      if (isIntermediate(answer)) throw refused('the message', answer)
      replies.push(answer)
    }
    return replies
  }

  /** Ends it politely, without waiting for the answer. */
  quit(): void {
    void this.#connection.write('QUIT\r\n').catch(() => undefined)
    this.#connection.end()
  }

  destroy(): void {
    this.#connection.destroy()
  }
}

function refused(step: string, answer: Reply): UnavailableError {
  return new UnavailableError(`the server refuses ${step}: ${formatReply(answer).replaceAll('\r\n', ' / ')}`)
}

async function dial(
  destination: LmtpDestination,
  clock: Clock,
  timeouts: LmtpTimeouts,
): Promise<LineConnection> {
  const socket =
    'socket' in destination
      ? connect({ path: destination.socket })
      : connect({ host: destination.host, port: destination.port })
  return new Promise((resolve, reject) => {
    const timer = clock.after(timeouts.connect, () => {
      socket.destroy()
      reject(new UnavailableError('the server does not answer'))
    })
    socket.once('error', (cause) => {
      timer.cancel()
      reject(new UnavailableError('the server cannot be reached', { cause }))
    })
    socket.once('connect', () => {
      timer.cancel()
      resolve(new LineConnection(socket, clock, timeouts.command))
    })
  })
}

/** Whether the reply says yes. */
export function isYes(answer: Reply | undefined): answer is Reply {
  return answer !== undefined && answer.code < 300
}

function isIntermediate({ code }: Reply): boolean {
  return code >= 300 && code < 400
}
