import type { Clock } from '../clock.ts'
import type { RouteResult } from '../flow/flow.ts'
import { findRoutes } from '../flow/routing.ts'
import type { Host } from '../host.ts'
import { formatAddress } from '../model/address/address.ts'
import type { RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import { isPermanent } from '../model/reply.ts'
import { OwnNames } from '../own-names.ts'
import { answerFault } from './answers.ts'
import type { Decision } from './hook-point.ts'
import { withinTime } from './steps.ts'
import type { PlacedTap } from './tap-order.ts'

// RFC 5321 §4.1.1.3: the one mailbox that needs no domain.
const address = { localPart: 'postmaster', domain: '' }
const patience = 5_000
type Ask = (question: RouteQuestion) => Promise<Decision<RouteAnswer> | undefined>

const unknown = { kind: 'fault', by: 'core/not-started' } as const
const faultOf = answerFault('delivery.route', 'claim')

/**
 * Where mail from other servers is led into mailboxes and nobody reads what goes to the postmaster (RFC 5321 §4.5.1). No fault, for such
 * configs have been taken. The taps are asked apart from their hook: what they say of nobody's mail is nothing for the history. Accounts that
 * are not started may know nobody: whether the one who is named has a mailbox is only asked behind a start.
 */
export async function unreadPostmaster(
  { rolesListenedFor, hooks, settings }: Pick<Host, 'rolesListenedFor' | 'hooks' | 'settings'>,
  clock: Clock,
  isStarted: boolean,
): Promise<readonly string[]> {
  const { placed } = hooks.points.delivery.route
  const intoMailboxes = placed.some(({ options: { kinds } }) => kinds?.includes('account'))
  if (!rolesListenedFor.has('transfer') || !intoMailboxes) return []
  const found = await postmasterRoutes(placed, clock, isStarted)
  const problem = found === undefined ? undefined : problemOf(found, new OwnNames(settings.hostname))
  if (problem === undefined) return []
  return [
    `nobody reads mail for <postmaster>, ${problem}: name somebody who has a mailbox with localDelivery({ postmaster })`,
  ]
}

function problemOf(found: RouteResult, ownNames: OwnNames): string | undefined {
  if (!found.ok) return isPermanent(found.reply) ? 'which is refused' : undefined
  const circle = found.routes
    .filter((route) => route.kind === 'remote' && route.nextHop === undefined)
    .find((route) => ownNames.has(route.address.domain))
  return circle && `which would go out to ${formatAddress(circle.address)}, and so come back to this server`
}

/** Undefined where nobody can tell: a plugin that is set up and not started, say. */
async function postmasterRoutes(
  taps: readonly PlacedTap[],
  clock: Clock,
  isStarted: boolean,
): Promise<RouteResult | undefined> {
  const late = new AbortController()
  let found: RouteResult | undefined
  try {
    await withinTime(clock, 'the route of <postmaster>', 'check', patience, async () => {
      const ask: Ask = async (question) =>
        isStarted || question.address.domain === '' ? firstAnswer(taps, question, late.signal) : unknown
      found = await findRoutes(ask, { address: { ...address }, original: { ...address } })
    })
  } catch {
    return undefined
  } finally {
    late.abort()
  }
  return found
}

async function firstAnswer(
  taps: readonly PlacedTap[],
  question: RouteQuestion,
  signal: AbortSignal,
): Promise<Decision<RouteAnswer> | undefined> {
  for (const { name: by, run } of taps) {
    const answer = await run(question, { signal })
    if (answer === undefined) continue
    return faultOf(answer, [question]) === undefined
      ? { kind: 'answer', by, answer: answer as RouteAnswer }
      : { kind: 'fault', by }
  }
  return undefined
}
