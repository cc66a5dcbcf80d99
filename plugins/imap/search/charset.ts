import { TextDecoder } from 'node:util'
import type { ImapArguments } from 'mailwright/imap'
import { utf8Text } from '../engine/arguments.ts'
import { no, Refusal } from '../engine/result.ts'

/** Turns an octet string into text; undefined where it is not of the charset. */
export type TextReading = (octets: string) => string | undefined

/** For commands that name no charset, as RFC 9051 §6.4.4 has it; US-ASCII, which RFC 3501 assumes, is a part of it. */
export const utf8Reading: TextReading = utf8Text

/** Those that clients are told of; every name of the WHATWG list is taken. */
const offered =
  'US-ASCII UTF-8 ISO-8859-1 ISO-8859-2 ISO-8859-5 ISO-8859-7 ISO-8859-15 WINDOWS-1250 WINDOWS-1251 WINDOWS-1252 ' +
  'KOI8-R GB18030 BIG5 SHIFT_JIS EUC-JP ISO-2022-JP EUC-KR'

const beyondAscii = /[^\x00-\x7f]/

/** Reads the name of a charset. Refused with BADCHARSET where there is none of that name (RFC 9051 §7.1). */
export function readCharset(args: ImapArguments): TextReading {
  const name = args.astring().toLowerCase()
  if (name === 'utf-8' || name === 'utf8') return utf8Reading
  if (name === 'us-ascii') return (octets) => (beyondAscii.test(octets) ? undefined : octets)
  const decoder = decoderOf(name)
  if (decoder === undefined) throw new Refusal(no('That charset is unknown here', `BADCHARSET (${offered})`))
  return (octets) => {
    try {
      return decoder.decode(Buffer.from(octets, 'latin1'))
    } catch {
      return undefined
    }
  }
}

function decoderOf(name: string): TextDecoder | undefined {
  try {
    return new TextDecoder(name, { fatal: true, ignoreBOM: true })
  } catch {
    return undefined
  }
}
