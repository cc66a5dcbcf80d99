import { MailwrightError } from '../errors.ts'
import { type Address, parseAddress } from '../model/address/address.ts'

/** An address that a test writes as a text. MAIL_E_INVALID where it is none. */
export function addressOf(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new MailwrightError('MAIL_E_INVALID', `not an address: ${text}`)
  return address
}
