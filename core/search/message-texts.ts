import type { Content } from '../model/content.ts'
import type { Header } from '../model/header/header-fields.ts'
import { decodeLatin1 } from '../model/mime/charset.ts'
import type { MimePart } from '../model/mime/mime-part.ts'
import { MimeScanner } from '../model/mime/mime-scanner.ts'
import { pacedChunks } from '../summary/paced-chunks.ts'
import type { Pacer } from '../summary/pacer.ts'
import { BodyText, bodyText } from './body-text.ts'
import { foldText, TextFolder } from './fold-text.ts'

/** Where a text of a message stands: its header, a part's, an attached message's, or a body. */
export type TextPlace = 'header' | 'part-header' | 'attached-header' | 'body'

/** Takes the texts of a message one after the other. */
export interface TextReader {
  /** Whether it has all it wants; the rest is not read then. */
  readonly isDone: boolean
  /** A piece of a text, folded as `foldText` folds. `continues` says that it goes on where the piece before ended. */
  take(folded: string, place: TextPlace, continues: boolean): void | Promise<void>
}

// A message of this size is read at once.
const smallMessage = 262_144

/**
 * Gives a reader every text that a search looks in: the headers of the message, its parts and the messages attached to
 * it, unfolded, as they are written and, where that differs, decoded; and the decoded bodies of text parts (RFC 2046
 * §4.1) and of other leaves of type `message`. Memory is bounded, whatever the message is. Fails as the content does.
 */
export async function readTexts(content: Content, reader: TextReader, pacer: Pacer): Promise<void> {
  const scanner = new MimeScanner()
  if (content.size <= smallMessage) {
    const octets = await content.read(0, content.size)
    scanner.push(octets)
    for (const { part, place } of placedParts(scanner.finish().root)) {
      if (pacer.isDue) await pacer.rest()
      await takeHeader(part.header, place, reader, pacer)
      if (!reader.isDone && hasText(part)) await takeBody(octets, part, reader, pacer)
      if (reader.isDone) return
    }
    return
  }
  for await (const chunk of pacedChunks(content, pacer)) scanner.push(chunk)
  for (const { part, place } of placedParts(scanner.finish().root)) {
    if (pacer.isDue) await pacer.rest()
    await takeHeader(part.header, place, reader, pacer)
    if (!reader.isDone && hasText(part)) await streamBody(content, part, reader, pacer)
    if (reader.isDone) return
  }
}

interface PlacedPart {
  readonly part: MimePart
  readonly place: TextPlace
}

/** All parts in the order of the octets. */
function* placedParts(root: MimePart): Generator<PlacedPart> {
  const waiting: PlacedPart[] = [{ part: root, place: 'header' }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    yield next
    const { children, message } = next.part
    if (message !== undefined) waiting.push({ part: message, place: 'attached-header' })
    for (let index = children.length - 1; index >= 0; index -= 1) {
      const part = children[index]
      if (part !== undefined) waiting.push({ part, place: 'part-header' })
    }
  }
}

function hasText(part: MimePart): boolean {
  const { type } = part.contentType
  return part.message === undefined && (type === 'text' || type === 'message')
}

async function takeHeader(header: Header, place: TextPlace, reader: TextReader, pacer: Pacer): Promise<void> {
  if (header.fields.length > 0) await reader.take(foldText(await headerText(header, pacer)), place, false)
}

const folding = /\r?\n(?=[ \t])/g
const beyondAscii = /[\x80-\xff]/

/** The fields as they are written, and again those that say something else when they are decoded. */
async function headerText(header: Header, pacer: Pacer): Promise<string> {
  const written = header.raw.toString('latin1')
  const unfolded = decodeLatin1(written).replace(folding, '')
  if (!written.includes('=?') && !beyondAscii.test(written)) return unfolded
  let decoded = ''
  for (const field of header.fields) {
    if (pacer.isDue) await pacer.rest()
    const octets = field.bodyOctets
    if (octets.includes('=?') || beyondAscii.test(octets)) decoded += `${field.name}: ${field.text}\r\n`
  }
  return unfolded + decoded
}

async function takeBody(octets: Buffer, part: MimePart, reader: TextReader, pacer: Pacer): Promise<void> {
  const body = octets.subarray(part.bodyStart, part.bodyEnd)
  const taker = new BodyTaker(reader)
  for (const piece of bodyText(body, part.encoding, charsetOf(part))) {
    await taker.take(piece)
    if (reader.isDone) return
    if (pacer.isDue) await pacer.rest()
  }
  await taker.end()
}

async function streamBody(content: Content, part: MimePart, reader: TextReader, pacer: Pacer): Promise<void> {
  const text = new BodyText(part.encoding, charsetOf(part))
  const taker = new BodyTaker(reader)
  for await (const chunk of pacedChunks(content, pacer, part.bodyStart, part.bodyEnd)) {
    for (const piece of text.add(chunk)) {
      await taker.take(piece)
      if (reader.isDone) return
    }
  }
  for (const piece of text.end()) await taker.take(piece)
  await taker.end()
}

function charsetOf(part: MimePart): string | undefined {
  return part.contentType.parameters.get('charset')
}

/** Folds the pieces of one body and hands them on. */
class BodyTaker {
  readonly #reader: TextReader
  readonly #folder = new TextFolder()
  #continues = false

  constructor(reader: TextReader) {
    this.#reader = reader
  }

  take(piece: string): Promise<void> {
    return this.#hand(this.#folder.add(piece))
  }

  end(): Promise<void> {
    return this.#hand(this.#folder.end())
  }

  async #hand(folded: string): Promise<void> {
    if (folded === '') return
    await this.#reader.take(folded, 'body', this.#continues)
    this.#continues = true
  }
}
