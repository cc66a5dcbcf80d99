import type { HookSubject } from '../host/hook-point.ts'
import { type Address, formatAddress } from '../model/address/address.ts'
import type { Edit } from '../model/edit.ts'
import { formatReply, isTransient, type Reply } from '../model/reply.ts'
import type { Recipient, Transaction } from '../model/transaction.ts'
import type { Delivery } from './delivery.ts'
import {
  addedAddresses,
  addedParameters,
  remainingRecipients,
  takesSomebodyOff,
} from './remaining-recipients.ts'
import type { FlowContext } from './surroundings.ts'

/** An address that an edit adds and that leads nowhere. */
interface Lost {
  readonly address: Address
  readonly reply: Reply
}

/**
 * Who gets a message after its edits, those whom they add with their routes: a plugin needs no claim for its own. One
 * that leads nowhere for good does not hold up the others. Undefined where the message has to come again: one leads
 * nowhere now, or edits took somebody off, in whose place it may stand.
 */
export async function recipientsAfter(
  context: FlowContext,
  delivery: Delivery,
  { recipients, session }: Transaction,
  edits: readonly Edit[],
  subject: HookSubject,
): Promise<readonly Recipient[] | undefined> {
  const added: Recipient[] = []
  const lost: Lost[] = []
  for (const address of addedAddresses(recipients, edits)) {
    const found = await delivery.routeFor({ address, original: address }, subject)
    const parameters = addedParameters(recipients, edits, address)
    if (!found.ok) lost.push({ address, reply: found.reply })
    else added.push({ forwardPath: address, parameters, claimedBy: 'edit', routes: found.routes })
  }
  const remaining = [...remainingRecipients(recipients, edits), ...added]
  const goesOn = !takesSomebodyOff(recipients, edits) && !lost.some(({ reply }) => isTransient(reply))
  for (const one of lost) {
    tell(context, subject, one, goesOn)
    if (goesOn) context.metrics.leftOut(session.role)
  }
  return goesOn || lost.length === 0 ? remaining : undefined
}

function tell(context: FlowContext, subject: HookSubject, { address, reply }: Lost, goesOn: boolean): void {
  const recipient = formatAddress(address)
  const reason = formatReply(reply).replaceAll('\r\n', ' / ')
  const { session, transaction } = subject
  const text = goesOn
    ? `a plugin adds this recipient, and nothing leads there: the message goes on without it: ${reason}`
    : `a plugin adds this recipient, and nothing leads there: the message gets 451: ${reason}`
  context.record('recipient', subject, { text: `${recipient}: ${reason}` })
  context.log[goesOn ? 'error' : 'warn']('refused', { session, transaction, recipient, text })
}
