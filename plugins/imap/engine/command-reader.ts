import {
  bufferContent,
  type ImapLiteral,
  type ImapResult,
  type LineConnection,
  type SpoolWriter,
} from 'mailwright'
import { type CommandHead, type LiteralMark, literalMark, readHead, tagOf } from './command-head.ts'
import { bad, no } from './result.ts'

/** A command with everything that belongs to it. */
export interface ReadCommand {
  readonly kind: 'command'
  readonly head: CommandHead
  /** The octets behind the name, with the literals between them. */
  readonly parts: readonly (string | ImapLiteral)[]
  /** Frees the literals. */
  dispose(): Promise<void>
}

export type CommandRead =
  | ReadCommand
  /** The client made a mistake and is answered. `fatal`: nobody knows where the next command begins. */
  | { readonly kind: 'fault'; readonly tag: string; readonly result: ImapResult; readonly fatal: boolean }
  | { readonly kind: 'timeout' | 'closed' }

export interface ReaderLimits {
  /** Octets of a command without the literals that are spooled. */
  readonly command: number
  /** Octets of a literal that is thrown away because it was refused after the client had sent it. */
  readonly discarded: number
}

/** What the reader asks while a command comes in. */
export interface ReaderQuestions {
  /** How long the client may take, in milliseconds. */
  patience(): number
  limits(): ReaderLimits
  /**
   * Whether a literal of more than 4 KiB is taken: a refusal, `memory` where it counts as part of the command, or `spool`.
   */
  admit(
    command: Omit<ReadCommand, 'kind' | 'dispose'>,
    size: number,
  ): Promise<ImapResult | 'memory' | 'spool'>
  receive(): SpoolWriter
}

/** Octets of a literal that is never asked about. */
export const smallLiteral = 4_096

/** Reads commands, literals included, each within a budget. */
export class CommandReader {
  readonly #connection: LineConnection
  readonly #questions: ReaderQuestions

  constructor(connection: LineConnection, questions: ReaderQuestions) {
    this.#connection = connection
    this.#questions = questions
  }

  async next(): Promise<CommandRead> {
    const reading = new Reading(this.#connection, this.#questions)
    try {
      return await reading.run()
    } catch (error) {
      await reading.dispose()
      if (error instanceof Interrupted) return error.read
      throw error
    }
  }
}

/** The command cannot be read to its end. */
class Interrupted extends Error {
  readonly read: CommandRead

  constructor(read: CommandRead) {
    super('a command was not finished')
    this.read = read
  }
}

class Reading {
  readonly #connection: LineConnection
  readonly #questions: ReaderQuestions
  readonly #limits: ReaderLimits
  readonly #parts: (string | ImapLiteral)[] = []
  readonly #spooled: SpoolWriter[] = []
  #used = 0
  #tag = '*'
  #refused: ImapResult | undefined

  constructor(connection: LineConnection, questions: ReaderQuestions) {
    this.#connection = connection
    this.#questions = questions
    this.#limits = questions.limits()
  }

  async run(): Promise<CommandRead> {
    const first = await this.#line()
    const head = readHead(first)
    this.#tag = head?.tag ?? tagOf(first)
    let line = head === undefined ? first : first.slice(head.end)
    for (;;) {
      const mark = literalMark(line)
      this.#parts.push(mark === undefined ? line : line.slice(0, mark.start))
      if (mark === undefined) break
      await this.#takeLiteral(head, mark)
      line = await this.#line()
    }
    if (this.#refused !== undefined) this.#fault(this.#refused)
    if (head === undefined) return this.#fault(bad('That is not a command'))
    return { kind: 'command', head, parts: this.#parts, dispose: () => this.dispose() }
  }

  async dispose(): Promise<void> {
    for (const writer of this.#spooled.splice(0)) await writer.dispose()
  }

  #fault(result: ImapResult, fatal = false): never {
    throw new Interrupted({ kind: 'fault', tag: this.#tag, result, fatal })
  }

  async #line(): Promise<string> {
    // A line of just the limit is still a line.
    const left = this.#limits.command - this.#used + 2
    const read = await this.#connection.readLine(Math.max(left, 2), this.#questions.patience())
    if (read.kind === 'timeout' || read.kind === 'closed') throw new Interrupted({ kind: read.kind })
    // Whether a literal would have followed nobody can tell: what comes next must not be taken for a command.
    if (read.kind !== 'line') return this.#fault(bad('The command is too long', 'TOOBIG'), true)
    this.#used += read.octets.length
    return read.octets.toString('latin1')
  }

  async #takeLiteral(head: CommandHead | undefined, mark: LiteralMark): Promise<void> {
    const way = this.#refused ?? (await this.#wayOf(head, mark))
    if (typeof way !== 'string') {
      // A client that waits for the continuation request is told now; another has sent the octets already.
      if (!mark.immediate) this.#fault(way)
      this.#refused = way
      await this.#discard(mark.size)
      return
    }
    if (!mark.immediate) await this.#connection.write('+ OK\r\n')
    this.#parts.push(way === 'spool' ? await this.#spool(mark) : await this.#keep(mark))
  }

  async #wayOf(
    head: CommandHead | undefined,
    { size }: LiteralMark,
  ): Promise<ImapResult | 'memory' | 'spool'> {
    if (head === undefined) return bad('That is not a command')
    const way =
      size <= smallLiteral ? 'memory' : await this.#questions.admit({ head, parts: this.#parts }, size)
    if (way !== 'memory' || this.#used + size <= this.#limits.command) return way
    return no('The command is too long', 'TOOBIG')
  }

  async #keep({ size, binary }: LiteralMark): Promise<ImapLiteral> {
    this.#used += size
    const octets = Buffer.allocUnsafeSlow(size)
    let filled = 0
    for await (const piece of this.#octets(size)) filled += piece.copy(octets, filled)
    return { content: bufferContent(octets), octets, binary }
  }

  async #spool({ size, binary }: LiteralMark): Promise<ImapLiteral> {
    const writer = this.#questions.receive()
    this.#spooled.push(writer)
    let failure: unknown
    for await (const piece of this.#octets(size)) {
      // A disk that fails is the command's failure; the octets still have to be read.
      if (failure === undefined) await writer.write(piece).catch((error: unknown) => (failure = error))
    }
    if (failure !== undefined) {
      this.#refused ??= no('Not possible now, try again later', 'UNAVAILABLE')
      return { content: bufferContent(Buffer.alloc(0)), octets: undefined, binary }
    }
    return { content: await writer.finish(), octets: undefined, binary }
  }

  async #discard(size: number): Promise<void> {
    if (size > this.#limits.discarded)
      this.#fault(this.#refused ?? bad('The literal is too large', 'TOOBIG'), true)
    for await (const _ of this.#octets(size));
  }

  async *#octets(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      const read = await this.#connection.readOctets(left, this.#questions.patience())
      if (read.kind !== 'octets') throw new Interrupted(read)
      left -= read.octets.length
      yield read.octets
    }
  }
}
