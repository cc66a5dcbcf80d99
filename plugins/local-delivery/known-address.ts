import {
  type Address,
  type DeliveryFlow,
  isTransient,
  ownRoute,
  type Reply,
  type Resolution,
  reply,
} from 'mailwright'

// RFC 3463 §3.2: 5.1.1 is "bad destination mailbox address".
const unknownAddress = reply(550, '5.1.1', 'No such address here')
// RFC 3463 §3.3: 5.2.1 is "mailbox disabled, not accepting messages". Its sender is to stop trying.
const disabledAccount = reply(550, '5.2.1', 'This mailbox is disabled')

/**
 * Why nobody here reads an address of ours; undefined where somebody does. What the accounts do not know another plugin
 * may lead somewhere: a file of aliases, a program.
 */
export async function addressRefusal(
  address: Address,
  found: Resolution,
  delivery: Pick<DeliveryFlow, 'route'>,
): Promise<Reply | undefined> {
  const isDisabled = found.kind === 'account' && found.account.disabled === true
  if (found.kind !== 'unknown' && !isDisabled) return undefined
  const routed = await ownRoute(address, delivery)
  if (routed.ok) return undefined
  // What has been expanded is known, and what is wrong with its targets is worth saying.
  if (routed.via !== undefined || isTransient(routed.reply)) return routed.reply
  return isDisabled ? disabledAccount : unknownAddress
}
