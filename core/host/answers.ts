import { editFault } from '../model/edit.ts'
import { isRefusal, type Reply, replyFault } from '../model/reply.ts'

type AnswerFault = (answer: unknown, args: readonly unknown[]) => string | undefined

/**
 * What is wrong with a tap's answer. Plugins may be plain JavaScript and may be wrong: an answer that is not what the
 * hook asks for is a failure of the tap, never half believed.
 */
export function answerFault(hook: string, kind: string): AnswerFault {
  if (kind === 'check') return refusalFault
  if (kind === 'notify') return () => undefined
  return faults[hook] ?? (() => undefined)
}

function refusalFault(answer: unknown): string | undefined {
  const problem = replyFault(answer)
  if (problem !== undefined) return `answered no valid reply: ${problem}`
  return isRefusal(answer as Reply) ? undefined : 'answered a reply that refuses nothing'
}

const faults: Readonly<Record<string, AnswerFault>> = {
  'envelope.claimRecipient': (answer) =>
    typeof property(answer, 'reason') === 'string' ? undefined : 'answered a claim without a reason',
  'data.inspect': (answer) => [answer].flat().map(findingFault).find(Boolean),
  'data.rewriteMessage': (answer) =>
    Array.isArray(answer)
      ? answer.map(editFault).find((fault) => fault !== undefined)
      : 'answered no list of edits',
  'delivery.route': routeFault,
  'delivery.sort': (answer) => {
    const actions = property(answer, 'actions')
    return Array.isArray(actions) ? actions.map(actionFault).find(Boolean) : 'answered no disposition'
  },
  'delivery.deliver': (answer, [batch]) => {
    const items = property(batch, 'items')
    if (!Array.isArray(answer)) return 'answered no list of outcomes'
    if (!Array.isArray(items) || answer.length !== items.length)
      return 'answered not one outcome for each item'
    return answer.map(outcomeFault).find(Boolean)
  },
}

function findingFault(finding: unknown): string | undefined {
  const wellFormed =
    typeof property(finding, 'test') === 'string' &&
    typeof property(finding, 'text') === 'string' &&
    Number.isFinite(property(finding, 'score'))
  return wellFormed ? undefined : 'answered a malformed finding'
}

function routeFault(answer: unknown): string | undefined {
  switch (property(answer, 'kind')) {
    case 'account':
      return property(answer, 'account') === undefined ? 'answered a route without an account' : undefined
    case 'remote':
      return property(answer, 'address') === undefined ? 'answered a route without an address' : undefined
    case 'handler':
      return typeof property(answer, 'handler') === 'string'
        ? undefined
        : 'answered a route without a handler'
    case 'expansion':
      return Array.isArray(property(answer, 'addresses'))
        ? undefined
        : 'answered an expansion without addresses'
    default:
      return 'answered no route'
  }
}

function actionFault(action: unknown): string | undefined {
  switch (property(action, 'kind')) {
    case 'file':
      return typeof property(action, 'mailbox') === 'string'
        ? undefined
        : 'files into a mailbox without a name'
    case 'forward':
      return property(action, 'address') === undefined ? 'forwards to no address' : undefined
    case 'reply':
      return property(action, 'message') === undefined ? 'replies without a message' : undefined
    default:
      return 'sorts with an unknown action'
  }
}

function outcomeFault(outcome: unknown): string | undefined {
  const kind = property(outcome, 'kind')
  if (kind === 'delivered') return undefined
  if (kind !== 'deferred' && kind !== 'failed') return 'answered an unknown outcome'
  const problem = replyFault(property(outcome, 'reply'))
  return problem === undefined ? undefined : `answered an outcome whose reply is not valid: ${problem}`
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
