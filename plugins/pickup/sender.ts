import { type Address, parseAddress, type Reply, reply, replyText, sameAddress } from 'mailwright'
import type { PickupOptions } from './options.ts'
import { loginOf } from './users.ts'

/** Who sends a message. */
export type SenderAnswer =
  | { readonly ok: true; readonly reversePath: Address | null }
  /** `owner`: the user's own address, who is to be told. */
  | { readonly ok: false; readonly owner: Address | null; readonly reply: Reply }

/** Decides under which reverse-path a user of the system sends. MAIL_E_UNAVAILABLE where nobody knows who the user is. */
export async function senderFor(
  uid: number,
  wanted: string,
  { trustedUsers }: Pick<PickupOptions, 'trustedUsers'>,
  origin: string,
): Promise<SenderAnswer> {
  const reversePath = wanted === '' ? null : completed(wanted, origin)
  if (trustedUsers === 'all' && reversePath !== undefined) return { ok: true, reversePath }
  const login = (await loginOf(uid)) ?? `userid-${uid}`
  const owner = completed(login, origin) ?? null
  // RFC 3463 §3.2: 5.1.7 is "bad sender's mailbox address syntax"; §3.8: 5.7.1 "delivery not authorized".
  if (reversePath === undefined)
    return { ok: false, owner, reply: reply(553, '5.1.7', ascii(`The sender ${wanted} is no address`)) }
  const isTrusted =
    trustedUsers === 'all' || trustedUsers.includes(login) || trustedUsers.includes(String(uid))
  if (isTrusted || isSame(reversePath, owner)) return { ok: true, reversePath }
  const text = `The user ${login} of this machine may not send as ${wanted === '' ? '<>' : wanted}`
  return { ok: false, owner, reply: reply(550, '5.7.1', ascii(text)) }
}

function isSame(one: Address | null, other: Address | null): boolean {
  return one !== null && other !== null && sameAddress(one, other)
}

/** An address, or a name with the domain that it belongs to; undefined for what is neither. */
export function completed(text: string, origin: string): Address | undefined {
  return parseAddress(text) ?? parseAddress(`${text}@${origin}`)
}

/** RFC 5321 §4.2: the text of a reply is ASCII. */
export function ascii(text: string): string {
  return replyText(text).replaceAll(/[^\x20-\x7e]/g, '?')
}
