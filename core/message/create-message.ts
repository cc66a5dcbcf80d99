import type { ParsedMail } from 'mailparser'
import { MailwrightError } from '../errors.ts'
import { type Content, readAll } from '../model/content.ts'
import { defaultHeaderLimits, type Header, parseHeader } from '../model/header/header.ts'
import { cutHeader } from '../model/header/header-fields.ts'
import type { Message } from '../model/message.ts'
import { type MessageStructure, MimeScanner } from '../model/mime/mime.ts'

const parsedLimit = 4 * 1024 * 1024
// Nearly every header is shorter.
const firstRead = 65_536

/** Reads the header of a content and makes a message of it. MAIL_E_UNAVAILABLE where the content cannot be read. */
export async function createMessage(content: Content): Promise<Message> {
  const header = parseHeader(await content.read(0, firstRead))
  if (header.ended || content.size <= firstRead) return new ContentMessage(content, header)
  return new ContentMessage(content, await longHeader(content))
}

/** Where it goes on beyond the limit it is truncated: what was not read may say the opposite. */
async function longHeader(content: Content): Promise<Header> {
  const { octets } = defaultHeaderLimits
  const header = parseHeader(await content.read(0, octets))
  return header.ended || content.size <= octets ? header : cutHeader(header, header)
}

class ContentMessage implements Message {
  readonly content: Content
  readonly header: Header
  #structure: Promise<MessageStructure> | undefined

  constructor(content: Content, header: Header) {
    this.content = content
    this.header = header
  }

  get size(): number {
    return this.content.size
  }

  structure(): Promise<MessageStructure> {
    this.#structure ??= scan(this.content).catch((error: unknown) => {
      // What could not be read now may be read later.
      this.#structure = undefined
      throw error
    })
    return this.#structure
  }

  async parsed(limit = parsedLimit): Promise<ParsedMail> {
    if (this.size > limit) {
      throw new MailwrightError(
        'MAIL_E_UNSUPPORTED',
        `a message of ${this.size} octets is too large to be parsed whole`,
      )
    }
    // Loaded when first asked for: it costs 13 MiB and a tenth of a second, and few systems use it.
    const { simpleParser } = await import('mailparser')
    return simpleParser(await readAll(this.content), { skipHtmlToText: true, skipTextToHtml: true })
  }
}

async function scan(content: Content): Promise<MessageStructure> {
  const scanner = new MimeScanner()
  for await (const chunk of content.stream()) scanner.push(chunk as Buffer)
  return scanner.finish()
}
