import { type Content, Pacer } from 'mailwright'
import type { ImapOutput } from 'mailwright/imap'
import { ConnectionLost, type LineConnection } from 'mailwright/network'
import { encodeMailboxName } from '../format/mailbox-name.ts'
import { astring, nstring, string } from '../format/strings.ts'
import { requireWithinLine } from './response-octets.ts'

/** Octets that are gathered before they are handed on. */
const enough = 65_536

/** Gathers responses, so that few and large pieces are sent, and waits for clients that read slowly. */
export class Output implements ImapOutput {
  readonly #connection: LineConnection
  readonly #isUtf8: () => boolean
  #pacer: Pacer | undefined
  #pieces: Buffer[] = []
  #text = ''
  #size = 0

  /** `isUtf8` tells whether the client takes UTF-8 in quoted strings and names. */
  constructor(connection: LineConnection, isUtf8: () => boolean) {
    this.#connection = connection
    this.#isUtf8 = isUtf8
  }

  write(octets: string): void {
    this.#text += octets
  }

  untagged(text: string): void {
    requireWithinLine(text, text)
    this.#text += `* ${text}\r\n`
  }

  octets(octets: Buffer): void {
    this.#close()
    this.#pieces.push(octets)
    this.#size += octets.length
  }

  async content(content: Content, start: number, end: number): Promise<void> {
    try {
      if (end - start <= enough) {
        this.octets(await content.read(start, end))
        return
      }
      for await (const chunk of content.stream(start, end) as AsyncIterable<Buffer>) {
        this.octets(chunk)
        if (this.isFull) await this.ready()
      }
    } catch (error) {
      if (error instanceof ConnectionLost) throw error
      // The client was promised a number of octets: only the end of the connection tells it that they do not come.
      this.#connection.destroy()
      throw new ConnectionLost({ cause: error })
    }
  }

  get isFull(): boolean {
    return this.#size + this.#text.length >= enough
  }

  async ready(): Promise<void> {
    if (this.isFull) await this.flush()
    this.#pacer ??= new Pacer()
    if (this.#pacer.isDue) await this.#pacer.rest()
  }

  /** A command begins: its work is paced from now on. */
  restart(): void {
    this.#pacer = undefined
  }

  /** Hands over everything; resolves when the client has room for more. Rejects with ConnectionLost. */
  async flush(): Promise<void> {
    if (this.#pieces.length === 0) {
      const text = this.#text
      this.#text = ''
      if (text !== '') await this.#connection.write(text, 'latin1')
      return
    }
    this.#close()
    const pieces = this.#pieces
    this.#pieces = []
    this.#size = 0
    for (const piece of joined(pieces)) await this.#connection.write(piece)
  }

  #close(): void {
    if (this.#text === '') return
    const octets = Buffer.from(this.#text, 'latin1')
    this.#text = ''
    this.#pieces.push(octets)
    this.#size += octets.length
  }

  astring(octets: string): string {
    return astring(octets, this.#isUtf8())
  }

  string(octets: string): string {
    return string(octets, this.#isUtf8())
  }

  nstring(octets: string | undefined): string {
    return nstring(octets, this.#isUtf8())
  }

  mailbox(name: string): string {
    const utf8 = this.#isUtf8()
    return astring(encodeMailboxName(name, utf8), utf8)
  }

  utf8(text: string): string {
    return Buffer.from(text, 'utf8').toString('latin1')
  }
}

/** Small pieces as one: written one after the other each of them would be sent by itself. Large ones are not copied. */
function* joined(pieces: readonly Buffer[]): Generator<Buffer> {
  let small: Buffer[] = []
  for (const piece of pieces) {
    if (piece.length <= enough) {
      small.push(piece)
      continue
    }
    if (small.length > 0) yield Buffer.concat(small)
    small = []
    yield piece
  }
  if (small.length > 0) yield Buffer.concat(small)
}
