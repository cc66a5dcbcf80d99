import type { RecipientParameters } from 'mailwright'
import {
  badParameter,
  decodeUnitext,
  decodeXtext,
  type Parsed,
  parseEsmtpParameters,
  unknownParameter,
} from './esmtp-parameters.ts'

type Notify = NonNullable<RecipientParameters['notify']>[number]

// `addr-type;xtext`
const orcptForm = /^([a-z0-9-]+);(.*)$/is
const longestOrcpt = 500

const notifyValues: readonly Notify[] = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY']

/** What RCPT says of the recipient, and whether it has said something of no use besides. */
export type ParsedRecipient = Parsed<RecipientParameters> & { readonly isOrcptDropped?: boolean }

/**
 * Reads what follows the forward-path in RCPT: 555 for what is not offered, 501 for bad values. An ORCPT that holds no address which
 * could be told to anybody is left out: it is for reports alone, and not worth the mail.
 */
export function parseRecipientParameters(
  text: string,
  offers: { readonly dsn: boolean; readonly smtpUtf8: boolean },
): ParsedRecipient {
  const parsed = parseEsmtpParameters(text)
  if (!parsed.ok) return parsed
  const unknown = unknownParameter(parsed.value, offers.dsn ? ['NOTIFY', 'ORCPT'] : [])
  if (unknown !== undefined) return unknown
  const notify = parsed.value.has('NOTIFY') ? parseNotify(parsed.value.get('NOTIFY') ?? '') : undefined
  if (notify?.length === 0) return badParameter('NOTIFY')
  const hasOrcpt = parsed.value.has('ORCPT')
  const orcpt = orcptForm.exec(parsed.value.get('ORCPT') ?? '')
  if (hasOrcpt && orcpt === null) return badParameter('ORCPT')
  const [, type = '', address = ''] = orcpt ?? []
  const originalRecipient = readOrcpt(type, address, offers.smtpUtf8)
  return {
    ok: true,
    value: { ...(notify && { notify }), ...(originalRecipient !== undefined && { originalRecipient }) },
    ...(hasOrcpt && originalRecipient === undefined && { isOrcptDropped: true }),
  }
}

/** RFC 3461 §4.1: a list, or NEVER alone. Empty where it is neither. Commas too many mean nothing. */
function parseNotify(text: string): readonly Notify[] {
  const words = new Set(
    text
      .toUpperCase()
      .split(',')
      .filter((word) => word !== ''),
  )
  const found = notifyValues.filter((value) => words.has(value))
  const alone = !words.has('NEVER') || words.size === 1
  return found.length === words.size && alone ? found : []
}

/**
 * RFC 3461 §4.2: at most 500 characters. Where the message is internationalized an address of the type `utf-8` may be written as it
 * is (RFC 6533 §3). A "=" that should have been encoded stands for itself. Undefined where there is no address.
 */
function readOrcpt(type: string, address: string, smtpUtf8: boolean): string | undefined {
  if (type.length + address.length >= longestOrcpt) return undefined
  const decode = smtpUtf8 && type.toLowerCase() === 'utf-8' ? decodeUnitext : decodeXtext
  const decoded = decode(address.replaceAll('=', '+3D'))
  return decoded ? `${type.toLowerCase()};${decoded}` : undefined
}
