import type { BatchItem, Log, Outcome } from 'mailwright'
import type { Envelope } from 'mailwright/smtp-client'
import {
  type AttemptedErrand,
  type AttemptSettings,
  Attempts,
  type Errand,
  graver,
  type Leftover,
  nobody,
} from './attempts.ts'
import { said, type Undelivered } from './outcome.ts'
import type { Destination, Destinations } from './routing/destination.ts'
import type { MailHosts } from './routing/mail-hosts.ts'

export interface MessageDeliverySettings extends AttemptSettings {
  readonly destinations: Pick<Destinations, 'fallbacksOf'>
  readonly hosts: MailHosts
  /** Is told of hosts that did not take a message that others were asked for. */
  readonly log: Log
}

/**
 * Gives one message to the hosts of its destination, one after the other, until one has taken or refused it; and to fall-back hosts
 * where it could not be told from the others that they never will.
 */
export class MessageDelivery {
  readonly #settings: MessageDeliverySettings

  constructor(settings: MessageDeliverySettings) {
    this.#settings = settings
  }

  /** Notes an outcome for each item. Rejects where the message cannot be read, or when the time is over. */
  async deliver(destination: Destination, envelope: Envelope, errand: Errand): Promise<void> {
    const { outcomes, signal } = errand
    const fallbacks = this.#settings.destinations.fallbacksOf(destination)
    // What a host said to single recipients whom another one may take.
    const deferred = new Map<BatchItem, Outcome>()
    const passedOver = new Set<Undelivered>()
    let last: Undelivered | undefined
    for (const way of [destination, ...fallbacks]) {
      const { outcome, waits, isFinal, isRefused } = await this.#go(way, envelope, {
        ...errand,
        deferred,
        passedOver,
      })
      if (last === undefined) last = outcome
      // Who was asked before has said more.
      else if (!waits) last = graver(last, outcome)
      // What its own hosts do not want at all is not got rid of by way of others.
      const isOver = waits || isFinal || (way === destination && isRefused)
      if (isOver || signal.aborted || envelope.items.every((item) => outcomes.has(item))) break
    }
    for (const item of envelope.items)
      if (!outcomes.has(item)) outcomes.set(item, deferred.get(item) ?? last ?? nobody)
    // The outcome itself is in the log anyhow.
    for (const outcome of outcomes.values()) if (outcome.kind !== 'delivered') passedOver.delete(outcome)
    for (const outcome of passedOver)
      this.#settings.log.info('unavailable', { transaction: envelope.id, text: said(outcome) })
  }

  async #go(
    way: Destination,
    envelope: Envelope,
    errand: AttemptedErrand,
  ): Promise<Leftover & { readonly isFinal: boolean; readonly isRefused: boolean }> {
    const found = await this.#settings.hosts.find(way)
    const isFinal = found.isFinal === true
    if (!found.ok) {
      errand.passedOver.add(found.outcome)
      return { outcome: found.outcome, waits: false, isFinal, isRefused: false }
    }
    const left = await new Attempts(this.#settings, way, envelope, errand).run(found.hosts)
    return { ...left, isFinal, isRefused: left.outcome.kind === 'failed' }
  }
}
