import { connect } from 'node:net'
import { type Clock, errorText, formatReply, type Reply } from 'mailwright'
import { LineConnection } from 'mailwright/network'
import { dotStuffed, type EhloKeywords, ehloKeywords, readReply } from 'mailwright/smtp-client'
import type { LmtpDestination } from '../destination.ts'
import { type LmtpTls, type LmtpTlsLevel, TlsFailure } from './lmtp-tls.ts'
import { ServerTrouble } from './server-trouble.ts'

const closing = 421

/** Milliseconds that a server may take. */
export interface LmtpTimeouts {
  readonly connect: number
  readonly command: number
  /** For what it says to the whole message. */
  readonly data: number
}

/** How connections are opened. */
export interface OpeningSettings {
  readonly clock: Clock
  readonly timeouts: LmtpTimeouts
  /** What we call ourselves. */
  readonly hostname: string
  readonly tls: LmtpTls
}

/** One connection to an LMTP server (RFC 2033). What fails rejects with MAIL_E_UNAVAILABLE; it is then of no use. */
export class LmtpConnection {
  readonly #connection: LineConnection
  readonly #clock: Clock
  readonly #timeouts: LmtpTimeouts
  #extensions: EhloKeywords = new Map()

  private constructor(connection: LineConnection, { clock, timeouts }: OpeningSettings) {
    this.#connection = connection
    this.#clock = clock
    this.#timeouts = timeouts
  }

  /** Connects, greets, and goes on under TLS as that is demanded of the host. */
  static async open(
    destination: LmtpDestination,
    settings: OpeningSettings,
    signal: AbortSignal,
  ): Promise<LmtpConnection> {
    const level = 'host' in destination ? settings.tls.levelFor(destination.host) : 'none'
    try {
      return await LmtpConnection.#open(destination, level, settings, signal)
    } catch (error) {
      // RFC 7435 §3: who would have been content in clear is not to be worse off for having tried.
      if (level !== 'may' || !(error instanceof TlsFailure)) throw error
      return LmtpConnection.#open(destination, 'none', settings, signal)
    }
  }

  static async #open(
    destination: LmtpDestination,
    level: LmtpTlsLevel,
    settings: OpeningSettings,
    signal: AbortSignal,
  ): Promise<LmtpConnection> {
    const line = await dial(destination, settings.clock, settings.timeouts)
    const abort = () => line.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (signal.aborted) line.destroy()
      const connection = new LmtpConnection(line, settings)
      await connection.#begin(destination, level, settings)
      return connection
    } catch (error) {
      line.destroy()
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  async #begin(destination: LmtpDestination, level: LmtpTlsLevel, settings: OpeningSettings): Promise<void> {
    const greeting = await this.#reply()
    if (greeting.code !== 220) throw refused('the greeting', greeting)
    await this.#hello(settings.hostname)
    if (level === 'none' || !('host' in destination)) return
    if (await this.#startTls(level)) {
      await settings.tls.secure(this.#connection, destination.host, level, this.#timeouts.command)
      await this.#helloAgain(settings.hostname)
    }
  }

  async #hello(hostname: string): Promise<void> {
    this.#know(await this.#askHello(hostname))
  }

  /**
   * RFC 3207 §4.2: what was said in clear is forgotten. A server that does not like our end of the handshake shows it only now, with
   * TLS 1.3.
   */
  async #helloAgain(hostname: string): Promise<void> {
    const answer = await this.#askHello(hostname).catch((cause: unknown) => {
      throw new TlsFailure('the connection ended with the handshake', { cause })
    })
    this.#know(answer)
  }

  async #askHello(hostname: string): Promise<Reply> {
    await this.#connection.write(`LHLO ${hostname}\r\n`)
    return this.#reply()
  }

  #know(answer: Reply): void {
    if (answer.code !== 250) throw refused('LHLO', answer)
    this.#extensions = ehloKeywords(answer)
  }

  /** Whether the server waits for the handshake. Of one that has no TLS `may` demands none. */
  async #startTls(level: LmtpTlsLevel): Promise<boolean> {
    if (!this.#extensions.has('STARTTLS')) {
      if (level === 'may') return false
      throw new TlsFailure('it does not offer STARTTLS')
    }
    await this.#connection.write('STARTTLS\r\n')
    const answer = await this.#reply()
    if (answer.code !== 220) throw new TlsFailure(`it ${refused('STARTTLS', answer).message}`)
    // RFC 3207 §6: somebody between us may have put in what would pass for the server's words under TLS.
    if (this.#connection.unread > 0) throw new ServerTrouble('says more in clear than that TLS begins')
    return true
  }

  /** A server that closes with 421 (RFC 5321 §3.8) has said all that it will say. */
  async #reply(): Promise<Reply> {
    const answer = await readReply(this.#connection, this.#clock, this.#timeouts.command)
    if (answer.code === closing) this.#connection.destroy()
    return answer
  }

  get extensions(): EhloKeywords {
    return this.#extensions
  }

  get isClosed(): boolean {
    return this.#connection.isClosed || this.#connection.unread > 0
  }

  /** Sends commands, together where the server can take them so (RFC 2920), and reads a reply to each. */
  async commands(lines: readonly string[]): Promise<readonly Reply[]> {
    const replies: Reply[] = []
    const together = this.extensions.has('PIPELINING')
    if (together) await this.#ask(lines.map((line) => `${line}\r\n`).join(''))
    for (const line of lines) {
      const last = replies.at(-1)
      if (last?.code === closing) {
        replies.push(last)
        continue
      }
      if (!together) await this.#ask(`${line}\r\n`)
      const answer = await this.#reply()
      // It has lost its way: what it takes for what nobody knows.
      if (isIntermediate(answer) !== (line === 'DATA' && answer.code < 400))
        throw refused(line.slice(0, 4), answer)
      replies.push(answer)
    }
    return replies
  }

  /** Whoever answers before it is asked mistakes what it is asked. */
  async #ask(text: string): Promise<void> {
    if (this.#connection.unread > 0) throw new ServerTrouble('answers before it is asked')
    await this.#connection.write(text)
  }

  /**
   * Sends the message behind a DATA that was answered with 354. A reply for each recipient that was taken, as it comes: each counts,
   * also where the next one does not come (RFC 2033 §4.2).
   */
  async *message(chunks: AsyncIterable<Buffer>, recipients: number): AsyncGenerator<Reply> {
    for await (const chunk of dotStuffed(chunks)) await this.#connection.write(chunk)
    for (let count = 0; count < recipients; count++) {
      const answer = await readReply(this.#connection, this.#clock, this.#timeouts.data)
      if (isIntermediate(answer)) throw refused('the message', answer)
      yield answer
    }
  }

  /** Takes back what is left of a transaction. */
  async reset(): Promise<void> {
    if (!this.isClosed) await this.commands(['RSET'])
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

function refused(step: string, answer: Reply): ServerTrouble {
  return new ServerTrouble(`refuses ${step}: ${formatReply(answer).replaceAll('\r\n', ' / ')}`)
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
      reject(new ServerTrouble('does not answer'))
    })
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      timer.cancel()
      reject(new ServerTrouble(`cannot be reached (${cause.code ?? errorText(cause)})`, { cause }))
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
