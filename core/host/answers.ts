import { isDeepStrictEqual } from 'node:util'
import { isAddress } from '../model/address/address-check.ts'
import { isContent } from '../model/content.ts'
import { editFault, messageEditFault } from '../model/edit.ts'
import { isRefusal, type Reply, replyFault } from '../model/reply.ts'
import { property } from './property.ts'

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

const claimFault: AnswerFault = (answer) =>
  typeof property(answer, 'reason') === 'string' ? undefined : 'answered a claim without a reason'

const faults: Readonly<Record<string, AnswerFault>> = {
  'connection.claimClient': claimFault,
  'envelope.claimRecipient': claimFault,
  'data.inspect': (answer) => [answer].flat().map(findingFault).find(Boolean),
  'data.prepareMessage': editsFault(messageEditFault),
  'data.rewriteMessage': editsFault(editFault),
  'delivery.route': routeFault,
  'delivery.sort': dispositionFault,
  'delivery.deliver': (answer, [batch]) => {
    const items = property(batch, 'items')
    if (!Array.isArray(answer)) return 'answered no list of outcomes'
    const isComplete = Array.isArray(items) && answer.length === items.length
    // What they say is judged one by one: what was delivered is not delivered again for the fault of another.
    return isComplete ? undefined : 'answered not one outcome for each item'
  },
}

function editsFault(faultOf: (edit: unknown) => string | undefined): AnswerFault {
  return (answer) => {
    if (!Array.isArray(answer)) return 'answered no list of edits'
    const problem = answer.map(faultOf).find(Boolean)
    return problem === undefined ? undefined : `answered an edit that is not valid: ${problem}`
  }
}

function findingFault(finding: unknown): string | undefined {
  const wellFormed =
    typeof property(finding, 'test') === 'string' &&
    typeof property(finding, 'text') === 'string' &&
    Number.isFinite(property(finding, 'score'))
  return wellFormed ? undefined : 'answered a malformed finding'
}

function routeFault(answer: unknown): string | undefined {
  const kind = property(answer, 'kind')
  if (kind === 'expansion') {
    const addresses = property(answer, 'addresses')
    return Array.isArray(addresses) && addresses.every(isAddress)
      ? undefined
      : 'answered an expansion without a list of addresses'
  }
  if (kind !== 'account' && kind !== 'remote' && kind !== 'handler') return 'answered no route'
  if (!isAddress(property(answer, 'address'))) return 'answered a route without an address'
  if (kind === 'account' && !isAccount(property(answer, 'account')))
    return 'answered a route without an account'
  if (kind === 'handler' && typeof property(answer, 'handler') !== 'string')
    return 'answered a route without a handler'
  const isText = ['detail', 'nextHop'].every((name) => isOptionalText(property(answer, name)))
  return isText ? undefined : 'answered a route with a detail or next hop that is no text'
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

function isAccount(value: unknown): boolean {
  return typeof property(value, 'id') === 'string' && isAddress(property(value, 'address'))
}

function dispositionFault(answer: unknown, [before]: readonly unknown[]): string | undefined {
  const actions = property(answer, 'actions')
  if (!Array.isArray(actions)) return 'answered no disposition'
  if (property(answer, 'route') === undefined || !isMessage(property(answer, 'message')))
    return 'answered a disposition without its route and message'
  return actions.map(actionFault).find(Boolean) ?? otherMailFault(answer, before)
}

/** Sorting decides what is done with a message, and nothing else. */
function otherMailFault(answer: unknown, before: unknown): string | undefined {
  if (typeof before !== 'object' || before === null) return undefined
  const isSame = (name: string): boolean => isDeepStrictEqual(property(answer, name), property(before, name))
  const other =
    property(answer, 'message') === property(before, 'message')
      ? ['route', 'reversePath'].find((name) => !isSame(name))
      : 'message'
  return other === undefined
    ? undefined
    : `answered a disposition with another ${other}: only its actions may change`
}

function actionFault(action: unknown): string | undefined {
  switch (property(action, 'kind')) {
    case 'file':
      return filingFault(action)
    case 'forward':
      return forwardFault(action)
    case 'reply':
      return isMessage(property(action, 'message')) ? undefined : 'replies without a message'
    default:
      return 'sorts with an unknown action'
  }
}

function forwardFault(action: unknown): string | undefined {
  if (!isAddress(property(action, 'address'))) return 'forwards to no address'
  const reversePath = property(action, 'reversePath')
  const wellFormed = reversePath === undefined || reversePath === null || isAddress(reversePath)
  return wellFormed ? undefined : 'forwards with a reverse-path that is no address'
}

function filingFault(action: unknown): string | undefined {
  if (typeof property(action, 'mailbox') !== 'string') return 'files into a mailbox without a name'
  const flags = property(action, 'flags')
  const wellFormed =
    flags === undefined || (Array.isArray(flags) && flags.every((flag) => typeof flag === 'string'))
  return wellFormed ? undefined : 'files with flags that are no list of texts'
}

function isMessage(value: unknown): boolean {
  return isContent(property(value, 'content'))
}
