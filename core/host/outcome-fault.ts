import { type Deferred, type Delivered, troubleCauses } from '../model/delivery.ts'
import { isPermanent, isTransient, type Reply, replyFault } from '../model/reply.ts'
import { property } from './property.ts'

const reached: readonly unknown[] = [
  'arrived',
  'relayed',
  'expanded',
  'passed-on',
] satisfies readonly Delivered['reached'][]
const concerns: readonly unknown[] = [
  'recipient',
  'message',
  'destination',
] satisfies readonly Deferred['concerns'][]

type IsGood = (value: unknown) => boolean

const isText: IsGood = (value) => typeof value === 'string'
const isFlag: IsGood = (value) => typeof value === 'boolean'
const isCause: IsGood = (value) => troubleCauses.some((each) => each === value)

/** What an outcome may say beside its kind, its text and its reply. */
const details: Readonly<Record<string, IsGood>> = {
  reached: (value) => reached.includes(value),
  concerns: (value) => concerns.includes(value),
  cause: isCause,
  lastCause: isCause,
  retryAfter: (value) => Number.isFinite(value) && Number(value) >= 0,
  hold: isFlag,
  untried: isFlag,
  moving: isFlag,
  host: isText,
  place: isText,
}

/** What is wrong with a tap's word on one item of a batch. A queue keeps these words and acts on them. */
export function outcomeFault(outcome: unknown): string | undefined {
  const kind = property(outcome, 'kind')
  if (kind !== 'delivered' && kind !== 'deferred' && kind !== 'failed') return 'answered an unknown outcome'
  return (
    (kind === 'delivered' ? deliveredFault(outcome) : troubleFault(kind, outcome)) ?? detailFault(outcome)
  )
}

function deliveredFault(outcome: unknown): string | undefined {
  if (typeof property(outcome, 'text') !== 'string') return 'answered an outcome without its text'
  const said = property(outcome, 'reply')
  const problem = said === undefined ? undefined : replyFault(said)
  return problem === undefined ? undefined : `answered an outcome without a valid reply: ${problem}`
}

function troubleFault(kind: 'deferred' | 'failed', outcome: unknown): string | undefined {
  const answer = property(outcome, 'reply')
  const problem = replyFault(answer)
  if (problem !== undefined) return `answered an outcome without a valid reply: ${problem}`
  const fits = kind === 'deferred' ? isTransient(answer as Reply) : isPermanent(answer as Reply)
  return fits ? undefined : `answered "${kind}" with a reply that says otherwise`
}

function detailFault(outcome: unknown): string | undefined {
  const wrong = Object.keys(details).find((name) => {
    const value = property(outcome, name)
    return value !== undefined && details[name]?.(value) !== true
  })
  return wrong === undefined ? undefined : `answered an outcome whose ${wrong} is not valid`
}
