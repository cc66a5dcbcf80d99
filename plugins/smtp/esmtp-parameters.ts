import { type Reply, reply } from 'mailwright'

/** ESMTP parameters by keyword in capitals; undefined for one without a value. */
export type EsmtpParameters = ReadonlyMap<string, string | undefined>

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reply: Reply }

// RFC 5321 §4.1.2 esmtp-param, with the values of RFC 6531 §3.3, and with a "=" in them, as some clients have it in ORCPT.
const parameterForm = /^([a-z0-9][a-z0-9-]*)(?:=([\x21-\x7e\u0080-\u{10ffff}]+))?$/iu
const maxParameters = 32

/** Reads what follows the path in MAIL and RCPT. Each keyword at most once. */
export function parseEsmtpParameters(text: string): Parsed<EsmtpParameters> {
  const parameters = new Map<string, string | undefined>()
  if (text.trim() === '') return { ok: true, value: parameters }
  const words = text.split(' ').filter((word) => word !== '')
  if (!text.startsWith(' ') || words.length > maxParameters) return badParameter('malformed parameters')
  for (const word of words) {
    const matched = parameterForm.exec(word)
    if (matched === null) return badParameter('malformed parameters')
    const keyword = (matched[1] ?? '').toUpperCase()
    if (parameters.has(keyword)) return badParameter(`${keyword} given twice`)
    parameters.set(keyword, matched[2])
  }
  return { ok: true, value: parameters }
}

/** 501: the parameter is known and its value is wrong. The text must be our own or checked. */
export function badParameter(problem: string): { readonly ok: false; readonly reply: Reply } {
  return { ok: false, reply: reply(501, '5.5.4', `Bad parameter: ${problem}`) }
}

/** 555: the first parameter that is not known here (RFC 5321 §4.1.1.11). */
export function unknownParameter(
  parameters: EsmtpParameters,
  known: readonly string[],
): { readonly ok: false; readonly reply: Reply } | undefined {
  for (const keyword of parameters.keys()) {
    if (known.includes(keyword)) continue
    return {
      ok: false,
      reply: reply(555, '5.5.4', `Parameter ${keyword.slice(0, 40)} not recognised or not implemented`),
    }
  }
  return undefined
}

// RFC 3461 §4: printable ASCII but "+" and "=", and "+" with two hexadecimal digits. They should be capital ones.
const xtextForm = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-Fa-f]{2})*$/
const beyondAscii = /[\u0080-\u{10ffff}]/gu

/** The text behind xtext, or undefined where it is none or holds what is no printable text (controls, broken UTF-8). */
export function decodeXtext(text: string): string | undefined {
  return xtextForm.test(text) ? decodeEscapes(text) : undefined
}

/** The same where characters beyond ASCII may stand for themselves (RFC 6533 §3, utf-8-addr-unitext). */
export function decodeUnitext(text: string): string | undefined {
  return xtextForm.test(text.replaceAll(beyondAscii, '?')) ? decodeEscapes(text) : undefined
}

function decodeEscapes(text: string): string | undefined {
  const octets = Buffer.from(text)
    .toString('latin1')
    .replace(/\+([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  const decoded = Buffer.from(octets, 'latin1').toString('utf8')
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/.test(decoded) ? undefined : decoded
}
