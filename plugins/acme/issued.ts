import { createPrivateKey, X509Certificate } from 'node:crypto'
import { type Certificate, errorText, UnavailableError } from 'mailwright'

/** The first certificate of a chain, where it is one and the key is its own. Undefined for anything else. */
export function leafOf({ key, chain }: Certificate): X509Certificate | undefined {
  try {
    const leaf = new X509Certificate(chain)
    return leaf.checkPrivateKey(createPrivateKey(key)) ? leaf : undefined
  } catch {
    return undefined
  }
}

/** Whether a certificate is made for each of some names. */
export function coversAll(leaf: X509Certificate, names: readonly string[]): boolean {
  return names.every((name) => leaf.checkHost(name) !== undefined)
}

/** What an authority gives out is looked at before it takes the place of what works. MAIL_E_UNAVAILABLE. */
export function checkIssued({ key, chain }: Certificate, names: readonly string[], now: number): void {
  let leaf: X509Certificate
  try {
    leaf = new X509Certificate(chain)
  } catch (error) {
    throw new UnavailableError(`the authority gave something that is no certificate: ${errorText(error)}`)
  }
  const problem = !leaf.checkPrivateKey(createPrivateKey(key))
    ? 'of another key'
    : !coversAll(leaf, names)
      ? 'for other names'
      : leaf.validToDate.getTime() <= now
        ? 'that has expired'
        : undefined
  if (problem !== undefined) throw new UnavailableError(`the authority gave a certificate ${problem}`)
}
