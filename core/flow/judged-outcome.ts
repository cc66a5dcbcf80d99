import { property } from '../host/property.ts'
import { type Deferred, type Delivered, type Outcome, troubleCauses } from '../model/delivery.ts'
import { notNow, notWithoutOthers } from '../model/outcome.ts'
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

/** What could not be read: it is like nothing that is good. */
const unreadable = Symbol('unreadable')

/** What a tap said of the items of a batch, as a queue may keep it and act on it; what is wrong with it is told by `blame`. */
export function judgedOutcomes(
  answer: readonly unknown[],
  blame: (problem: string) => void,
): readonly Outcome[] {
  return Array.from({ length: answer.length }, (_, index) => {
    const said = read(() => answer[index])
    const { outcome, problem } = judged((name) => read(() => property(said, name)))
    if (problem !== undefined) blame(problem)
    return outcome
  })
}

/** Plugins may answer with getters, which may throw: each is read once, and what was read is what counts. */
function read(get: () => unknown): unknown {
  try {
    return get()
  } catch {
    return unreadable
  }
}

/**
 * Without its kind, its text or the reply of a trouble it says nothing. Any other detail that is wrong is left out: it is no reason to
 * deliver again.
 */
function judged(part: (name: string) => unknown): Judged {
  const kind = part('kind')
  switch (kind) {
    case 'delivered':
      return deliveredAs(part)
    case 'deferred':
    case 'failed':
      return troubleAs(kind, part)
    default:
      return { outcome: notNow, problem: 'answered an unknown outcome' }
  }
}

function deliveredAs(part: (name: string) => unknown): Judged {
  const text = part('text')
  if (typeof text !== 'string') return { outcome: notNow, problem: 'answered an outcome without its text' }
  const said = plainReply(part('reply'))
  if (said === undefined) return withDetails({ kind: 'delivered', text }, part)
  return replyFault(said) === undefined
    ? withDetails({ kind: 'delivered', text, reply: said as Reply }, part)
    : withDetails({ kind: 'delivered', text }, part, ['reply'])
}

function troubleAs(kind: 'deferred' | 'failed', part: (name: string) => unknown): Judged {
  const said = plainReply(part('reply'))
  const fault = replyFault(said)
  if (fault !== undefined)
    return { outcome: notNow, problem: `answered an outcome without a valid reply: ${fault}` }
  const answer = said as Reply
  const fits = kind === 'deferred' ? isTransient(answer) : isPermanent(answer)
  if (!fits) return { outcome: notNow, problem: `answered "${kind}" with a reply that says otherwise` }
  return withDetails({ kind, reply: answer }, part)
}

/** A reply that says the same whoever reads it how often; anything else as it is. */
function plainReply(said: unknown): unknown {
  // Recognised by identity.
  if (said === notWithoutOthers.reply || typeof said !== 'object' || said === null) return said
  return read(() => {
    const { code, enhanced, lines } = said as Partial<Reply>
    const own = Array.isArray(lines) ? Array.from(lines) : lines
    return { code, ...(enhanced === undefined ? {} : { enhanced }), lines: own }
  })
}

/** Adds the details that are good; `wrong` names what is not, and is not in the outcome already. */
function withDetails(main: Outcome, part: (name: string) => unknown, wrong: readonly string[] = []): Judged {
  const all = [...wrong]
  const kept: Record<string, unknown> = {}
  for (const [name, isGood] of Object.entries(details)) {
    const value = part(name)
    if (value === undefined) continue
    const isPast = name === 'retryAfter' && Number.isFinite(value) && Number(value) < 0
    if (isPast || !isGood(value)) all.push(name)
    if (isGood(value)) kept[name] = isPast ? 0 : value
  }
  const outcome: Outcome = { ...main, ...kept }
  return all.length === 0
    ? { outcome }
    : { outcome, problem: `answered an outcome whose ${all.join(', ')} is not valid` }
}
