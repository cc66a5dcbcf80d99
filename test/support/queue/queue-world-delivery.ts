import {
  type Attempt,
  type AttemptItem,
  type Clock,
  type DeliveryFlow,
  formatAddress,
  type Outcome,
  type Route,
  type RouteResult,
  readAll,
  reply,
} from 'mailwright'
import { addressOf } from 'mailwright/testing'
import { toldBy } from './queue-world-reports.ts'

/** One delivery that was made. */
export interface WorldDelivered {
  readonly id: string
  readonly to: string
  readonly from: string
  readonly at: number
  readonly size: number
  /** Of a notification: whom it is about, `failed jo@example.org`. */
  readonly tells: readonly string[]
  readonly quarantine: string | undefined
}

/** One attempt. */
export interface WorldAttempt {
  readonly id: string
  readonly to: readonly string[]
  readonly at: number
  readonly requireTls: boolean
}

/** What becomes of a delivery. */
export type Decide = (item: AttemptItem, attempt: Attempt) => Outcome | Promise<Outcome>

export type RoutesTo = readonly string[] | (() => readonly string[]) | Extract<RouteResult, { ok: false }>

/** A delivery flow that does what it is told. */
export interface WorldDelivery extends DeliveryFlow {
  /** What was delivered, oldest first. */
  readonly delivered: WorldDelivered[]
  /** All attempts with the addresses that they were for. */
  readonly attempts: WorldAttempt[]
  /** Addresses that were given up without another attempt. */
  readonly givenUp: string[]
  /** Attempts under way, and the most that there were at the same time. */
  readonly underWay: { now: number; most: number }
  /** Decides for an address or for a domain as `@example.org`, from now on. */
  on(place: string, decide: Outcome | Decide): void
  /** Where an address leads to, from now on: addresses, what is asked for them each time, or nowhere. */
  routes(address: string, answer: RoutesTo): void
  /** Lets attempts for a domain wait until the answered call. */
  gate(domain: string): () => void
  releaseAll(): void
  /** How often something was delivered to an address. */
  count(address: string): number
}

export const deliveredOutcome: Outcome = { kind: 'delivered', text: 'there' }
export const mailboxFull: Outcome = {
  kind: 'deferred',
  reply: reply(452, '4.2.2', 'Mailbox full'),
  concerns: 'recipient',
}
export const noSuchUser: Outcome = { kind: 'failed', reply: reply(550, '5.1.1', 'No such user') }
/** The destination does not answer. */
export const unreachable: Outcome = {
  kind: 'deferred',
  reply: reply(451, '4.4.1', 'No answer'),
  host: 'mx.dead.example',
  cause: 'unreachable',
  concerns: 'destination',
}
/** What `smtp-out` says where the postmaster has set a limit. */
export const waitsForTurn = (retryAfter: number, moving = false): Outcome => ({
  ...{ kind: 'deferred', untried: true, concerns: 'destination', retryAfter, moving },
  reply: reply(451, '4.4.5', 'It is not its turn'),
})

/** `here.example` has accounts, `list.example` is a handler's, everything else is on other hosts. */
export function routeOf(text: string): Route {
  const address = addressOf(text)
  if (address.domain === 'here.example') return { kind: 'account', account: { id: text, address }, address }
  if (address.domain === 'list.example') return { kind: 'handler', handler: 'lists/post', address }
  return { kind: 'remote', address }
}

/** Makes one in which everything is delivered. */
export function worldDelivery(clock: Clock): WorldDelivery {
  const decisions = new Map<string, Outcome | Decide>()
  const routes = new Map<string, RoutesTo>()
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const delivered: WorldDelivered[] = []
  const attempts: WorldAttempt[] = []
  const givenUp: string[] = []
  const underWay = { now: 0, most: 0 }

  const one = async (attempt: Attempt, item: AttemptItem): Promise<Outcome> => {
    const { address } = item.route
    const to = formatAddress(address)
    const decide = decisions.get(to) ?? decisions.get(`@${address.domain}`) ?? deliveredOutcome
    const outcome = typeof decide === 'function' ? await decide(item, attempt) : decide
    if (outcome.kind !== 'delivered') return outcome
    const octets = await readAll(item.message.content)
    const { length: size } = octets
    const path = item.reversePath === undefined ? attempt.reversePath : item.reversePath
    const from = path === null ? '' : formatAddress(path)
    const { id } = attempt
    const tells = toldBy(octets.toString())
    delivered.push({ id, to, from, at: clock.now(), size, tells, quarantine: item.quarantine })
    return outcome
  }

  return {
    delivered,
    attempts,
    givenUp,
    underWay,
    on: (place, decide) => void decisions.set(place, decide),
    routes: (address, answer) => void routes.set(address, answer),
    gate(domain) {
      const gate = Promise.withResolvers<void>()
      gates.set(domain, gate)
      return () => {
        gates.delete(domain)
        gate.resolve()
      }
    },
    releaseAll() {
      for (const gate of gates.values()) gate.resolve()
      gates.clear()
    },
    count: (address) => delivered.filter(({ to }) => to === address).length,
    async route({ address }) {
      const text = formatAddress(address)
      const told = routes.get(text) ?? [text]
      const answer = typeof told === 'function' ? told() : told
      return 'ok' in answer ? answer : { ok: true, routes: answer.map(routeOf) as never }
    },
    giveUp: (_attempt, { route }) => void givenUp.push(formatAddress(route.address)),
    async attempt(attempt) {
      const to = attempt.items.map(({ route }) => formatAddress(route.address))
      const requireTls = attempt.parameters?.requireTls === true
      attempts.push({ id: attempt.id, to, at: clock.now(), requireTls })
      underWay.now++
      underWay.most = Math.max(underWay.most, underWay.now)
      try {
        await Promise.all(attempt.items.map(({ route }) => gates.get(route.address.domain)?.promise))
        return await Promise.all(attempt.items.map((item) => one(attempt, item)))
      } finally {
        underWay.now--
      }
    },
  }
}
