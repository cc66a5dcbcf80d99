import type { Header } from '../model/header/header-fields.ts'
import type { MimePart } from '../model/mime/mime-part.ts'
import { emptyEnvelope, envelopeText } from './envelope-text.ts'
import { headerNstring, headerString, type ImapForm, utf8Octets } from './imap-string.ts'
import { parametersText } from './parameters-text.ts'

/** How a structure is written. */
export interface StructureStyle {
  readonly form: ImapForm
  /** With extension data: BODYSTRUCTURE, else BODY. */
  readonly isExtended: boolean
}

/**
 * The BODYSTRUCTURE or BODY of a MIME tree (RFC 9051 §7.5.2), one character an octet. However deep the tree is, the
 * stack is not.
 */
export function structureText(root: MimePart, style: StructureStyle): string {
  let text = ''
  const waiting: (MimePart | string)[] = [root]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === 'string') text += next
    else if (next.contentType.type === 'multipart') {
      text += '('
      waiting.push(`${multipartEnd(next, style)})`)
      for (let index = next.children.length - 1; index >= 0; index -= 1) {
        const child = next.children[index]
        if (child !== undefined) waiting.push(child)
      }
      // The grammar wants one part at least.
      if (next.children.length === 0) waiting.push(emptyBody(style))
    } else if (isMessage(next, style)) {
      text += `(${basicFields(next, style)} ${innerEnvelope(next, style)} `
      waiting.push(` ${next.lines}${singleEnd(next, style)})`, next.message ?? emptyBody(style))
    } else {
      const lines = next.contentType.type === 'text' ? ` ${next.lines}` : ''
      text += `(${basicFields(next, style)}${lines}${singleEnd(next, style)})`
    }
  }
  return text
}

/** RFC 3501 §9 has no envelope for message/global. */
function isMessage({ contentType }: MimePart, { form }: StructureStyle): boolean {
  if (contentType.type !== 'message') return false
  return contentType.subtype === 'rfc822' || (contentType.subtype === 'global' && form === 'rev2')
}

function innerEnvelope({ message }: MimePart, { form }: StructureStyle): string {
  return message === undefined ? emptyEnvelope : envelopeText(message.header, form)
}

/** The body of a message that could not be taken apart, or the only part of a multipart without any. */
function emptyBody({ isExtended }: StructureStyle): string {
  return `("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0${isExtended ? ' NIL NIL NIL NIL' : ''})`
}

function basicFields(part: MimePart, { form }: StructureStyle): string {
  const { type, subtype } = part.contentType
  const [id, description] = [
    field(part.header, 'content-id', form),
    field(part.header, 'content-description', form),
  ]
  const encoding = headerString(utf8Octets(part.encoding), form)
  return `"${type}" "${subtype}" ${typeParameters(part, form)} ${id} ${description} ${encoding} ${part.size}`
}

function multipartEnd(part: MimePart, { form, isExtended }: StructureStyle): string {
  const subtype = ` "${part.contentType.subtype}"`
  return isExtended ? `${subtype} ${typeParameters(part, form)}${commonEnd(part, form)}` : subtype
}

function singleEnd(part: MimePart, { form, isExtended }: StructureStyle): string {
  return isExtended ? ` ${field(part.header, 'content-md5', form)}${commonEnd(part, form)}` : ''
}

function commonEnd(part: MimePart, form: ImapForm): string {
  const location = field(part.header, 'content-location', form)
  return ` ${dispositionText(part, form)} ${languageText(part, form)} ${location}`
}

function typeParameters(part: MimePart, form: ImapForm): string {
  const { type, subtype, parameters } = part.contentType
  const written = part.header.first('content-type')?.bodyOctets
  // RFC 2046 §4.1.2: the charset of text/plain that does not say.
  const needsCharset = type === 'text' && subtype === 'plain' && parameters.get('charset') === undefined
  return parametersText(parameters, written, form, needsCharset ? ' "charset" "us-ascii"' : '')
}

function dispositionText(part: MimePart, form: ImapForm): string {
  const disposition = part.disposition
  if (disposition === undefined) return 'NIL'
  const written = part.header.first('content-disposition')?.bodyOctets
  return `("${disposition.kind}" ${parametersText(disposition.parameters, written, form)})`
}

function languageText(part: MimePart, form: ImapForm): string {
  if (part.header.first('content-language') === undefined) return 'NIL'
  const tags = part.languages.map((tag) => headerString(utf8Octets(tag), form))
  return tags.length === 0 ? 'NIL' : `(${tags.join(' ')})`
}

function field(header: Header, name: string, form: ImapForm): string {
  return headerNstring(header.first(name)?.bodyOctets, form)
}
