import { bufferContent, type SpoolWriter } from 'mailwright'
import type { ImapComingLiteral, ImapLiteral, ImapResult } from 'mailwright/imap'
import type { LineConnection } from 'mailwright/network'
import { type CommandHead, type LiteralMark, literalMark, readHead, tagOf } from './command-head.ts'
import { bad, no } from './result.ts'
import { SpooledLiterals } from './spooled-literals.ts'

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
   * Whether a literal is taken that is larger than 4 KiB or too much for what the command may have in memory: a refusal,
   * `memory` where it counts as part of the command, or `spool`.
   */
  admit(
    command: Omit<ReadCommand, 'kind' | 'dispose'>,
    literal: ImapComingLiteral,
  ): Promise<ImapResult | 'memory' | 'spool'>
  receive(): SpoolWriter
}

/** Octets of a literal that is not asked about as long as there is room. */
const smallLiteral = 4_096
/** Octets that a command may have more for each literal that is spooled: flags and a date stand between messages. */
const textOfLiteral = 256

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
  readonly #spooled: SpooledLiterals
  #used = 0
  #tag = '*'
  #refused: ImapResult | undefined

  constructor(connection: LineConnection, questions: ReaderQuestions) {
    this.#connection = connection
    this.#questions = questions
    this.#limits = questions.limits()
    this.#spooled = new SpooledLiterals(() => questions.receive())
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

  dispose(): Promise<void> {
    return this.#spooled.dispose()
  }

  /** Octets of text and small literals that may still come. */
  get #left(): number {
    return this.#limits.command + textOfLiteral * this.#spooled.literals - this.#used
  }

  #fault(result: ImapResult, fatal = false): never {
    throw new Interrupted({ kind: 'fault', tag: this.#tag, result, fatal })
  }

  async #line(): Promise<string> {
    // A line of just the limit is still a line.
    const read = await this.#connection.readLine(Math.max(this.#left + 2, 2), this.#questions.patience())
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
    { size, isNumber64 }: LiteralMark,
  ): Promise<ImapResult | 'memory' | 'spool'> {
    if (!isNumber64) return bad('That is no size of a literal')
    if (head === undefined) return bad('That is not a command')
    // What follows it needs room too.
    const isSmall = size <= smallLiteral && 2 * size <= this.#left
    const { literals, octets } = this.#spooled
    const coming = { size, before: { literals, octets } }
    const way = isSmall ? 'memory' : await this.#questions.admit({ head, parts: this.#parts }, coming)
    if (way !== 'memory' || size <= this.#left) return way
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
    try {
      return await this.#spooled.take(size, binary, this.#octets(size))
    } catch (error) {
      if (error instanceof Interrupted) throw error
      // A disk that fails is the command's failure; what belongs to the command still has to be read.
      this.#refused ??= no('Not possible now, try again later', 'UNAVAILABLE')
      return { content: bufferContent(Buffer.alloc(0)), octets: undefined, binary }
    }
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
