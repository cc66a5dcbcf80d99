import {
  type Batch,
  type BatchItem,
  type Clock,
  type Log,
  notWithoutOthers,
  type Outcome,
  reply,
} from 'mailwright'
import type { MessageDelivery } from './message-delivery.ts'
import { undelivered } from './outcome.ts'
import type { Destination, Destinations } from './routing/destination.ts'
import { type Dispatch, dispatchesOf } from './transaction/dispatch.ts'

const notNow = undelivered(reply(451, '4.3.0', 'The message could not be sent now, it will be tried again'))
const notInTime = undelivered(reply(451, '4.3.0', 'The message could not be sent in time'))
const noDomain = undelivered(reply(550, '5.1.3', 'The address has no domain'), { cause: 'no-such-address' })

export interface RemoteDeliverySettings {
  readonly destinations: Destinations
  readonly delivery: MessageDelivery
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds for a whole batch. */
  readonly timeout: number
}

/** Delivers batches to other hosts: what goes the same way together, the ways side by side. */
export class RemoteDelivery {
  readonly #settings: RemoteDeliverySettings
  readonly #atWork = new Set<AbortController>()
  #closed = false

  constructor(settings: RemoteDeliverySettings) {
    this.#settings = settings
  }

  /** One outcome for each item. What has not come to its end in time, or when `signal` says so, is deferred. */
  async deliver(batch: Batch, signal: AbortSignal): Promise<readonly Outcome[]> {
    const { clock, timeout } = this.#settings
    const end = new AbortController()
    const abort = (): void => end.abort(new Error('the delivery was given up'))
    if (this.#closed || batch.signal.aborted || signal.aborted) abort()
    batch.signal.addEventListener('abort', abort, { once: true })
    signal.addEventListener('abort', abort, { once: true })
    const timer = clock.after(timeout, abort)
    this.#atWork.add(end)
    try {
      const outcomes = await this.#dispatch(batch, end.signal)
      return batch.items.map((item) => outcomes.get(item) ?? unsent(batch))
    } finally {
      this.#atWork.delete(end)
      timer.cancel()
      signal.removeEventListener('abort', abort)
      batch.signal.removeEventListener('abort', abort)
    }
  }

  async #dispatch(batch: Batch, signal: AbortSignal): Promise<ReadonlyMap<BatchItem, Outcome>> {
    const { destinations } = this.#settings
    const outcomes = new Map<BatchItem, Outcome>()
    const sendable = batch.items.filter((item) => {
      const hasDomain =
        item.route.kind === 'remote' && (item.route.address.domain !== '' || item.route.nextHop)
      if (!hasDomain) outcomes.set(item, noDomain)
      return hasDomain
    })
    const dispatches = dispatchesOf(sendable, batch, ({ route, reversePath }): Destination => {
      if (route.kind !== 'remote') throw new TypeError('a remote batch holds remote routes')
      return destinations.find(route, reversePath)
    })
    if (batch.atomic) await this.#oneByOne(dispatches, outcomes, batch, signal)
    else
      await Promise.all(
        dispatches.map(async (dispatch) =>
          this.#note(dispatch, outcomes, await this.#one(dispatch, batch, signal), unsent(batch)),
        ),
      )
    return outcomes
  }

  /** All or none, as far as that can be had: what another host has taken cannot be undone. */
  async #oneByOne(
    dispatches: readonly Dispatch[],
    outcomes: Map<BatchItem, Outcome>,
    batch: Batch,
    signal: AbortSignal,
  ): Promise<void> {
    for (const dispatch of dispatches) {
      const isStopped = [...outcomes.values()].some(({ kind }) => kind !== 'delivered')
      const found = isStopped ? new Map() : await this.#one(dispatch, batch, signal)
      this.#note(dispatch, outcomes, found, isStopped ? notWithoutOthers : unsent(batch))
    }
  }

  #note(
    { envelope }: Dispatch,
    outcomes: Map<BatchItem, Outcome>,
    found: ReadonlyMap<BatchItem, Outcome>,
    standard: Outcome,
  ): void {
    for (const item of envelope.items) outcomes.set(item, found.get(item) ?? standard)
  }

  async #one(
    { destination, envelope }: Dispatch,
    { atomic, isLast = false }: Batch,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<BatchItem, Outcome>> {
    const outcomes = new Map<BatchItem, Outcome>()
    try {
      await this.#settings.delivery.deliver(destination, envelope, { atomic, isLast, signal, outcomes })
    } catch (error) {
      // The message cannot be read, or the time is over. What is decided stays so.
      const { log } = this.#settings
      log.warn('unavailable', { transaction: envelope.id, service: 'smtp-out', error })
    }
    return outcomes
  }

  /** Gives up what is at work. */
  close(): void {
    this.#closed = true
    for (const end of this.#atWork) end.abort(new Error('the system is shutting down'))
  }
}

/** Nothing else is known of it. */
function unsent({ isLast = false }: Batch): Outcome {
  return isLast ? notInTime : notNow
}
