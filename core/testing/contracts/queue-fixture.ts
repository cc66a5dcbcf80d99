import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Attempt, AttemptItem, DeliveryFlow } from '../../flow/flow.ts'
import { createMessage } from '../../message/create-message.ts'
import { type Address, addressKey } from '../../model/address/address.ts'
import { bufferContent, readAll } from '../../model/content.ts'
import type { AccountRoute, Outcome } from '../../model/delivery.ts'
import { type Reply, reply } from '../../model/reply.ts'
import type { Session } from '../../model/session.ts'
import type { Recipient, Transaction } from '../../model/transaction.ts'
import type { Queue, QueueAbilities, RecipientAnswer, Submission } from '../../services/queue.ts'
import type { FakeClock } from '../fake-clock.ts'
import { abilitiesOf } from './abilities.ts'
import type { ConditionalCase, Disposable } from './contract.ts'
import { sampleMessage } from './store-fixture.ts'

/** A queue to be examined. */
export interface QueueFixture extends Disposable {
  readonly queue: Queue
  /**
   * The queue that the next process would have, after this one was killed. Wanted where `supports.retries`: what waits
   * outlives the process.
   */
  reopen?(): Promise<Queue>
}

/** What a queue gets to work with. */
export interface QueueSurroundings {
  /** Stands for the hooks of delivery: does what the case wants. */
  readonly delivery: DeliveryFlow
  /** For the queue's retries. */
  readonly clock: FakeClock
}

/** A fixture with the surroundings it was made in, as cases see it. */
export interface QueueSubject extends QueueFixture {
  readonly delivery: ScriptedDelivery
  readonly clock: FakeClock
}

export type QueueNeed = keyof QueueAbilities

export type QueueCase = ConditionalCase<QueueSubject, QueueNeed>

export function queueHas(need: QueueNeed, { queue }: QueueFixture): boolean {
  return abilitiesOf('queue', queue)[need]
}

/** What a recipient's delivery comes to: an outcome, or a delivery that breaks. */
export type ScriptedOutcome = Outcome | 'throws'

const delivered: Outcome = { kind: 'delivered', text: 'in INBOX' }

/** "Try later". */
export const deferredOutcome: Outcome = { kind: 'deferred', reply: reply(452, '4.2.2', 'Mailbox full') }

/** "Never". */
export const failedOutcome: Outcome = { kind: 'failed', reply: reply(550, '5.1.1', 'No such user') }

/** One delivery that was made. */
export interface MadeDelivery {
  readonly id: string
  readonly recipient: string
  /** The local part of the address that the route leads to. */
  readonly route: string
  readonly content: string
  readonly quarantine: string | undefined
}

/** A delivery flow that does what it was told, by the local part of each route's address. */
export class ScriptedDelivery implements DeliveryFlow {
  readonly attempts: Attempt[] = []
  readonly made: MadeDelivery[] = []
  /** Local parts of routes that were given up without another attempt. */
  readonly givenUp: string[] = []
  readonly #script = new Map<string, ScriptedOutcome>()
  #gate: Promise<void> = Promise.resolve()

  /** What deliveries to this local part come to from now on; they are made where nothing is said. */
  on(localPart: string, outcome: ScriptedOutcome): void {
    this.#script.set(localPart, outcome)
  }

  /** Holds all deliveries until the answered call. */
  pause(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#gate = promise
    return resolve
  }

  /** How often something was delivered for this local part. */
  count(localPart: string): number {
    return this.made.filter((each) => each.route === localPart).length
  }

  async route({ address }: Parameters<DeliveryFlow['route']>[0]): ReturnType<DeliveryFlow['route']> {
    return { ok: true, routes: [routeTo(address.localPart)] }
  }

  giveUp(_attempt: unknown, item: AttemptItem): void {
    this.givenUp.push(localPartOf(item))
  }

  async attempt(attempt: Attempt): Promise<readonly Outcome[]> {
    this.attempts.push(attempt)
    await this.#gate
    const outcomes = attempt.items.map((item) => this.#outcome(item))
    const stopped = attempt.atomic && outcomes.some((outcome) => outcome.kind !== 'delivered')
    return Promise.all(
      attempt.items.map((item, index) => this.#deliver(attempt, item, outcomes[index], stopped)),
    )
  }

  #outcome(item: AttemptItem): Outcome {
    const scripted = this.#script.get(localPartOf(item)) ?? delivered
    if (scripted === 'throws') throw new Error('the delivery broke')
    return scripted
  }

  async #deliver(
    { id }: Attempt,
    item: AttemptItem,
    outcome: Outcome = delivered,
    stopped: boolean,
  ): Promise<Outcome> {
    if (outcome.kind !== 'delivered') return outcome
    if (stopped) return { kind: 'deferred', reply: reply(451, '4.3.0', 'Another recipient failed') }
    const content = (await readAll(item.message.content)).toString('latin1')
    const { localPart: recipient } = item.recipient
    this.made.push({ id, recipient, route: localPartOf(item), content, quarantine: item.quarantine })
    return outcome
  }
}

function localPartOf({ route }: AttemptItem): string {
  return route.address.localPart
}

function addressAt(localPart: string): Address {
  return { localPart, domain: 'example.org' }
}

function routeTo(localPart: string): AccountRoute {
  const address = addressAt(localPart)
  return { kind: 'account', account: { id: `id-${localPart}`, address }, address }
}

/** A recipient with its routes: `jo`, or `info: jo anna` for an alias. */
function recipientOf(text: string): Recipient {
  const [name = '', targets = name] = text.split(': ')
  const routes = targets.split(' ').map(routeTo)
  return { forwardPath: addressAt(name), parameters: {}, claimedBy: 'test/claim', routes }
}

/** What a case submits. Each variant goes to the recipients that it names. */
export interface SubmissionPlan {
  readonly variants: readonly {
    readonly to: readonly string[]
    readonly octets?: Buffer
    readonly quarantine?: string
  }[]
  readonly atomic?: boolean
  readonly reversePath?: Address | null
  readonly signal?: AbortSignal
}

/** Makes a submission as the flow would. */
export async function submissionOf(plan: SubmissionPlan): Promise<Submission> {
  const signal = plan.signal ?? new AbortController().signal
  const variants = await Promise.all(
    plan.variants.map(async ({ to, octets = sampleMessage(), quarantine }) => ({
      recipients: to.map(recipientOf),
      message: await createMessage(bufferContent(octets)),
      ...(quarantine === undefined ? {} : { quarantine }),
    })),
  )
  const transaction: Transaction = {
    id: `tx${randomUUID().replaceAll('-', '').slice(0, 15)}`,
    session: sampleSession(plan.atomic === false ? 'lmtp' : 'transfer', signal),
    startedAt: new Date(0),
    reversePath:
      plan.reversePath === undefined
        ? { localPart: 'sender', domain: 'elsewhere.example' }
        : plan.reversePath,
    parameters: {},
    recipients: variants.flatMap((variant) => variant.recipients),
    signal,
  }
  return { transaction, variants, atomic: plan.atomic ?? true }
}

function sampleSession(role: Session['role'], signal: AbortSignal): Session {
  const local = { address: '192.0.2.1', port: 25 }
  const remote = { address: '192.0.2.2', port: 40_000 }
  const known = {
    tls: undefined,
    hello: undefined,
    account: undefined,
    ownClient: undefined,
    internal: false,
  }
  return { id: 'session-1', role, listener: 'test', startedAt: new Date(0), local, remote, signal, ...known }
}

/** The reply for a recipient; failing the case where there is not exactly one. */
export function replyFor(answers: readonly RecipientAnswer[], localPart: string): Reply {
  const key = addressKey(addressAt(localPart))
  const found = answers.filter((answer) => addressKey(answer.recipient) === key)
  const [only] = found
  if (only === undefined || found.length > 1) expect.fail(`${found.length} answers for ${localPart}`)
  return only.reply
}
