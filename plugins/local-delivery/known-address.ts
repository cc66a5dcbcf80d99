import {
  type Address,
  type DeliveryFlow,
  isTransient,
  type Reply,
  type Resolution,
  type RouteResult,
  reply,
  sameAddress,
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
  const routed = await delivery.route({ address, original: address })
  if (leadsElsewhere(routed, address)) return undefined
  if (!routed.ok && isTransient(routed.reply)) return routed.reply
  return isDisabled ? disabledAccount : unknownAddress
}

/** A relay would send an address of ours back to us, or to a smart host that does: that is no place. */
function leadsElsewhere(routed: RouteResult, address: Address): boolean {
  return (
    routed.ok &&
    !routed.routes.some((route) => route.kind === 'remote' && sameAddress(route.address, address))
  )
}
