import { errorText } from '../errors.ts'
import { property } from '../host/property.ts'
import { type Deferred, type Delivered, type Outcome, troubleCauses } from '../model/delivery.ts'
import { notNow } from '../model/outcome.ts'
import { isPermanent, isTransient, type Reply, replyFault } from '../model/reply.ts'

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
  retryAfter: (value) => Number.isFinite(value),
  hold: isFlag,
  untried: isFlag,
  moving: isFlag,
  host: isText,
  place: isText,
}

/** A tap's word on one item of a batch. */
interface Judged {
  readonly outcome: Outcome
  readonly problem?: string
}

/** What a tap said of the items of a batch, as a queue may keep it and act on it; what is wrong with it is told by `blame`. */
export function judgedOutcomes(
  answer: readonly unknown[],
  blame: (problem: string) => void,
): readonly Outcome[] {
  return Array.from(answer, (said) => {
    const { outcome, problem } = judged(said)
    if (problem !== undefined) blame(problem)
    return outcome
  })
}

/** Without its kind, its text or its reply it says nothing. Any other detail that is wrong is left out: it is no reason to deliver again. */
function judged(said: unknown): Judged {
  try {
    const problem = outcomeFault(said)
    return problem === undefined ? withoutWrongDetails(said as Outcome) : { outcome: notNow, problem }
  } catch (error) {
    return { outcome: notNow, problem: `answered an outcome that cannot be read: ${errorText(error)}` }
  }
}

function withoutWrongDetails(said: Outcome): Judged {
  const wrong = Object.keys(details).filter((name) => {
    const value = property(said, name)
    return value !== undefined && details[name]?.(value) !== true
  })
  const isPast = said.kind === 'deferred' && Number(said.retryAfter) < 0 && !wrong.includes('retryAfter')
  if (wrong.length === 0 && !isPast) return { outcome: said }
  const kept = Object.entries(said).filter(([name]) => !wrong.includes(name))
  const outcome = { ...Object.fromEntries(kept), ...(isPast ? { retryAfter: 0 } : {}) } as unknown as Outcome
  const names = [...wrong, ...(isPast ? ['retryAfter'] : [])].join(', ')
  return { outcome, problem: `answered an outcome whose ${names} is not valid` }
}

function outcomeFault(outcome: unknown): string | undefined {
  const kind = property(outcome, 'kind')
  if (kind !== 'delivered' && kind !== 'deferred' && kind !== 'failed') return 'answered an unknown outcome'
  return kind === 'delivered' ? deliveredFault(outcome) : troubleFault(kind, outcome)
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
