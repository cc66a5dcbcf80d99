import { type AccessEntry, type Account, parseAddress } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { otherUsersLevel, sharedLevel } from 'mailwright/rights'

/** Whose mailbox it is, by its name and its access control list; undefined for nobody's. */
export function ownerOf(
  { account }: ImapSession,
  mailbox: string,
  list: readonly AccessEntry[],
): Pick<Account, 'id' | 'address'> | undefined {
  const [first, second = ''] = mailbox.split('/')
  if (first === sharedLevel) return undefined
  if (first !== otherUsersLevel) return account
  // Its id stands in the first line of the list; in the name some characters of its address are %XX.
  const address = parseAddress(second.replace(/%([0-9A-F]{2})/g, characterOf))
  const id = list[0]?.identifier
  return address === undefined || id === undefined ? undefined : { id, address }
}

function characterOf(_: string, hexadecimal: string): string {
  return String.fromCharCode(Number.parseInt(hexadecimal, 16))
}
