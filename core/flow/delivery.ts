import type { HookSubject } from '../host/hook-point.ts'
import { type Address, formatAddress } from '../model/address/address.ts'
import type {
  BatchItem,
  Disposition,
  Failed,
  Filing,
  Outcome,
  RouteQuestion,
  SortAction,
} from '../model/delivery.ts'
import { notNow, notWithoutOthers } from '../model/outcome.ts'
import { localError, reply } from '../model/reply.ts'
import { aMomentAfter } from './a-moment-after.ts'
import type { Attempt, AttemptItem, DeliveryFlow, RouteResult } from './flow.ts'
import { forEach, parted, routeActions, sentOn } from './forwards.ts'
import { idTime } from './id.ts'
import { judgedOutcomes } from './judged-outcome.ts'
import { NestedQuestions } from './nested-questions.ts'
import { findRoutes, routeKey } from './routing.ts'
import type { FlowContext } from './surroundings.ts'
import { causesOf, outcomeText, worst } from './told-outcome.ts'

/** Sends an automatic reply that sorting asked for. */
export type Respond = (
  item: AttemptItem,
  action: Extract<SortAction, { kind: 'reply' }>,
  attempt: Attempt,
) => Promise<void>

/** What sorting made of one item: where it is filed and forwarded to, or an outcome at once. */
interface SortedItem {
  readonly item: AttemptItem
  readonly filings: readonly Filing[]
  readonly forwards: readonly AttemptItem[]
  readonly replies: readonly Extract<SortAction, { kind: 'reply' }>[]
  readonly outcome?: Outcome
}

// RFC 3463 §3.4: "system incorrectly configured". Who takes mail has to keep it (RFC 5321 §6.1) until that is mended.
const nobodyDelivers: Outcome = {
  kind: 'deferred',
  reply: reply(451, '4.3.5', 'Nobody delivers to that address now'),
}
const discarded: Outcome = { kind: 'delivered', text: 'discarded by sorting' }

/** Runs the hooks of delivery; see {@link DeliveryFlow}. */
export class Delivery implements DeliveryFlow {
  readonly #context: FlowContext
  readonly #respond: Respond
  readonly #nested = new NestedQuestions()

  constructor(context: FlowContext, respond: Respond) {
    this.#context = context
    this.#respond = respond
  }

  route(question: RouteQuestion): Promise<RouteResult> {
    return this.routeFor(question, {})
  }

  /** The same on behalf of a transaction, so that its history says who answered what. */
  async routeFor(question: RouteQuestion, subject: HookSubject): Promise<RouteResult> {
    const { hooks, log } = this.#context
    const found = await this.#nested.within(
      () => findRoutes((one) => hooks.delivery.route.decide([one], subject), question),
      () => {
        const text = 'to lead an address somewhere plugins ask each other for ever'
        log.error('internal-error', { ...subject, recipient: formatAddress(question.address), text })
      },
    )
    return found ?? { ok: false, reply: localError }
  }

  async attempt(attempt: Attempt): Promise<readonly Outcome[]> {
    try {
      return await this.#attempt(attempt)
    } catch (error) {
      this.#context.log.error('internal-error', { transaction: attempt.id, error })
      return attempt.items.map(() => notNow)
    }
  }

  async #attempt(attempt: Attempt): Promise<readonly Outcome[]> {
    const sorted = await Promise.all(
      attempt.items.map((item) =>
        this.#sort(attempt, item).catch((error: unknown) => {
          this.#context.log.error('internal-error', { transaction: attempt.id, error })
          return { item, filings: [], forwards: [], replies: [], outcome: notNow }
        }),
      ),
    )
    const failure = sorted.find(
      ({ outcome }) => outcome !== undefined && outcome.kind !== 'delivered',
    )?.outcome
    const delivered =
      attempt.atomic && failure !== undefined
        ? sorted.map(({ outcome }) => outcome ?? notWithoutOthers)
        : await this.#deliverSorted(attempt, sorted)
    // What is refused as a whole comes again as a whole, and is replied to then.
    if (attempt.atomic && delivered.some(({ kind }) => kind !== 'delivered')) return delivered
    for (const [index, { replies, item }] of sorted.entries()) {
      if (delivered[index]?.kind !== 'delivered') continue
      for (const action of replies) this.#context.inBackground(this.#respond(item, action, attempt))
    }
    return delivered
  }

  async #sort(attempt: Attempt, item: AttemptItem): Promise<SortedItem> {
    const nothing = { item, filings: [], forwards: [], replies: [] }
    if (item.route.kind !== 'account') return nothing
    if (item.quarantine !== undefined) {
      return { ...nothing, filings: [{ kind: 'file', mailbox: 'Junk', create: true }] }
    }
    const disposition: Disposition = {
      route: item.route,
      reversePath: reversePathOf(item, attempt),
      message: item.message,
      actions: [{ kind: 'file', mailbox: 'INBOX' }],
    }
    const result = await this.#context.hooks.delivery.sort.rewrite(disposition, [], this.#subject(attempt))
    if (result.kind === 'fault') return { ...nothing, outcome: notNow }
    const { actions } = result.value
    const routed = await routeActions(
      this.#context,
      (question, subject) => this.routeFor(question, subject),
      item,
      actions,
      this.#subject(attempt),
    )
    if (routed === undefined) return { ...nothing, outcome: notNow }
    const { filings } = routed
    const found = forEach(routed.forwards, routed.forwards.length + Math.min(filings.length, 1))
    const { here: forwards, elsewhere } =
      attempt.takeOver === undefined ? { here: found, elsewhere: [] } : parted(found)
    if (elsewhere.length > 0) await attempt.takeOver?.(elsewhere)
    const replies = actions.filter((action) => action.kind === 'reply')
    if (filings.length + forwards.length > 0) return { item, filings, forwards, replies }
    const outcome = elsewhere.length > 0 ? sentOn(elsewhere) : discarded
    return { ...nothing, replies, outcome }
  }

  /** Delivers by kind of route and by handler; what several recipients lead to is delivered once. */
  async #deliverSorted(attempt: Attempt, sorted: readonly SortedItem[]): Promise<readonly Outcome[]> {
    const parts = sorted.map((one) => (one.outcome === undefined ? batchItems(one, attempt) : []))
    const wanted = new Map<string, BatchItem>()
    for (const item of parts.flat()) if (!wanted.has(deliveryKey(item))) wanted.set(deliveryKey(item), item)
    const outcomes = new Map<string, Outcome>()
    for (const [kind, items] of batchesOf([...wanted.values()])) {
      const stopped = attempt.atomic && [...outcomes.values()].some((outcome) => outcome.kind !== 'delivered')
      const results = stopped
        ? items.map(() => notWithoutOthers)
        : await this.#deliverBatch(attempt, kind, items)
      for (const [index, item] of items.entries()) outcomes.set(deliveryKey(item), results[index] ?? notNow)
    }
    return sorted.map((one, index) => {
      const own = (parts[index] ?? []).map((item) => outcomes.get(deliveryKey(item)) ?? notNow)
      return one.outcome ?? worst(own)
    })
  }

  async #deliverBatch(
    attempt: Attempt,
    kind: BatchItem['route']['kind'],
    items: readonly BatchItem[],
  ): Promise<readonly Outcome[]> {
    const { id, parameters = {}, atomic, isLast = false, signal } = attempt
    const { delivery } = this.#context.hooks
    const subject = this.#subject(attempt)
    const last = isLast && { isLast }
    const batch = Object.freeze({
      id,
      parameters,
      kind,
      items: Object.freeze(items),
      atomic,
      ...last,
      signal,
    })
    const patient = aMomentAfter(signal, this.#context.clock)
    const decision = await delivery.deliver.decide<readonly unknown[]>([batch], {
      ...subject,
      signal: patient,
    })
    if (decision === undefined) this.#tellUnclaimed(attempt, kind, items)
    const outcomes =
      decision === undefined
        ? items.map(() => nobodyDelivers)
        : decision.kind === 'fault'
          ? items.map(() => notNow)
          : judgedOutcomes(decision.answer, (problem) =>
              delivery.deliver.blame(decision.by, problem, subject),
            )
    for (const [index, item] of items.entries()) this.#report(attempt, item, outcomes[index] ?? notNow)
    return outcomes
  }

  #tellUnclaimed({ id }: Attempt, kind: BatchItem['route']['kind'], items: readonly BatchItem[]): void {
    const [route] = items.map((item) => item.route)
    const handler = route?.kind === 'handler' ? { handler: route.handler } : {}
    const text = 'no plugin of the config delivers mail with such a route'
    this.#context.log.error('unavailable', { transaction: id, kind, ...handler, text })
  }

  giveUp(attempt: Omit<Attempt, 'items' | 'atomic' | 'signal'>, item: AttemptItem, outcome: Failed): void {
    this.#report(attempt, batchItem(item, attempt), outcome)
  }

  #report(attempt: Pick<Attempt, 'id' | 'session'>, item: BatchItem, outcome: Outcome): void {
    const { delivery } = this.#context.hooks
    const subject = this.#subject(attempt)
    const text = outcomeText(outcome)
    const verb = outcome.kind === 'failed' ? 'bounced' : outcome.kind
    const recipient = formatAddress(item.recipient)
    const why = causesOf(outcome)
    this.#context.metrics.delivery(item.route.kind, outcome, idTime(attempt.id))
    this.#context.record(verb, subject, { text, facts: { recipient, route: routeKey(item.route), ...why } })
    this.#context.log.info(verb, { transaction: attempt.id, recipient, ...why, text })
    const hook = { delivered: delivery.delivered, deferred: delivery.deferred, failed: delivery.bounced }[
      outcome.kind
    ]
    this.#context.inBackground(hook.notify([{ id: attempt.id, item, outcome }], subject))
  }

  #subject({ id, session }: Pick<Attempt, 'id' | 'session'>): HookSubject {
    return session === undefined ? { transaction: id } : { transaction: id, session }
  }
}

/** What one plugin delivers together. A handler's name belongs to one plugin, so that each handler has a batch of its own. */
function batchesOf(
  items: readonly BatchItem[],
): readonly (readonly [BatchItem['route']['kind'], readonly BatchItem[]])[] {
  const ofKind = (kind: BatchItem['route']['kind']): readonly BatchItem[] =>
    items.filter((item) => item.route.kind === kind)
  const handlers = Map.groupBy(items, ({ route }) => (route.kind === 'handler' ? route.handler : undefined))
  handlers.delete(undefined)
  // Accounts last: what goes elsewhere cannot be undone, what goes into mailboxes is then not visible without it.
  const batches = [
    ['remote', ofKind('remote')],
    ...[...handlers.values()].map((own) => ['handler', own] as const),
    ['account', ofKind('account')],
  ] as const
  return batches.filter(([, own]) => own.length > 0)
}

function batchItems({ item, filings, forwards }: SortedItem, attempt: Attempt): readonly BatchItem[] {
  const own = item.route.kind === 'account' && filings.length === 0 ? [] : [batchItem(item, attempt, filings)]
  return [...own, ...forwards.map((forward) => batchItem(forward, attempt, inboxOf(forward)))]
}

function batchItem(
  item: AttemptItem,
  attempt: Pick<Attempt, 'reversePath'>,
  filings: readonly Filing[] = [],
): BatchItem {
  const { recipient, parameters = {}, route, message } = item
  const reversePath = reversePathOf(item, attempt)
  return Object.freeze({
    recipient,
    parameters,
    reversePath,
    route,
    message,
    filings: Object.freeze(filings),
  })
}

function reversePathOf(item: AttemptItem, attempt: Pick<Attempt, 'reversePath'>): Address | null {
  return item.reversePath === undefined ? attempt.reversePath : item.reversePath
}

/** A forward into an account here is not sorted again, so that two accounts cannot forward to each other for ever. */
function inboxOf(item: AttemptItem): readonly Filing[] {
  return item.route.kind === 'account' ? [{ kind: 'file', mailbox: 'INBOX' }] : []
}

const variantNumbers = new WeakMap<object, number>()
let variants = 0

/** The same for deliveries of the same message to the same place. */
function deliveryKey(item: BatchItem): string {
  const variant = variantNumbers.get(item.message) ?? ++variants
  variantNumbers.set(item.message, variant)
  const sender = item.reversePath === null ? '' : formatAddress(item.reversePath)
  return `${variant} ${routeKey(item.route)} ${JSON.stringify(item.filings)} ${sender}`
}
