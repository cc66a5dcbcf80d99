import { type Parameters, parseContentType } from '../model/mime/parameters.ts'
import { headerString, type ImapForm, utf8Octets } from './imap-string.ts'

// What is not simply a list of names and values: RFC 2231, and octets beyond ASCII.
const unusual = /[*\x80-\xff]/
// Stands for the asterisk, so that names are taken apart here and not by the model.
const HIDDEN = '\ue000'
// RFC 2231 §3 and §4: name, number of the piece, mark of percent-encoding.
const pieceName = /^([^\ue000]+)(?:\ue000(\d{1,9}))?(\ue000)?$/
// RFC 2231 §7, attribute-char.
const notPlain = /[^!#$&+\-.\w^`{|}~]/g

/**
 * The body-fld-param (RFC 9051 §9) of parameters, which were read from the field body `written` (octets as Latin-1).
 * Continuations (RFC 2231 §3) are joined, as RFC 2231 §6 wants; an encoded value keeps its encoding under a name with an
 * asterisk, or, where the client knows RFC 9051 §7.5.2, is UTF-8. `more` is put behind them.
 */
export function parametersText(
  parameters: Parameters,
  written: string | undefined,
  form: ImapForm,
  more = '',
): string {
  const pairs =
    written !== undefined && unusual.test(written) ? unusualPairs(parameters, written, form) : parameters
  let text = ''
  for (const [name, value] of pairs) text += ` ${headerString(name, form)} ${headerString(value, form)}`
  text += more
  return text === '' ? 'NIL' : `(${text.slice(1)})`
}

interface Piece {
  readonly isEncoded: boolean
  readonly value: string
}

/** What was found for one name. */
interface Found {
  plain: string | undefined
  /** By number. */
  readonly pieces: Map<number, Piece>
}

function unusualPairs(
  parameters: Parameters,
  written: string,
  form: ImapForm,
): readonly (readonly [string, string])[] {
  const found = new Map<string, Found>()
  for (const [writtenName, writtenValue] of hiddenParameters(written)) {
    const matched = pieceName.exec(writtenName)
    const name = (matched?.[1] ?? writtenName).replaceAll(HIDDEN, '*')
    const value = writtenValue.replaceAll(HIDDEN, '*')
    const each = found.get(name) ?? { plain: undefined, pieces: new Map() }
    found.set(name, each)
    if (matched?.[2] === undefined && matched?.[3] === undefined) each.plain ??= value
    else each.pieces.set(Number(matched[2] ?? 0), { isEncoded: matched[3] !== undefined, value })
  }
  const pairs: (readonly [string, string])[] = []
  for (const [name, { plain, pieces }] of found) {
    const joined = joinedPieces(pieces)
    if (plain !== undefined && (joined === undefined || joined.isEncoded)) pairs.push([name, plain])
    if (joined?.isEncoded === false) pairs.push([name, joined.value])
    else if (joined !== undefined && form !== 'rev2') pairs.push([`${name}*`, joined.value])
    else if (joined !== undefined) pairs.push([`${name}*`, utf8Octets(parameters.get(name) ?? '')])
  }
  return pairs
}

/** Name and value of each parameter, each asterisk as HIDDEN. */
function hiddenParameters(written: string): Iterable<readonly [string, string]> {
  return (
    parseContentType(`x/x${written.slice(written.indexOf(';')).replaceAll('*', HIDDEN)}`)?.parameters ?? []
  )
}

/** The value of pieces as one; what comes behind a gap is left out. Undefined without the first. */
function joinedPieces(pieces: ReadonlyMap<number, Piece>): Piece | undefined {
  if (!pieces.has(0)) return undefined
  const inOrder: Piece[] = []
  for (let piece = pieces.get(0); piece !== undefined; piece = pieces.get(inOrder.length)) inOrder.push(piece)
  if (inOrder.every((piece) => !piece.isEncoded))
    return { isEncoded: false, value: inOrder.map((piece) => piece.value).join('') }
  // RFC 2231 §4.1: pieces that are not encoded may stand between others; charset and language come first.
  const text = inOrder.map(({ isEncoded, value }) => (isEncoded ? value : percentEncoded(value))).join('')
  return { isEncoded: true, value: inOrder[0]?.isEncoded ? text : `''${text}` }
}

function percentEncoded(octets: string): string {
  return octets.replace(
    notPlain,
    (octet) => `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
