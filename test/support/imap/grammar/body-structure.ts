import type { Cursor } from './cursor.ts'
import { type Envelope, envelope } from './envelope.ts'
import { list, nil, nstring, number, number64, string } from './lexis.ts'

/** body: what BODY and BODYSTRUCTURE say of a part. Types and the encoding are in upper case. */
export interface BodyStructure {
  readonly type: string
  readonly subtype: string
  /** Names in upper case. */
  readonly parameters: ReadonlyMap<string, string>
  /** Of a multipart; empty for all else. */
  readonly parts: readonly BodyStructure[]
  readonly id?: string
  readonly description?: string
  readonly encoding?: string
  readonly octets?: number
  readonly lines?: bigint
  /** Of a message/rfc822. */
  readonly envelope?: Envelope
  readonly body?: BodyStructure
  readonly extension?: BodyExtension
}

/** body-ext-1part and body-ext-mpart, as far as the server went. */
export interface BodyExtension {
  readonly md5?: string
  readonly disposition?: { readonly type: string; readonly parameters: ReadonlyMap<string, string> }
  readonly languages?: readonly string[]
  readonly location?: string
}

type Parameters = ReadonlyMap<string, string>

// Deeper than any message that a server takes apart.
const deepest = 200

/** Reads body; `extensible` for BODYSTRUCTURE: BODY must not go on behind the basic fields (RFC 9051 §7.5.2). */
export function body(cursor: Cursor, extensible: boolean, depth = 0): BodyStructure {
  if (depth > deepest) cursor.fail('parts nested too deep')
  cursor.expect('(')
  const structure = cursor.sees('(')
    ? multipart(cursor, extensible, depth)
    : singlePart(cursor, extensible, depth)
  cursor.expect(')')
  return structure
}

/** body-type-mpart: no space between the parts. */
function multipart(cursor: Cursor, extensible: boolean, depth: number): BodyStructure {
  const parts: BodyStructure[] = []
  while (cursor.sees('(')) parts.push(body(cursor, extensible, depth + 1))
  cursor.space()
  const subtype = string(cursor).toUpperCase()
  const basic = { type: 'MULTIPART', subtype, parts }
  if (!mayGoOn(cursor, extensible)) return { ...basic, parameters: new Map() }
  const parameters = bodyParameters(cursor)
  return { ...basic, parameters, extension: commonExtension(cursor) }
}

function singlePart(cursor: Cursor, extensible: boolean, depth: number): BodyStructure {
  const type = string(cursor).toUpperCase()
  cursor.space()
  const subtype = string(cursor).toUpperCase()
  const fields = { type, subtype, parts: [], ...bodyFields(cursor) }
  const more = isMessage(cursor, type, subtype)
    ? message(cursor, extensible, depth)
    : type === 'TEXT'
      ? { lines: bodyLines(cursor) }
      : {}
  if (!mayGoOn(cursor, extensible)) return { ...fields, ...more }
  const md5 = nstring(cursor)
  const extension = { ...(md5 === undefined ? {} : { md5 }), ...commonExtension(cursor) }
  return { ...fields, ...more, extension }
}

/** body-fields */
function bodyFields(cursor: Cursor): Pick<BodyStructure, 'parameters' | 'encoding' | 'octets'> {
  cursor.space()
  const parameters = bodyParameters(cursor)
  cursor.space()
  const id = nstring(cursor)
  cursor.space()
  const description = nstring(cursor)
  cursor.space()
  const encoding = string(cursor).toUpperCase()
  cursor.space()
  const octets = number(cursor)
  return {
    parameters,
    encoding,
    octets,
    ...(id === undefined ? {} : { id }),
    ...(description === undefined ? {} : { description }),
  }
}

/** media-message: of a message/global, RFC 3501 knows nothing, and RFC 6855 leaves the server both forms. */
function isMessage(cursor: Cursor, type: string, subtype: string): boolean {
  if (type !== 'MESSAGE') return false
  if (subtype === 'RFC822') return true
  return subtype === 'GLOBAL' && (cursor.dialect.rev2 || (cursor.dialect.utf8 && cursor.sees(' (')))
}

function message(
  cursor: Cursor,
  extensible: boolean,
  depth: number,
): Pick<BodyStructure, 'envelope' | 'body' | 'lines'> {
  cursor.space()
  const contained = envelope(cursor)
  cursor.space()
  const structure = body(cursor, extensible, depth + 1)
  return { envelope: contained, body: structure, lines: bodyLines(cursor) }
}

/** body-fld-lines: of 32 bits in RFC 3501 §9. */
function bodyLines(cursor: Cursor): bigint {
  cursor.space()
  return cursor.dialect.rev2 ? number64(cursor) : BigInt(number(cursor))
}

/** body-fld-param */
function bodyParameters(cursor: Cursor): Parameters {
  const parameters = new Map<string, string>()
  if (nil(cursor)) return parameters
  for (const [name, value] of list(cursor, parameter)) parameters.set(name, value)
  return parameters
}

function parameter(cursor: Cursor): readonly [string, string] {
  const name = string(cursor).toUpperCase()
  cursor.space()
  return [name, string(cursor)]
}

/** Whether extension data follow, and may. */
function mayGoOn(cursor: Cursor, extensible: boolean): boolean {
  if (cursor.sees(')')) return false
  if (!extensible) cursor.fail('extension data in a BODY')
  cursor.space()
  return true
}

/** `[SP body-fld-dsp [SP body-fld-lang [SP body-fld-loc *(SP body-extension)]]]`: of the last, no standard defines any. */
function commonExtension(cursor: Cursor): BodyExtension {
  if (!cursor.takes(' ')) return {}
  const disposition = bodyDisposition(cursor)
  const withDisposition = disposition === undefined ? {} : { disposition }
  if (!cursor.takes(' ')) return withDisposition
  const languages = cursor.sees('(') ? list(cursor, string) : nstring(cursor)
  const withLanguages =
    languages === undefined ? withDisposition : { ...withDisposition, languages: [languages].flat() }
  if (!cursor.takes(' ')) return withLanguages
  const location = nstring(cursor)
  return location === undefined ? withLanguages : { ...withLanguages, location }
}

function bodyDisposition(cursor: Cursor): BodyExtension['disposition'] {
  if (nil(cursor)) return undefined
  cursor.expect('(')
  const type = string(cursor).toUpperCase()
  cursor.space()
  const parameters = bodyParameters(cursor)
  cursor.expect(')')
  return { type, parameters }
}
