import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { LineReader } from './line-reader.ts'
import { linePattern } from './pattern.ts'

export interface DialogueOptions {
  /** Milliseconds to wait for a line before the dialogue fails: 10,000. Real time, for it ends tests that hang. */
  readonly patience?: number
}

/** A conversation of lines with a server, from the client's side. */
export class Dialogue {
  /** What was said so far: `C: …` and `S: …`. */
  readonly transcript: string[] = []
  #stream: Duplex
  readonly #reader: LineReader
  readonly #patience: number

  /** Takes a connected stream: a socket, or the client's end of a memory connection. */
  constructor(stream: Duplex, options: DialogueOptions = {}) {
    this.#stream = stream
    this.#reader = new LineReader(stream)
    this.#patience = options.patience ?? 10_000
    // What goes wrong shows as the end of the connection.
    stream.on('error', () => undefined)
  }

  /** Sends lines, each with CRLF, in one go. */
  send(...lines: readonly string[]): void {
    for (const line of lines) this.transcript.push(`C: ${line}`)
    this.#stream.write(lines.map((line) => `${line}\r\n`).join(''))
  }

  /** Sends octets as they are. */
  sendOctets(octets: Buffer): void {
    this.transcript.push(`C[hex]: ${octets.toString('hex')}`)
    this.#stream.write(octets)
  }

  /** The server's next line; undefined where it ends the connection instead. Fails where neither comes. */
  async readLine(): Promise<string | undefined> {
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.#reader.giveUp()
    }, this.#patience)
    const line = await this.#reader.next()
    clearTimeout(timer)
    if (late) throw this.#failure(`no line from the server within ${this.#patience} ms`)
    this.transcript.push(line === undefined ? 'S[end]' : `S: ${line}`)
    return line
  }

  /**
   * Demands that the server's next line is this: a text, in which `<re:…>` stands for a regular expression, or a regular
   * expression for a part of the line. Answers the line.
   */
  async expect(pattern: string | RegExp): Promise<string> {
    const line = await this.readLine()
    if (line === undefined) throw this.#failure(`the server ended the connection instead of: ${pattern}`)
    const expression = typeof pattern === 'string' ? linePattern(pattern) : pattern
    if (expression.test(line)) return line
    throw this.#failure(`expected: ${pattern}\n     got: ${line}`)
  }

  /** Reads a reply of several lines (RFC 5321 §4.2.1), demands its code, and answers its lines without code and hyphen. */
  async expectReply(code: number): Promise<readonly string[]> {
    const lines: string[] = []
    for (let separator = '-'; separator === '-'; ) {
      const line = await this.expect(new RegExp(`^${code}[ -]`))
      separator = line.charAt(3)
      lines.push(line.slice(4))
    }
    return lines
  }

  /** Demands that the server ends the connection without another word. */
  async expectEnd(): Promise<void> {
    const line = await this.readLine()
    if (line !== undefined) throw this.#failure(`expected the end of the connection\n     got: ${line}`)
  }

  /** Begins TLS; the server's certificate is taken whatever it is. */
  async startTls(serverName = 'localhost'): Promise<void> {
    if (this.#reader.pending.length > 0)
      throw this.#failure('the server spoke in clear after it agreed to TLS')
    this.#reader.detach()
    const secured = connectTls({ socket: this.#stream, servername: serverName, rejectUnauthorized: false })
    secured.on('error', () => undefined)
    await once(secured, 'secureConnect', { signal: AbortSignal.timeout(this.#patience) })
    this.#stream = secured
    this.#reader.attach(secured)
    this.transcript.push('TLS')
  }

  /** Ends the client's side, and waits until the server has ended its own. */
  async end(): Promise<void> {
    this.#stream.end()
    await this.#closed()
  }

  /** Cuts the connection without a word, as a lost network would. */
  async close(): Promise<void> {
    this.#stream.destroy()
    await this.#closed()
  }

  /** Waits for the end; a server that does not end in its turn is left. */
  async #closed(): Promise<void> {
    if (this.#stream.closed) return
    const timer = setTimeout(() => this.#stream.destroy(), this.#patience)
    this.#stream.resume()
    await new Promise<void>((resolve) => this.#stream.once('close', resolve))
    clearTimeout(timer)
  }

  #failure(problem: string): Error {
    return new Error(
      `${problem}\n\nThe dialogue so far:\n${this.transcript.map((line) => `  ${line}`).join('\n')}`,
    )
  }
}

export interface TcpDialogueOptions extends DialogueOptions {
  /** `127.0.0.1` */
  readonly host?: string
  /** TLS from the first octet. */
  readonly tls?: boolean
}

/** Connects to a real server. */
export async function dialogueOverTcp(port: number, options: TcpDialogueOptions = {}): Promise<Dialogue> {
  const socket: Socket = connectTcp({ port, host: options.host ?? '127.0.0.1' })
  await once(socket, 'connect')
  const dialogue = new Dialogue(socket, options)
  if (options.tls) await dialogue.startTls()
  return dialogue
}
