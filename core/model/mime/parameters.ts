import { decodeText } from './charset.ts'
import { decodeEncodedWords } from './encoded-word.ts'

/** A media type with its parameters: the value of a Content-Type field (RFC 2045 §5.1). */
export interface ContentType {
  /** The top-level type in lower case, `text`. */
  readonly type: string
  /** The subtype in lower case, `plain`. */
  readonly subtype: string
  readonly parameters: Parameters
}

/** The value of a Content-Disposition field (RFC 2183). */
export interface ContentDisposition {
  /** In lower case: `inline`, `attachment` or another token. */
  readonly kind: string
  readonly parameters: Parameters
}

// A list longer than this is no honest one; floods of RFC 2231 pieces end here.
const MAX_PARAMETERS = 100
const mediaType = /^[ \t]*([!#$%&'*+\-.\w^`{|}~]+)[ \t]*\/[ \t]*([!#$%&'*+\-.\w^`{|}~]+)/
const token = /^[!#$%&'*+\-.\w^`{|}~]+/
// RFC 2231 §3 and §4: name, number of the piece, mark of percent-encoding.
const extendedName = /^([^*]+)(?:\*(\d{1,9}))?(\*)?$/
// RFC 6266 §4.3: file names are written plainly too, for those who do not know RFC 2231. Nothing else has reason to be.
const givenBothWays: ReadonlySet<string> = new Set(['filename', 'name'])
const lineBreaker = /[\r\n\0]/g

/** Parameters by name without regard to case; of two with one name the first counts. Immutable. */
export class Parameters implements Iterable<readonly [string, string]> {
  /** Names (lower case) that were given more than once, where two readers may see two values. */
  readonly duplicates: ReadonlySet<string>
  /** Whether there were more than 100, of which the rest was not read. */
  readonly truncated: boolean
  readonly #values: ReadonlyMap<string, string>

  constructor(values: ReadonlyMap<string, string>, duplicates: ReadonlySet<string>, truncated: boolean) {
    this.#values = values
    this.duplicates = duplicates
    this.truncated = truncated
  }

  /** How many parameters there are. */
  get size(): number {
    return this.#values.size
  }

  /** The value, freed of quotes and RFC 2231 encoding; encoded words (which have no place here) are left alone. */
  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase())
  }

  /** Name (lower case) and value of each, in order. */
  [Symbol.iterator](): Iterator<readonly [string, string]> {
    return this.#values.entries()
  }
}

/** Reads the value of a Content-Type field. Undefined when it does not begin with `type/subtype`. */
export function parseContentType(text: string): ContentType | undefined {
  const start = skipComments(text, 0)
  const matched = mediaType.exec(start === 0 ? text : text.slice(start))
  if (matched === null) return undefined
  const parameters = parseParameters(text, start + matched[0].length)
  return { type: (matched[1] ?? '').toLowerCase(), subtype: (matched[2] ?? '').toLowerCase(), parameters }
}

/** Reads the value of a Content-Disposition field. Undefined when it does not begin with a token. */
export function parseContentDisposition(text: string): ContentDisposition | undefined {
  const start = skipComments(text, 0)
  const matched = token.exec(text.slice(start))
  if (matched === null) return undefined
  return { kind: matched[0].toLowerCase(), parameters: parseParameters(text, start + matched[0].length) }
}

/**
 * The file name that a part suggests: `filename` of its disposition, else `name` of its type, with encoded words (which
 * many programs write here against RFC 2047 §5) decoded. Attacker's text: never a path to write to.
 */
export function suggestedFilename(
  disposition: ContentDisposition | undefined,
  type: ContentType,
): string | undefined {
  const name = disposition?.parameters.get('filename') ?? type.parameters.get('name')
  return name === undefined ? undefined : decodeEncodedWords(name)
}

interface Piece {
  readonly number: number
  readonly encoded: boolean
  readonly value: string
}

/** What was found for one name: a plain value, and the pieces of RFC 2231. */
interface Found {
  plain: string | undefined
  readonly pieces: Piece[]
}

function parseParameters(text: string, from: number): Parameters {
  const found = new Map<string, Found>()
  const duplicates = new Set<string>()
  let at = text.indexOf(';', from)
  let count = 0
  for (; at !== -1 && count < MAX_PARAMETERS; count += 1) {
    const start = skipComments(text, at + 1)
    const nameEnd = endOfName(text, start)
    const equals = skipComments(text, nameEnd)
    if (nameEnd === start || text[equals] !== '=') {
      at = text.indexOf(';', equals)
      continue
    }
    const { value, end } = readValue(text, skipComments(text, equals + 1))
    collect(found, duplicates, text.slice(start, nameEnd).toLowerCase(), value)
    at = text.indexOf(';', end)
  }
  const values = new Map<string, string>()
  for (const [name, each] of found) {
    if (each.plain !== undefined && each.pieces.length > 0 && !givenBothWays.has(name)) duplicates.add(name)
    values.set(name, assemble(each).replace(lineBreaker, ' '))
  }
  return new Parameters(values, duplicates, at !== -1)
}

function collect(
  found: Map<string, Found>,
  duplicates: Set<string>,
  writtenName: string,
  value: string,
): void {
  const matched = extendedName.exec(writtenName)
  const name = matched?.[1] ?? writtenName
  const each = found.get(name) ?? { plain: undefined, pieces: [] }
  found.set(name, each)
  if (matched === null || (matched[2] === undefined && matched[3] === undefined)) {
    if (each.plain === undefined) each.plain = value
    else duplicates.add(name)
    return
  }
  const number = Number(matched[2] ?? 0)
  if (each.pieces.some((piece) => piece.number === number)) duplicates.add(name)
  else each.pieces.push({ number, encoded: matched[3] !== undefined, value })
}

/** The value of one name. RFC 6266 §4.3: where both are there, the extended form is meant for those who know it. */
function assemble(found: Found): string {
  const pieces = found.pieces.sort((a, b) => a.number - b.number)
  if (pieces[0]?.number !== 0) return found.plain ?? ''
  const octets: Buffer[] = []
  let charset: string | undefined
  for (const [index, piece] of pieces.entries()) {
    // RFC 2231 §3: the numbers have no gaps; what comes behind one has lost its place.
    if (piece.number !== index) break
    let value = piece.value
    if (index === 0 && piece.encoded) {
      const head = /^([^']*)'[^']*'/.exec(value)
      charset = head?.[1]
      value = value.slice(head?.[0].length ?? 0)
    }
    octets.push(piece.encoded ? percentDecode(value) : Buffer.from(value, 'utf8'))
  }
  return decodeText(Buffer.concat(octets), charset)
}

function percentDecode(text: string): Buffer {
  const octets = Buffer.from(text, 'utf8').toString('latin1')
  return Buffer.from(
    octets.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )
}

function endOfName(text: string, from: number): number {
  let at = from
  while (at < text.length && !'=; \t("'.includes(text.charAt(at))) at += 1
  return at
}

function readValue(text: string, from: number): { value: string; end: number } {
  if (text[from] === '"') return readQuoted(text, from + 1)
  const semicolon = text.indexOf(';', from)
  const end = semicolon === -1 ? text.length : semicolon
  // A token ends at white space, but names of files with spaces in them come unquoted too; a comment at the end goes.
  return {
    value: text
      .slice(from, end)
      .replace(/[ \t]\([^()]*\)[ \t]*$/, '')
      .trim(),
    end,
  }
}

function readQuoted(text: string, from: number): { value: string; end: number } {
  let at = from
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  const written = text.slice(from, at)
  return { value: written.includes('\\') ? written.replace(/\\(.?)/gs, '$1') : written, end: at + 1 }
}

/** The first position from `from` on that is neither white space nor in a comment (RFC 5322 §3.2.2, nested). */
function skipComments(text: string, from: number): number {
  let at = from
  let depth = 0
  for (; at < text.length; at += 1) {
    const character = text[at]
    if (character === '(') depth += 1
    else if (depth > 0 && character === ')') depth -= 1
    else if (depth > 0 && character === '\\') at += 1
    else if (depth === 0 && character !== ' ' && character !== '\t') return at
  }
  return text.length
}
