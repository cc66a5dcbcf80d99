import { createHash, type Hash } from 'node:crypto'
import { MailwrightError } from '../errors.ts'
import type { Content } from '../model/content.ts'
import { FieldNotes } from './mbox-field-notes.ts'
import type { MboxField } from './mbox-fields.ts'
import { isEmpty, type Line, longestPostmark, postmarkAt } from './mbox-line.ts'
import { CR, hasCrlf, LF } from './mbox-line-ends.ts'
import { GT, type ReadingRules, UnquotingRules } from './mbox-line-rules.ts'
import type { Postmark } from './mbox-postmark.ts'
import { ThunderbirdRules } from './mbox-thunderbird.ts'

/** What is scanned: a file, or anything else of a known size that can be read at any place. */
export type MboxSource = Pick<Content, 'size' | 'read'>

/** A message in an mbox file. All places are offsets of octets in the file. */
export interface MboxEntry {
  readonly postmark: Postmark
  /** Where the postmark begins. */
  readonly start: number
  /** Where the message begins, behind the postmark's line. */
  readonly messageStart: number
  /** Behind the message, before the empty line that ends it. */
  readonly messageEnd: number
  /** Where the next postmark begins, or the file ends. */
  readonly end: number
  /** Whether there is the empty line; without it no program may put a postmark behind it. */
  readonly ended: boolean
  /** Whether its lines end with CRLF in the file. */
  readonly crlf: boolean
  /** Octets of the message with CRLF line ends, unquoted, without the file's own fields. */
  readonly size: number
  /** The file's own fields in the message's header; 64 at most. */
  readonly fields: readonly MboxField[]
  /** 24 hexadecimal digits that stand for the message, whatever the file's own fields are. */
  readonly digest: string
}

export interface ScanMboxOptions {
  /** Where a postmark begins. 0 */
  readonly from?: number
  /**
   * Whether a `Content-Length` that leads exactly to a postmark, or to the end, is believed: then a body may hold lines
   * that look like postmarks (mboxcl2). Where it leads anywhere else it is not. A sender can forge it, so nobody
   * should ask for this in a file that takes new mail. false
   */
  readonly contentLength?: boolean
  /** Whether Thunderbird's fields are the file's own too; {@link mboxContent} must be told the same. false */
  readonly thunderbird?: boolean
}

const chunkSize = 256 * 1024
const digestLength = 24
const F = 0x46

/**
 * The messages of an mbox file, one after the other, in bounded memory. A postmark begins a line at the beginning of the
 * file or after an empty line, and holds a date; other lines with `From ` are text. MAIL_E_INVALID where the file
 * begins with something else.
 */
export async function* scanMbox(
  source: MboxSource,
  { from = 0, contentLength = false, thunderbird = false }: ScanMboxOptions = {},
): AsyncGenerator<MboxEntry> {
  let scan: MessageScan | undefined
  let lineStart = true
  let position = from
  while (position < source.size) {
    const chunk = await source.read(position, position + chunkSize)
    if (chunk.length === 0) break
    const final = position + chunk.length >= source.size
    let at = 0
    while (at < chunk.length) {
      const plain = lineStart && scan !== undefined ? scan.plainLines(chunk, position, at) : at
      if (plain > at) {
        at = plain
        continue
      }
      const lf = chunk.indexOf(LF, at)
      // A line that goes on behind the chunk is read again from its beginning, unless it is longer than a chunk.
      if (lf < 0 && !final && lineStart && at > 0) break
      const line: Line = { chunk, base: position, at, end: lf < 0 ? chunk.length : lf + 1, ended: lf >= 0 }
      const mark = lineStart && (scan?.afterEmptyLine ?? true) ? postmarkAt(line) : undefined
      if (mark !== undefined) {
        if (scan !== undefined) yield scan.finish(position + at)
        scan = new MessageScan(mark, line, thunderbird ? new ThunderbirdRules() : new UnquotingRules())
      } else if (scan !== undefined) {
        if (lineStart) scan.line(line)
        else scan.rest(line)
      } else if (!isEmpty(line)) throw noMbox()
      lineStart = line.ended
      at = line.end
      const body = contentLength ? scan?.claimedEnd : undefined
      if (body === undefined || scan === undefined) continue
      if (await isBoundary(source, body)) scan.trustUntil = body
      scan.claimedEnd = undefined
    }
    scan?.flush()
    position += at
  }
  if (scan !== undefined) yield scan.finish(position)
}

/** Whether a line that begins so may be empty, a postmark, or quoted. */
function isSpecial(octet: number | undefined): boolean {
  return octet === LF || octet === CR || octet === GT || octet === F || octet === undefined
}

/** Whether a message may end there: at the file's end, or before a postmark that may stand behind an empty line. */
async function isBoundary(source: MboxSource, at: number): Promise<boolean> {
  if (at >= source.size) return at === source.size
  const octets = await source.read(at, at + longestPostmark)
  const skipped = octets[0] === LF ? 1 : octets[0] === CR && octets[1] === LF ? 2 : 0
  if (at + skipped === source.size) return true
  const lf = octets.indexOf(LF, skipped)
  const end = lf < 0 ? octets.length : lf + 1
  return postmarkAt({ chunk: octets, base: at, at: skipped, end, ended: lf >= 0 }) !== undefined
}

function noMbox(): MailwrightError {
  return new MailwrightError('MAIL_E_INVALID', 'this is no mbox file: it does not begin with a postmark')
}

/** What is known of a message while its lines go by. */
class MessageScan {
  readonly #postmark: Postmark
  readonly #start: number
  readonly #messageStart: number
  readonly #rules: ReadingRules
  readonly #hash: Hash = createHash('sha256')
  readonly #notes = new FieldNotes()
  #lenient: boolean | undefined
  #size = 0
  #hidden = false
  /** Visible octets of the present chunk that are not yet hashed. */
  #run: { readonly chunk: Buffer; readonly from: number; to: number } | undefined
  /** The last line, where it was empty: it belongs to the message only if another line follows. */
  #emptyLine: { readonly length: number } | undefined
  #end: number
  #lineOpen = false
  #lastOctet: number | undefined
  /** Where the body ends by its Content-Length, as soon as the header is over. */
  claimedEnd: number | undefined
  /** Lines before this place are text, whatever they look like. */
  trustUntil = 0

  constructor(mark: Postmark, { base, at, end }: Line, rules: ReadingRules) {
    this.#rules = rules
    this.#postmark = mark
    this.#start = base + at
    this.#messageStart = base + end
    this.#end = base + end
  }

  /** Whether a postmark may come now. */
  get afterEmptyLine(): boolean {
    return this.#emptyLine !== undefined && this.#end + this.#emptyLine.length >= this.trustUntil
  }

  /**
   * Lines of a body that mean nothing, as many as come one after the other; answers where they end. Most of a file is
   * such lines, so this one loop is what a scan costs.
   */
  plainLines(chunk: Buffer, base: number, at: number): number {
    if (this.#rules.inHeader || isSpecial(chunk[at])) return at
    let end = at
    let added = 0
    for (let place = at; place < chunk.length; place++) {
      if (chunk[place] !== LF) continue
      end = place + 1
      if (!(this.#lenient && chunk[place - 1] === CR)) added++
      if (isSpecial(chunk[end])) break
    }
    if (end === at) return at
    this.#takeEmptyLine()
    this.#end = base + end
    this.#lineOpen = false
    this.#hidden = false
    this.#size += end - at + added
    this.#see(chunk, at, end)
    return end
  }

  /** A line, or the beginning of one that is very long. */
  line(line: Line): void {
    const { chunk, base, at, end } = line
    this.#lenient ??= hasCrlf(chunk.subarray(at))
    let text = at
    while (chunk[text] === GT && text < end) text++
    const inHeader = this.#rules.inHeader
    const decision = this.#rules.decide(chunk, text, text > at)
    if (decision === 'hide') this.#notes.add(line)
    this.#hidden = decision === 'hide'
    if (isEmpty(line)) {
      this.#takeEmptyLine()
      this.#end = base + at
      this.#emptyLine = { length: end - at }
      if (inHeader) this.claimedEnd = this.#claim(base + end)
      return
    }
    this.#size -= decision === 'drop' ? 1 : 0
    this.rest(line)
  }

  /** More of a line. */
  rest({ chunk, base, at, end, ended }: Line): void {
    this.#takeEmptyLine()
    this.#end = base + end
    this.#lineOpen = !ended
    if (this.#hidden) return
    this.#size += end - at
    const before = end - at > 1 ? chunk[end - 2] : this.#lastOctet
    if (ended && !(this.#lenient && before === CR)) this.#size++
    this.#lastOctet = chunk[end - 1]
    this.#see(chunk, at, end)
  }

  /** Hashes what was seen of a chunk before the next one comes. */
  flush(): void {
    if (this.#run !== undefined) this.#hash.update(this.#run.chunk.subarray(this.#run.from, this.#run.to))
    this.#run = undefined
  }

  finish(end: number): MboxEntry {
    this.flush()
    if (this.#lineOpen && !this.#hidden) {
      // The last line of the file has no end; whoever writes behind it will give it one.
      this.#hash.update('\n')
      this.#size += 2
    }
    return {
      postmark: this.#postmark,
      start: this.#start,
      messageStart: this.#messageStart,
      messageEnd: this.#end,
      end,
      ended: this.#emptyLine !== undefined,
      crlf: this.#lenient ?? false,
      size: this.#size,
      fields: this.#notes.fields,
      digest: this.#hash.digest('hex').slice(0, digestLength),
    }
  }

  #see(chunk: Buffer, at: number, end: number): void {
    if (this.#run?.chunk === chunk && this.#run.to === at) this.#run.to = end
    else {
      this.flush()
      this.#run = { chunk, from: at, to: end }
    }
  }

  #takeEmptyLine(): void {
    if (this.#emptyLine === undefined) return
    const { length } = this.#emptyLine
    this.#emptyLine = undefined
    this.flush()
    this.#hash.update(length === 1 ? '\n' : '\r\n')
    this.#size += this.#lenient ? 2 : length + 1
  }

  #claim(bodyStart: number): number | undefined {
    const field = this.#notes.fields.find(({ name }) => name === 'content-length')
    return field !== undefined && /^\d{1,15}$/.test(field.value) ? bodyStart + Number(field.value) : undefined
  }
}
