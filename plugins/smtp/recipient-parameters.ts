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

const notifyValues: readonly Notify[] = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY']

/** Reads what follows the forward-path in RCPT: 555 for what is not offered, 501 for bad values. */
export function parseRecipientParameters(
  text: string,
  offers: { readonly dsn: boolean; readonly smtpUtf8: boolean },
): Parsed<RecipientParameters> {
  const parsed = parseEsmtpParameters(text)
  if (!parsed.ok) return parsed
  const unknown = unknownParameter(parsed.value, offers.dsn ? ['NOTIFY', 'ORCPT'] : [])
  if (unknown !== undefined) return unknown
  const notify = parsed.value.has('NOTIFY') ? parseNotify(parsed.value.get('NOTIFY') ?? '') : undefined
  if (notify?.length === 0) return badParameter('NOTIFY')
  const originalRecipient = parsed.value.has('ORCPT')
    ? parseOrcpt(parsed.value.get('ORCPT') ?? '', offers.smtpUtf8)
    : undefined
  if (originalRecipient === '') return badParameter('ORCPT')
  return {
    ok: true,
    value: { ...(notify && { notify }), ...(originalRecipient !== undefined && { originalRecipient }) },
  }
}

/** RFC 3461 §4.1: a list, or NEVER alone. Empty where it is neither. */
function parseNotify(text: string): readonly Notify[] {
  const words = new Set(text.toUpperCase().split(','))
  const found = notifyValues.filter((value) => words.has(value))
  const alone = !words.has('NEVER') || words.size === 1
  return found.length === words.size && alone ? found : []
}

/**
 * RFC 3461 §4.2: `addr-type;xtext`, at most 500 characters. Where the message is internationalized an address of the type
 * `utf-8` may be written as it is (RFC 6533 §3). Empty where it is something else.
 */
function parseOrcpt(text: string, smtpUtf8: boolean): string {
  const [, type = '', address = ''] = /^([a-z0-9-]+);(.+)$/i.exec(text.slice(0, 501)) ?? []
  const decode = smtpUtf8 && type.toLowerCase() === 'utf-8' ? decodeUnitext : decodeXtext
  const decoded = text.length > 500 ? undefined : decode(address)
  return type === '' || !decoded ? '' : `${type.toLowerCase()};${decoded}`
}
