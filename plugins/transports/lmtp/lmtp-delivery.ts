import { type Batch, type BatchItem, errorText, type Log, notWithoutOthers, type Outcome } from 'mailwright'
import { type Envelope, envelopesOf, type HostManner } from 'mailwright/smtp-client'
import type { LmtpDestination } from '../destination.ts'
import type { LmtpPool } from './lmtp-pool.ts'
import type { LmtpTls } from './lmtp-tls.ts'
import { type Errand, transact } from './lmtp-transaction.ts'
import { deferral, placeOf } from './server-trouble.ts'

// RFC 5321 §4.5.3.1.8: a hundred recipients are always taken at once.
const atOnce = 100

/** Hands messages over to other servers by LMTP (RFC 2033). */
export class LmtpDelivery {
  readonly #pool: LmtpPool
  readonly #tls: LmtpTls
  readonly #log: Log

  constructor(pool: LmtpPool, tls: LmtpTls, log: Log) {
    this.#pool = pool
    this.#tls = tls
    this.#log = log
  }

  /** One outcome for each item, which all go to one server; `signal` ends what takes too long. */
  async deliver(
    destination: LmtpDestination,
    items: readonly BatchItem[],
    batch: Batch,
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const { atomic } = batch
    const outcomes = new Map<BatchItem, Outcome>()
    const errand = { destination, way: this.#wayTo(destination), atomic, outcomes }
    const waiting = [...envelopesOf(items, batch, atOnce)]
    for (let envelope = waiting.shift(); envelope !== undefined; envelope = waiting.shift()) {
      const isStopped = atomic && [...outcomes.values()].some(({ kind }) => kind !== 'delivered')
      if (isStopped) for (const item of envelope.items) outcomes.set(item, notWithoutOthers)
      else {
        const again = await this.#send(envelope, errand, signal)
        if (again.length > 0) waiting.unshift({ ...envelope, items: again })
      }
    }
    return items.map((item) => outcomes.get(item) ?? deferral(destination, undefined))
  }

  /** A Unix socket is within the machine; a host has to prove itself. */
  #wayTo(destination: LmtpDestination): HostManner['way'] {
    if (!('host' in destination)) return 'local'
    return this.#tls.levelFor(destination.host) === 'verify' ? 'proven' : 'open'
  }

  /** Notes an outcome for each item but those that have to come again. What a server has said before it was lost stays so. */
  async #send(envelope: Envelope, errand: Errand, signal: AbortSignal): Promise<readonly BatchItem[]> {
    const { destination, outcomes } = errand
    try {
      return await this.#pool.use(destination, signal, (connection) => transact(connection, envelope, errand))
    } catch (error) {
      this.#log.warn('unavailable', {
        transaction: envelope.id,
        service: 'lmtp',
        server: placeOf(destination),
        error: errorText(error),
      })
      // Of a connection that was cut here nothing is known.
      const outcome = deferral(destination, signal.aborted ? undefined : error)
      for (const item of envelope.items) if (!outcomes.has(item)) outcomes.set(item, outcome)
      return []
    } finally {
      spareDestination(envelope.items, outcomes)
    }
  }
}

/** A server that has taken a message for somebody is well, whatever it says to the others: mail for it goes on. */
function spareDestination(items: readonly BatchItem[], outcomes: Map<BatchItem, Outcome>): void {
  if (!items.some((item) => outcomes.get(item)?.kind === 'delivered')) return
  for (const item of items) {
    const outcome = outcomes.get(item)
    if (outcome?.kind === 'deferred' && outcome.concerns === 'destination')
      outcomes.set(item, { ...outcome, concerns: 'recipient' })
  }
}
