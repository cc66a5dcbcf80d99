import { decodeText } from '../model/mime/charset.ts'
import { decodeBody } from '../model/mime/mime-body.ts'
import type { MimePart } from '../model/mime/mime-part.ts'
import { foldWhiteSpace } from './fold-white-space.ts'
import { htmlText } from './html-text.ts'

/** Characters (UTF-16 units) of a preview. */
const LENGTH = 200
// How many octets of a body are looked at: more only where fewer hold too little text, as HTML that begins with styles.
const portions: readonly number[] = [1_024, 4_096, 32_768]

const cutCharacter = /\ufffd+$/

/**
 * The beginning of a message's text: of the first text/plain part that has any, else of the first such text/html part.
 * Attachments and attached messages do not count. `octets` is the beginning of the message; parts that begin behind it
 * do not count either.
 */
export function previewOf(root: MimePart, octets: Buffer): string {
  const parts = shownParts(root).filter((part) => part.bodyStart < octets.length)
  for (const type of ['text/plain', 'text/html']) {
    for (const part of parts) {
      const preview = part.mediaType === type ? beginning(part, octets) : ''
      if (preview !== '') return preview
    }
  }
  return ''
}

/** The leaves in the order of the octets, without what is only attached. */
function shownParts(root: MimePart): readonly MimePart[] {
  const shown: MimePart[] = []
  const waiting = [root]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (part.children.length === 0) {
      if (part.disposition?.kind !== 'attachment') shown.push(part)
      continue
    }
    for (let index = part.children.length - 1; index >= 0; index -= 1) {
      const child = part.children[index]
      if (child !== undefined) waiting.push(child)
    }
  }
  return shown
}

function beginning(part: MimePart, octets: Buffer): string {
  const end = Math.min(part.bodyEnd, octets.length)
  let text = ''
  for (const portion of portions) {
    const stop = Math.min(end, part.bodyStart + portion)
    text = readableText(part, octets.subarray(part.bodyStart, stop), stop < part.bodyEnd)
    if (text.length >= LENGTH || stop === end) break
  }
  return shortened(text)
}

/** The text of a body, or of its beginning where it is cut: a character that the cut broke is left out. */
function readableText(part: MimePart, body: Buffer, isCut: boolean): string {
  const written = isCut && part.encoding === 'quoted-printable' ? body.subarray(0, wholeOctets(body)) : body
  const decoded = decodeBody(written, part.encoding)
  const octets = isCut ? decoded.subarray(0, wholeCharacters(decoded)) : decoded
  const text = decodeText(octets, part.contentType.parameters.get('charset'))
  const whole = isCut ? text.replace(cutCharacter, '') : text
  return foldWhiteSpace(part.contentType.subtype === 'html' ? htmlText(whole) : whole, LENGTH)
}

/** How far quoted-printable octets go without a broken `=XX` at the end. */
function wholeOctets(octets: Buffer): number {
  const equals = octets.lastIndexOf('=')
  return equals >= octets.length - 2 && equals !== -1 ? equals : octets.length
}

/** How far octets go without a broken UTF-8 character at the end, so that they do not look like another charset. */
function wholeCharacters(octets: Buffer): number {
  let lead = octets.length - 1
  while (lead > octets.length - 4 && ((octets[lead] ?? 0) & 0xc0) === 0x80) lead -= 1
  return (octets[lead] ?? 0) >= 0xc0 ? lead : octets.length
}

function shortened(text: string): string {
  if (text.length <= LENGTH) return text
  const last = text.charCodeAt(LENGTH - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? LENGTH - 1 : LENGTH).trim()
}
