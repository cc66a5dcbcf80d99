import { type Batch, type BatchItem, localError, notWithoutOthers, type Outcome } from 'mailwright'
import { type Destination, destinationReply, parseDestination } from './destination.ts'
import type { LmtpDelivery } from './lmtp/lmtp-delivery.ts'
import type { PipeDelivery } from './pipe/pipe-delivery.ts'

export interface HandlerDeliverySettings {
  /** What the names of this plugin's routes begin with. */
  readonly prefix: string
  readonly pipes: { has(name: string): boolean }
  readonly lmtp: LmtpDelivery
  readonly programs: PipeDelivery
}

type Kind = Destination['kind']
// What may say no for sure comes first; what always works comes last.
const order: readonly Kind[] = ['error', 'retry', 'hold', 'lmtp', 'pipe', 'discard']

/** Delivers what leads to transports of this plugin: items of one transport together, one transport after the other. */
export class HandlerDelivery {
  readonly #settings: HandlerDeliverySettings

  constructor(settings: HandlerDeliverySettings) {
    this.#settings = settings
  }

  /** Undefined where none of the items is ours. Those that are not are deferred: they have to come without ours. */
  async deliver(batch: Batch, signal: AbortSignal): Promise<readonly Outcome[] | undefined> {
    const groups = new Map<string, BatchItem[]>()
    for (const item of batch.items) {
      const { route } = item
      if (route.kind !== 'handler' || !route.handler.startsWith(this.#settings.prefix)) continue
      groups.set(route.handler, [...(groups.get(route.handler) ?? []), item])
    }
    if (groups.size === 0) return undefined
    const outcomes = new Map<BatchItem, Outcome>()
    for (const { destination, items } of this.#sorted(groups)) {
      const stopped = batch.atomic && [...outcomes.values()].some(({ kind }) => kind !== 'delivered')
      const found = stopped
        ? items.map(() => notWithoutOthers)
        : await this.#deliverTo(destination, items, batch, signal)
      for (const [index, item] of items.entries()) {
        const outcome = found[index]
        if (outcome !== undefined) outcomes.set(item, outcome)
      }
    }
    return batch.items.map((item) => outcomes.get(item) ?? { kind: 'deferred', reply: localError })
  }

  #sorted(
    groups: ReadonlyMap<string, readonly BatchItem[]>,
  ): readonly { destination: Destination | undefined; items: readonly BatchItem[] }[] {
    const place = (destination: Destination | undefined) =>
      destination === undefined ? -1 : order.indexOf(destination.kind)
    return [...groups]
      .map(([handler, items]) => ({ destination: this.#destination(handler), items }))
      .sort((one, other) => place(one.destination) - place(other.destination))
  }

  /** Undefined for one that a config had which is no more. */
  #destination(handler: string): Destination | undefined {
    try {
      return parseDestination(handler.slice(this.#settings.prefix.length), '', this.#settings.pipes)
    } catch {
      return undefined
    }
  }

  async #deliverTo(
    destination: Destination | undefined,
    items: readonly BatchItem[],
    batch: Batch,
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    switch (destination?.kind) {
      case 'lmtp':
        return this.#settings.lmtp.deliver(destination, items, batch, signal)
      case 'pipe':
        return this.#settings.programs.deliver(destination, items, batch, signal)
      case 'discard': {
        const text = `thrown away by the transport map${destination.text === '' ? '' : `: ${destination.text}`}`
        return items.map(() => ({ kind: 'delivered', text }))
      }
      case 'error':
        return items.map(() => ({ kind: 'failed', reply: destinationReply(destination) }))
      case 'retry':
      case 'hold': {
        const reply = destinationReply(destination)
        return items.map(() => ({ kind: 'deferred', reply, hold: destination.kind === 'hold' }))
      }
      default:
        return items.map(() => ({ kind: 'deferred', reply: localError }))
    }
  }
}
