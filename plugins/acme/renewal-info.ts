import { X509Certificate } from 'node:crypto'
import { isRecord, textOf } from './answer.ts'
import type { Authority } from './authority.ts'
import { derValues, oid } from './der.ts'
import { extensionIds } from './x509.ts'

/** When the authority wants a certificate to be renewed (RFC 9773 §4.2). Milliseconds since 1970. */
export interface RenewalInfo {
  readonly start: number
  readonly end: number
  /** Why, where it is not what was expected: a page to read. */
  readonly explanation: string | undefined
  /** Milliseconds until it wants to be asked again. */
  readonly askAfter: number | undefined
}

/** Asks; undefined where the authority does not do that, or knows nothing of the certificate. MAIL_E_UNAVAILABLE. */
export async function askRenewalInfo(authority: Authority, id: string): Promise<RenewalInfo | undefined> {
  const { renewalInfo } = await authority.directory()
  if (renewalInfo === undefined) return undefined
  const { body, retryAfter: askAfter } = await authority.get(`${renewalInfo.replace(/\/$/, '')}/${id}`)
  const window = isRecord(body) && isRecord(body.suggestedWindow) ? body.suggestedWindow : {}
  const [start, end] = [Date.parse(textOf(window.start)), Date.parse(textOf(window.end))]
  // RFC 9773 §4.2: anything else is no answer.
  if (!(start < end)) return undefined
  const explanation = isRecord(body) ? textOf(body.explanationURL) : ''
  return { start, end, explanation: explanation === '' ? undefined : explanation, askAfter }
}

/** How the authority knows a certificate (RFC 9773 §4.1). Undefined where it does not say by which key it was signed. */
export function certificateId(chain: string): string | undefined {
  const [certificate] = derValues(new X509Certificate(chain).raw)
  const [signedPart] = derValues(certificate?.content ?? nothing)
  const [, serial, ...others] = derValues(signedPart?.content ?? nothing)
  const keyId = authorityKey(others.find(({ tag }) => tag === extensionsTag)?.content ?? nothing)
  if (keyId === undefined || serial === undefined) return undefined
  return `${keyId.toString('base64url')}.${serial.content.toString('base64url')}`
}

const nothing = Buffer.alloc(0)
const extensionsTag = 0xa3
const keyIdTag = 0x80

/** RFC 5280 §4.2.1.1, in a certificate's extensions. */
function authorityKey(extensions: Buffer): Buffer | undefined {
  const wanted = oid(extensionIds.authorityKeyIdentifier)
  const [list] = derValues(extensions)
  for (const { content } of derValues(list?.content ?? nothing)) {
    const parts = derValues(content)
    if (parts[0]?.whole.equals(wanted) !== true) continue
    const [value] = derValues(parts.at(-1)?.content ?? nothing)
    return derValues(value?.content ?? nothing).find(({ tag }) => tag === keyIdTag)?.content
  }
  return undefined
}
