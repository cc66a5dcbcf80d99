import { caseless, formatAddress, parseAddress } from 'mailwright'

/**
 * The one spelling of a login: in lower case and normal form C, the domain of an address in its canonical form. Other
 * servers log what their users have typed.
 */
export function loginSpelling(login: string): string {
  const address = parseAddress(login)
  const text = address === undefined ? login : formatAddress(address)
  return caseless(text)
}
