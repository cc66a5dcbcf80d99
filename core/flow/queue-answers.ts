import type { HookSubject } from '../host/hook-point.ts'
import { formatAddress } from '../model/address/address.ts'
import { isAddress } from '../model/address/address-check.ts'
import { isRefusal, localError, type Reply, replyFault } from '../model/reply.ts'
import type { Recipient } from '../model/transaction.ts'
import { queue, type RecipientAnswer } from '../services/queue.ts'
import type { FlowContext } from './surroundings.ts'

/**
 * The queue's answer for each recipient. Whom it says nothing about, or nothing that can be said to a client, it has not taken: 250
 * has to be said.
 */
export function queueAnswers(
  context: FlowContext,
  recipients: readonly Recipient[],
  answered: readonly RecipientAnswer[],
  subject: HookSubject,
): readonly RecipientAnswer[] {
  const wrong = new Set<string>()
  const byAddress = Array.isArray(answered) ? repliesByAddress(answered, wrong) : new Map<string, Reply>()
  const answers = recipients.map(({ forwardPath }) => {
    const address = formatAddress(forwardPath)
    const answer = byAddress.get(address)
    if (answer === undefined) wrong.add(`there is none for ${address}`)
    return { recipient: forwardPath, reply: answer ?? localError }
  })
  tell(context, subject, [...wrong])
  return answers
}

function repliesByAddress(answered: readonly RecipientAnswer[], wrong: Set<string>): Map<string, Reply> {
  const byAddress = new Map<string, Reply>()
  for (const answer of answered) {
    if (!isAddress(answer?.recipient)) {
      wrong.add('its recipient is no address')
      continue
    }
    const address = formatAddress(answer.recipient)
    const fault = replyFault(answer.reply)
    if (fault !== undefined) wrong.add(`no valid reply for ${address}: ${fault}`)
    const before = byAddress.get(address)
    if (before === undefined || !isRefusal(before))
      byAddress.set(address, fault === undefined ? answer.reply : localError)
  }
  return byAddress
}

/** One line, however many recipients there are. */
function tell(context: FlowContext, subject: HookSubject, [first, ...others]: readonly string[]): void {
  if (first === undefined) return
  const { session, transaction } = subject
  const provider = context.services.providerOf(queue)
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`
  const text = `the queue's answer to a message is not valid: ${first}${more}`
  context.log.error('internal-error', { session, transaction, service: 'queue', provider, text })
}
