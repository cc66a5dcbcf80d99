import { connect } from 'node:net'
import { type Clock, errorText, type Reply } from 'mailwright'
import { LineConnection } from 'mailwright/network'
import { dataChunks, dotStuffed, type EhloKeywords, ReplyReadError, readReply } from 'mailwright/smtp-client'
import { HostFailure, noAnswer, unreachable } from '../outcome.ts'

/** A command without its line end, and how many milliseconds its answer may take. */
export interface Command {
  readonly text: string
  readonly timeout: number
  /** A 3yz is an answer: DATA, AUTH and what follows it. */
  readonly goesOn?: boolean
}

/** What a connection is made with. */
export interface DialSettings {
  readonly clock: Clock
  readonly connectTimeout: number
  /** Milliseconds that a piece of what is written may take. */
  readonly blockTimeout: number
  /** The address that it comes from. */
  readonly localAddress: string | undefined
  /** The host, as replies and the history name it. */
  readonly place: string
  readonly host: string
}

const closing = 421

/** Octets of one BDAT: the host answers each, so that few cost time, and each is held until it is sent. */
const chunkSize = 512 * 1024

/**
 * The words of SMTP with one host: commands, replies, the message. What fails rejects with {@link HostFailure}, and the
 * connection is then of no use.
 */
export class SmtpConnection {
  readonly line: LineConnection
  readonly place: string
  readonly host: string
  /** What the host offers. */
  extensions: EhloKeywords = new Map()
  readonly #clock: Clock

  private constructor(line: LineConnection, { clock, place, host }: DialSettings) {
    this.line = line
    this.place = place
    this.host = host
    this.#clock = clock
  }

  static async dial(address: string, port: number, settings: DialSettings): Promise<SmtpConnection> {
    const { clock, connectTimeout, blockTimeout, localAddress } = settings
    const socket = connect({
      host: address,
      port,
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    return new Promise((resolve, reject) => {
      const fail = (problem: string, cause?: unknown): void => {
        socket.destroy()
        reject(noAnswer(settings, { enhanced: '4.4.1', problem, cause }))
      }
      const timer = clock.after(connectTimeout, () => fail('does not answer'))
      socket.once('error', (error: NodeJS.ErrnoException) => {
        timer.cancel()
        fail(`cannot be reached (${error.code ?? errorText(error)})`, error)
      })
      socket.once('connect', () => {
        timer.cancel()
        resolve(new SmtpConnection(new LineConnection(socket, clock, blockTimeout), settings))
      })
    })
  }

  /** Whether it is of use: open on both sides, with nothing said that nobody asked for. */
  get isUsable(): boolean {
    return !this.line.isClosed && !this.line.hasEnded && this.line.unread === 0
  }

  /** Reads a reply. A host that closes with 421 (RFC 5321 §3.8) has said all that it will say. */
  async reply(timeout: number): Promise<Reply> {
    try {
      const answer = await readReply(this.line, this.#clock, timeout)
      if (answer.code === closing) this.line.destroy()
      return answer
    } catch (error) {
      throw this.#lost(error)
    }
  }

  async command(text: string, timeout: number, goesOn = false): Promise<Reply> {
    const [answer] = await this.commands([{ text, timeout, goesOn }])
    if (answer === undefined) throw this.fault('says nothing')
    return answer
  }

  /** Sends commands, together where the host can take them so (RFC 2920), and reads a reply to each. */
  async commands(commands: readonly Command[]): Promise<readonly Reply[]> {
    const together = this.extensions.has('PIPELINING')
    const replies: Reply[] = []
    if (together) await this.#write(commands.map(({ text }) => `${text}\r\n`).join(''))
    for (const { text, timeout, goesOn = false } of commands) {
      const last = replies.at(-1)
      if (last?.code === closing) {
        replies.push(last)
        continue
      }
      if (!together) await this.#write(`${text}\r\n`)
      const answer = await this.reply(timeout)
      const isIntermediate = answer.code >= 300 && answer.code < 400
      // It has lost its way: what it takes for what nobody knows.
      if (isIntermediate && !goesOn) throw this.fault('answers something else')
      replies.push(answer)
    }
    return replies
  }

  /** Whoever answers before it is asked mistakes what it is asked. */
  async #write(text: string | Buffer): Promise<void> {
    if (this.line.unread > 0) throw this.fault('answers before it is asked')
    try {
      await this.line.write(text)
    } catch (error) {
      throw this.#lost(error)
    }
  }

  /**
   * Sends the message behind a DATA that was answered with 354, and reads the reply. A host that refuses the message before its
   * end gets no more of it. What goes wrong in reading the message rejects as it is, and the host does not get its end.
   */
  async message(chunks: AsyncIterable<Buffer>, timeout: number): Promise<Reply> {
    for await (const chunk of dotStuffed(chunks)) {
      if (this.line.unread > 0) return this.#early(timeout)
      try {
        await this.line.write(chunk)
      } catch (error) {
        throw this.#lost(error)
      }
    }
    return this.#verdict(timeout)
  }

  /**
   * Sends octets by BDAT (RFC 3030 §2) to recipients that the host has taken, and reads the reply to the last chunk, or to the first
   * that is refused. No chunk is sent before the one in front of it was taken: of a message that is refused halfway no end may be
   * accepted.
   */
  async chunks(octets: AsyncIterable<Buffer>, timeout: number): Promise<Reply> {
    for await (const { octets: chunk, isLast } of dataChunks(octets, chunkSize)) {
      await this.#write(`BDAT ${chunk.length}${isLast ? ' LAST' : ''}\r\n`)
      await this.#write(chunk)
      const answer = await this.#verdict(timeout)
      if (isLast || answer.code >= 300) return answer
    }
    throw new TypeError('no chunk was the last')
  }

  async #verdict(timeout: number): Promise<Reply> {
    const answer = await this.reply(timeout)
    if (answer.code >= 300 && answer.code < 400) throw this.fault('answers something else')
    return answer
  }

  async #early(timeout: number): Promise<Reply> {
    const answer = await this.reply(timeout)
    this.line.destroy()
    if (answer.code < 400) throw this.fault('answers before it is asked')
    return answer
  }

  /** What the host says or does is no SMTP. The connection is closed. */
  fault(problem: string): HostFailure {
    this.line.destroy()
    return new HostFailure(unreachable('protocol', '4.5.0', `${this.place} ${problem}`, this.host))
  }

  #lost(error: unknown): HostFailure {
    if (error instanceof HostFailure) return error
    if (error instanceof ReplyReadError && error.kind === 'malformed')
      return this.fault('says what is no reply')
    this.line.destroy()
    const isSilent = error instanceof ReplyReadError && error.kind === 'silence'
    const problem = isSilent ? 'says nothing' : 'has closed the connection'
    return noAnswer(this, { enhanced: '4.4.2', problem, cause: error })
  }

  /** Ends it politely, without waiting for the answer (RFC 5321 §4.1.1.10). */
  quit(): void {
    if (this.line.isClosed) return
    void this.line.write('QUIT\r\n').catch(() => undefined)
    this.line.end()
  }

  destroy(): void {
    this.line.destroy()
  }
}
