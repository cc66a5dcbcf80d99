import {
  type AccountKnowledge,
  type DataResponse,
  parseResponse,
  type Response,
  SessionChecker,
  type StatusResponse,
} from './grammar/index.ts'
import { ImapTransport } from './imap-transport.ts'

export interface ImapClientOptions {
  /** TLS from the first octet. */
  readonly tls?: boolean
  /** What other sessions of the account were told. */
  readonly knowledge?: AccountKnowledge
  /** Milliseconds to wait for a response: 20,000. */
  readonly patience?: number
  /** Passes over alerts before the greeting, which Courier has. */
  readonly alertsComeFirst?: boolean
  /** Takes what the server does wrong; by default it is thrown. */
  readonly onViolation?: (violation: Error, octets: Buffer) => void
}

/** What a command led to. */
export interface ImapAnswer {
  readonly status: StatusResponse
  /** All that came before the tagged response, in its order. */
  readonly responses: readonly Response[]
}

/** A piece of a command: text as it is, or octets as a literal. */
export type CommandPiece = string | Buffer

/** A client of IMAP that sends what it is told to, and checks everything the server says. */
export class ImapClient {
  /** Lines of both sides: `C: …` and `S: …`, octets as latin1 text. */
  readonly transcript: string[] = []
  readonly checker: SessionChecker
  readonly #transport: ImapTransport
  readonly #options: ImapClientOptions
  #count = 0

  private constructor(transport: ImapTransport, options: ImapClientOptions) {
    this.#transport = transport
    this.#options = options
    this.checker = new SessionChecker(options.knowledge)
  }

  /** Connects, and leaves the greeting to be read. */
  static async connect(port: number, options: ImapClientOptions = {}): Promise<ImapClient> {
    const transport = await ImapTransport.open(port, options.patience ?? 20_000)
    if (options.tls === true) await transport.secure()
    return new ImapClient(transport, options)
  }

  /** Connects, reads the greeting, and logs in unless that says PREAUTH. */
  static async open(
    port: number,
    user: string,
    password: string,
    options: ImapClientOptions = {},
  ): Promise<ImapClient> {
    const client = await ImapClient.connect(port, options)
    const greeting = await client.greeting()
    if (greeting.condition !== 'PREAUTH') await client.ok(`LOGIN ${quote(user)} ${quote(password)}`)
    return client
  }

  async greeting(): Promise<StatusResponse> {
    const greeting = await this.next()
    if (greeting.kind !== 'status' || greeting.condition === 'BYE') throw this.#failure('no greeting')
    return greeting
  }

  /** Sends a command with a tag of its own, and reads up to its tagged response. */
  async command(...pieces: readonly CommandPiece[]): Promise<ImapAnswer> {
    this.#count += 1
    const tag = `t${this.#count}`
    const responses: Response[] = []
    const early = await this.#sendPieces(tag, pieces, responses)
    return early ?? (await this.answer(tag, responses))
  }

  /** The same for a command that must succeed. */
  async ok(...pieces: readonly CommandPiece[]): Promise<ImapAnswer> {
    const answer = await this.command(...pieces)
    if (answer.status.condition !== 'OK') throw this.#failure(`${pieces[0]} failed`)
    return answer
  }

  /** Sends a whole command that begins with its tag, and reads nothing. */
  send(line: string): void {
    this.checker.sent(line)
    this.sendOctets(Buffer.from(`${line}\r\n`, 'latin1'))
  }

  /** Sends octets that are no command of their own. */
  sendOctets(octets: Buffer): void {
    this.transcript.push(`C: ${octets.toString('latin1').replace(/\r\n$/, '')}`)
    this.#transport.send(octets)
  }

  /** Reads up to the tagged response of a command that was sent. */
  async answer(tag: string, responses: Response[] = []): Promise<ImapAnswer> {
    for (;;) {
      const response = await this.next()
      if (response.kind === 'status' && response.tag === tag) return { status: response, responses }
      responses.push(response)
    }
  }

  /** The next response; fails where the connection ends. */
  async next(): Promise<Response> {
    for (;;) {
      const octets = await this.nextOctets()
      if (octets === undefined) throw this.#failure('the server ended the connection')
      const response = this.check(octets)
      if (response !== undefined) return response
    }
  }

  /** The next response as it came, unread; undefined at the end of the connection. */
  async nextOctets(): Promise<Buffer | undefined> {
    let octets = await this.#transport.next()
    const isEarly = this.#options.alertsComeFirst === true && this.checker.state.phase === 'greeting'
    while (isEarly && octets?.toString('latin1', 0, 12) === '* OK [ALERT]')
      octets = await this.#transport.next()
    this.transcript.push(
      octets === undefined ? 'S[end]' : `S: ${octets.toString('latin1').replace(/\r\n$/, '')}`,
    )
    return octets
  }

  /** Reads a response and tells the checker; undefined where it is not to be understood and nobody minds. */
  check(octets: Buffer): Response | undefined {
    let response: Response | undefined
    try {
      response = parseResponse(octets, this.checker.dialect)
      this.checker.heard(response)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      if (this.#options.onViolation === undefined) throw this.#failure(error.message)
      this.#options.onViolation(error, octets)
    }
    return response
  }

  /** STARTTLS. */
  async startTls(): Promise<void> {
    await this.ok('STARTTLS')
    await this.secure()
  }

  /** Begins TLS where STARTTLS was agreed on. */
  secure(): Promise<void> {
    return this.#transport.secure()
  }

  /** COMPRESS DEFLATE. */
  async compress(): Promise<void> {
    await this.ok('COMPRESS DEFLATE')
    this.#transport.compress()
  }

  /** Begins compression where COMPRESS was agreed on. */
  deflate(): void {
    this.#transport.compress()
  }

  /** LOGOUT, and demands that the server ends the connection. */
  async logOut(): Promise<void> {
    await this.ok('LOGOUT')
    await this.expectEnd()
    this.close()
  }

  async expectEnd(): Promise<void> {
    const octets = await this.nextOctets()
    if (octets !== undefined) throw this.#failure('expected the end of the connection')
    this.checker.ended()
  }

  /** Ends the client's side; the server's may still come. */
  end(): void {
    this.#transport.end()
  }

  close(): void {
    this.#transport.close()
  }

  /** Sends text and literals; each of these waits for the server, which may answer instead. */
  async #sendPieces(
    tag: string,
    pieces: readonly CommandPiece[],
    responses: Response[],
  ): Promise<ImapAnswer | undefined> {
    const whole = pieces.map((piece) =>
      typeof piece === 'string' ? piece : `{${piece.length}}\r\n${piece.toString('latin1')}`,
    )
    this.checker.sent(`${tag} ${whole.join('')}`)
    let text = `${tag} `
    for (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece
        continue
      }
      this.sendOctets(Buffer.from(`${text}{${piece.length}}\r\n`, 'latin1'))
      const refusal = await this.#goAhead(tag, responses)
      if (refusal !== undefined) return refusal
      this.sendOctets(piece)
      text = ''
    }
    this.sendOctets(Buffer.from(`${text}\r\n`, 'latin1'))
    return undefined
  }

  /** Waits for a command continuation request; answers the tagged response that came instead. */
  async #goAhead(tag: string, responses: Response[]): Promise<ImapAnswer | undefined> {
    for (;;) {
      const response = await this.next()
      if (response.kind === 'continue') return undefined
      if (response.kind === 'status' && response.tag === tag) return { status: response, responses }
      responses.push(response)
    }
  }

  #failure(problem: string): Error {
    const shown = this.transcript.slice(-30).map((line) => `  ${line.slice(0, 500)}`)
    return new Error(`${problem}\n\nThe conversation so far:\n${shown.join('\n')}`)
  }
}

/** A string in quotes. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}

/** The responses of a kind. */
export function ofKind<Kind extends DataResponse['kind']>(
  { responses }: ImapAnswer,
  kind: Kind,
): Extract<Response, { readonly kind: Kind }>[] {
  return responses.filter(
    (response): response is Extract<Response, { readonly kind: Kind }> => response.kind === kind,
  )
}
