import type { Decision } from '../host/hook-point.ts'
import { type Address, addressKey, formatAddress } from '../model/address/address.ts'
import type { Route, RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import { localError, type Reply, reply } from '../model/reply.ts'
import { Pacer } from '../summary/pacer.ts'
import type { RouteResult } from './flow.ts'

// RFC 5321 §6.3: loops are found by limits as well as by memory. An alias of an alias is common, twenty deep is not.
const maxDepth = 20
/** Addresses that one may lead to. */
export const maxAddresses = 10_000

/** Nobody leads the address anywhere. */
export const noRoute: Reply = reply(550, '5.7.1', 'No route to that address')
const noTargets = reply(550, '5.1.1', 'The aliases of that address name nobody')
const loop = reply(554, '5.4.6', 'Mail loop in the aliases of that address')
const tooMany = reply(554, '5.4.6', 'The aliases of that address name too many others')

/** Addresses that are asked at the same time. */
const askedAtOnce = 32

/** Asks `route` once. */
type Ask = (question: RouteQuestion) => Promise<Decision<RouteAnswer> | undefined>

/**
 * Follows expansions to their ends, each address once. Where any of them has nowhere to go the whole address has not:
 * nobody is left out in silence.
 */
export async function findRoutes(ask: Ask, question: RouteQuestion): Promise<RouteResult> {
  let via: string | undefined
  const noted: Ask = async (one) => {
    const decision = await ask(one)
    if (decision?.kind === 'answer' && decision.answer.kind === 'expansion') via ??= decision.answer.via
    return decision
  }
  const found = await followRoutes(noted, question)
  return via === undefined ? found : { ...found, via }
}

async function followRoutes(ask: Ask, question: RouteQuestion): Promise<RouteResult> {
  const routes = new Map<string, Route>()
  const seen = new Set<string>()
  /** Addresses that were followed beside the one that was asked. */
  let followed = -1
  let level: readonly Address[] = [question.address]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return refuse(loop)
    const next: Address[] = []
    for await (const decision of decisionsOf(unseenOf(level, seen), ask, question)) {
      followed += 1
      if (decision === undefined) return refuse(noRoute)
      if (decision.kind === 'fault') return refuse(localError)
      if (decision.answer.kind !== 'expansion') {
        routes.set(routeKey(decision.answer), decision.answer)
        continue
      }
      const { addresses } = decision.answer
      if (addresses.length === 0) return refuse(noTargets)
      if (followed + next.length + addresses.length > maxAddresses) return refuse(tooMany)
      for (const target of addresses) next.push(target)
    }
    level = next
  }
  return routes.size === 0 ? refuse(loop) : { ok: true, routes: [...routes.values()] }
}

/** Those that were not seen before, each once. */
function unseenOf(level: readonly Address[], seen: Set<string>): readonly Address[] {
  return level.filter((address) => {
    const before = seen.size
    return seen.add(addressKey(address)).size > before
  })
}

/** What is decided of each, in their order. */
async function* decisionsOf(
  addresses: readonly Address[],
  ask: Ask,
  question: RouteQuestion,
): AsyncGenerator<Awaited<ReturnType<Ask>>> {
  // Answers that are kept come without a turn of anybody else.
  const pacer = new Pacer()
  // The first is asked alone: where it is refused, the others need not be asked.
  for (let from = 0, many = 1; from < addresses.length; from += many, many = askedAtOnce) {
    if (pacer.isDue) await pacer.rest()
    const some = addresses.slice(from, from + many)
    yield* await Promise.all(some.map((address) => ask(asked({ ...question, address }))))
  }
}

/** Changed by a tap, it would be another question for those behind it. */
function asked(question: RouteQuestion): RouteQuestion {
  Object.freeze(question.address)
  Object.freeze(question.original)
  return Object.freeze(question)
}

function refuse(answer: Reply): RouteResult {
  return { ok: false, reply: answer }
}

/** Two routes with the same key need one delivery. */
export function routeKey(route: Route): string {
  switch (route.kind) {
    case 'account':
      return `account ${route.account.id} ${route.detail ?? ''}`
    case 'remote':
      return `remote ${route.nextHop ?? ''} ${formatAddress(route.address)}`
    case 'handler':
      return `handler ${route.handler} ${formatAddress(route.address)}`
  }
}
