import type { MailParameters } from 'mailwright'
import {
  badParameter,
  decodeXtext,
  type EsmtpParameters,
  type Parsed,
  parseEsmtpParameters,
  unknownParameter,
} from './esmtp-parameters.ts'
import { tooLarge } from './replies.ts'

/** What the listener has offered; what was not offered is not known. */
export interface Offers {
  /** Octets of the largest message. */
  readonly maxSize: number
  /** BINARYMIME (RFC 3030). */
  readonly binaryMime: boolean
  /** DSN (RFC 3461). */
  readonly dsn: boolean
  /** AUTH (RFC 4954). */
  readonly auth: boolean
  /** REQUIRETLS (RFC 8689). */
  readonly requireTls: boolean
}

type Values = { -readonly [Key in keyof MailParameters]: MailParameters[Key] }
type Reader = (
  value: string | undefined,
  into: Values,
  offers: Offers,
) => ReturnType<typeof badParameter> | undefined

const readers: Readonly<Record<string, Reader>> = {
  // RFC 1870 §6
  SIZE(value, into, { maxSize }) {
    if (value === undefined || !/^\d{1,20}$/.test(value)) return badParameter('SIZE')
    if (Number(value) > maxSize) return { ok: false, reply: tooLarge }
    into.size = Number(value)
  },
  // RFC 6152 §2, RFC 3030 §3
  BODY(value, into, { binaryMime }) {
    const body = value?.toUpperCase()
    const isBinary = body === 'BINARYMIME' && binaryMime
    if (body !== '7BIT' && body !== '8BITMIME' && !isBinary) return badParameter('BODY')
    into.body = body
  },
  // RFC 6531 §3.4
  SMTPUTF8(value, into) {
    if (value !== undefined) return badParameter('SMTPUTF8')
    into.smtpUtf8 = true
  },
  // RFC 4954 §5
  AUTH(value, into) {
    const auth = value === undefined ? undefined : decodeXtext(value)
    if (auth === undefined) return badParameter('AUTH')
    into.auth = auth
  },
  // RFC 8689 §2
  REQUIRETLS(value, into) {
    if (value !== undefined) return badParameter('REQUIRETLS')
    into.requireTls = true
  },
  // RFC 3461 §4.3
  RET(value, into) {
    const ret = value?.toUpperCase()
    if (ret !== 'FULL' && ret !== 'HDRS') return badParameter('RET')
    into.ret = ret
  },
  // RFC 3461 §4.4: at most 100 characters as written.
  ENVID(value, into) {
    const envelopeId = value === undefined || value.length > 100 ? undefined : decodeXtext(value)
    if (envelopeId === undefined) return badParameter('ENVID')
    into.envelopeId = envelopeId
  },
}

/** Reads what follows the reverse-path in MAIL: 555 for what is not offered, 501 for bad values, 552 for a SIZE too large. */
export function parseMailParameters(text: string, offers: Offers): Parsed<MailParameters> {
  const parsed = parseEsmtpParameters(text)
  if (!parsed.ok) return parsed
  const unknown = unknownParameter(parsed.value, known(offers))
  return unknown ?? read(parsed.value, offers)
}

function known({ auth, dsn, requireTls }: Offers): readonly string[] {
  return [
    'SIZE',
    'BODY',
    'SMTPUTF8',
    ...(auth ? ['AUTH'] : []),
    ...(requireTls ? ['REQUIRETLS'] : []),
    ...(dsn ? ['RET', 'ENVID'] : []),
  ]
}

function read(parameters: EsmtpParameters, offers: Offers): Parsed<MailParameters> {
  const value: Values = {}
  for (const [keyword, text] of parameters) {
    const fault = readers[keyword]?.(text, value, offers)
    if (fault !== undefined) return fault
  }
  return { ok: true, value }
}
