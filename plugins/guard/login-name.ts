import { createHash } from 'node:crypto'
import { caseless, formatAddress, parseAddress } from 'mailwright'

// What fits into the tables with room to spare.
const longest = 240

/**
 * The one spelling under which a login is counted, whether somebody has that name or not: an address with its domain in
 * canonical form, all in lower case and normal form C. Of a longer name the beginning and a hash. Empty for none.
 */
export function loginName(login: string): string {
  const name = spelling(login.trim())
  if (name.length <= longest) return name
  const hash = createHash('sha256').update(name).digest('hex')
  return `${name.slice(0, longest - 68).toWellFormed()}...${hash}`
}

function spelling(login: string): string {
  const address = parseAddress(login)
  if (address !== undefined) return formatAddress({ ...address, localPart: caseless(address.localPart) })
  return caseless(login.toWellFormed().replaceAll(/\p{Cc}/gu, '?'))
}
