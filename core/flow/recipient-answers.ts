import type { Address } from '../model/address/address.ts'
import type { Outcome, Route } from '../model/delivery.ts'
import { notWithoutOthers } from '../model/outcome.ts'
import { localError, type Reply, reply } from '../model/reply.ts'
import type { RecipientAnswer, Submission, Variant } from '../services/queue.ts'
import type { AttemptItem } from './flow.ts'
import { parametersForEach } from './several-targets.ts'

const delivered = reply(250, '2.0.0', 'Delivered')

/** What a queue has to deliver for a submission: an item for every route of every recipient. */
export function attemptItems({ variants }: Submission): readonly AttemptItem[] {
  return variants.flatMap(({ recipients, message, quarantine, ...paths }) =>
    recipients.flatMap(({ forwardPath, parameters, routes }) =>
      routes.map((route) => ({
        recipient: forwardPath,
        parameters: parametersForEach(parameters, routes.length),
        route,
        message,
        ...reversePathOn(route, paths),
        ...(quarantine === undefined ? {} : { quarantine }),
      })),
    ),
  )
}

function reversePathOn(
  { kind }: Route,
  { reversePath, remoteReversePath }: Pick<Variant, 'reversePath' | 'remoteReversePath'>,
): Pick<AttemptItem, 'reversePath'> {
  if (kind === 'remote' && remoteReversePath !== undefined) return { reversePath: remoteReversePath }
  return reversePath === undefined ? {} : { reversePath }
}

/**
 * One answer for each recipient out of the outcomes of its items, in their order: the worst of its routes', "later"
 * before "never", for twice is better than never. An item without an outcome is a 451.
 */
export function recipientAnswers(
  items: readonly AttemptItem[],
  outcomes: readonly Outcome[],
): readonly RecipientAnswer[] {
  const worst = new Map<Address, Reply>()
  for (const [index, { recipient }] of items.entries()) {
    const answer = answerFor(outcomes[index])
    const known = worst.get(recipient)
    if (known === undefined || severity(answer) > severity(known)) worst.set(recipient, answer)
  }
  return [...worst].map(([recipient, answer]) => ({ recipient, reply: answer }))
}

function answerFor(outcome: Outcome | undefined): Reply {
  if (outcome === undefined) return localError
  return outcome.kind === 'delivered' ? delivered : outcome.reply
}

function severity(answer: Reply): number {
  if (answer.code < 400) return 0
  if (answer === notWithoutOthers.reply) return 1
  return answer.code < 500 ? 3 : 2
}
