import { badParameter, decodeXtext, type Parsed } from './esmtp-parameters.ts'

/** Attributes of XCLIENT or XFORWARD, decoded; undefined for what is said not to be available. Names are in capitals. */
export type ProxiedAttributes<Name extends string> = ReadonlyMap<Name, string | undefined>

/** The attributes that are offered, each with what makes a value of it good. */
export type AttributeForms<Name extends string> = Readonly<Record<Name, (value: string) => boolean>>

// As the documents of both commands have them.
const maxValue = 255
const attributeForm = /^[a-z][a-z\d]{0,31}$/i
const unavailable = /^\[(?:UNAVAILABLE|TEMPUNAVAIL)\]$/i

/** Reads `NAME=value` words, each value as xtext (RFC 3461 §4). 501 for anything else; of two values the last one counts. */
export function readAttributes<Name extends string>(
  argument: string,
  forms: AttributeForms<Name>,
): Parsed<ProxiedAttributes<Name>> {
  const names = Object.keys(forms) as Name[]
  const attributes = new Map<Name, string | undefined>()
  for (const word of argument.split(/[ \t]+/)) {
    const [written = '', text] = word.split(/=(.*)/s)
    const name = names.find((one) => one === written.toUpperCase())
    if (name === undefined) return badParameter(notOffered(written))
    if (text === undefined) return badParameter(`${name} without a value`)
    const value = decodeXtext(text)
    if (value === undefined || value.length > maxValue) return badParameter(name)
    const isAbsent = value === '' || unavailable.test(value)
    if (!isAbsent && !forms[name](value)) return badParameter(name)
    attributes.set(name, isAbsent ? undefined : value)
  }
  return { ok: true, value: attributes }
}

/** Names that no command has are not said again: they may be anything. */
function notOffered(name: string): string {
  return attributeForm.test(name) ? `${name} is not offered` : 'malformed attributes'
}

/** The names as EHLO tells them. */
export function attributeNames(forms: AttributeForms<string>): string {
  return Object.keys(forms).join(' ')
}

/** A port number of TCP. */
export function isPort(value: string): boolean {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65_535
}
