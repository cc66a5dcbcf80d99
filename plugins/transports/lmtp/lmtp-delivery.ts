import {
  type Batch,
  type BatchItem,
  errorText,
  formatAddress,
  isTransient,
  type Log,
  notWithoutOthers,
  type Outcome,
  type Reply,
  reply,
  replyText,
} from 'mailwright'
import type { LmtpDestination } from '../destination.ts'
import { type Envelope, mailCommand } from './envelope.ts'
import { isYes, type LmtpConnection } from './lmtp-connection.ts'
import type { LmtpPool } from './lmtp-pool.ts'
import type { LmtpTls } from './lmtp-tls.ts'
import { deferral, hostOf, placeOf } from './server-trouble.ts'

// RFC 8689 §7: 5.7.30 is "REQUIRETLS support required".
const tlsRequired = reply(
  550,
  '5.7.30',
  'The message is only to go to servers that prove themselves under TLS, and the next one does not',
)
// RFC 5321 §4.5.3.1.8: a hundred recipients are always taken at once.
const atOnce = 100
/** Lines of a reply that are passed on. */
const mostLines = 10

/** A batch, and what has become of its items so far. */
interface Errand {
  readonly batch: Batch
  readonly outcomes: Map<BatchItem, Outcome>
  readonly signal: AbortSignal
}

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
    // RFC 8689 §4.2.1: the host has to prove itself. A Unix socket is within the machine.
    if (
      batch.parameters.requireTls === true &&
      'host' in destination &&
      this.#tls.levelFor(destination.host) !== 'verify'
    )
      return items.map(() => ({ kind: 'failed', reply: tlsRequired }))
    const outcomes = new Map<BatchItem, Outcome>()
    for (const envelope of envelopesOf(items, batch)) {
      const stopped = batch.atomic && [...outcomes.values()].some(({ kind }) => kind !== 'delivered')
      if (stopped) for (const item of envelope.items) outcomes.set(item, notWithoutOthers)
      else await this.#send(destination, envelope, { batch, outcomes, signal })
    }
    return items.map((item) => outcomes.get(item) ?? deferral(destination, undefined))
  }

  /** Notes an outcome for each item. What a server has said before it was lost stays so. */
  async #send(
    destination: LmtpDestination,
    envelope: Envelope,
    { batch, outcomes, signal }: Errand,
  ): Promise<void> {
    try {
      await this.#pool.use(destination, signal, (connection) =>
        transact(connection, { ...envelope, destination }, batch.atomic, outcomes),
      )
    } catch (error) {
      const outcome = deferral(destination, error)
      this.#log.warn('unavailable', {
        transaction: batch.id,
        service: 'lmtp',
        server: placeOf(destination),
        error: errorText(error),
      })
      for (const item of envelope.items) if (!outcomes.has(item)) outcomes.set(item, outcome)
    }
  }
}

/** Items that share a message and a reverse-path, a hundred at a time. */
function envelopesOf(items: readonly BatchItem[], { parameters }: Batch): readonly Envelope[] {
  const envelopes: (Envelope & { items: BatchItem[] })[] = []
  for (const item of items) {
    const { message, reversePath } = item
    const sender = reversePath === null ? '' : formatAddress(reversePath)
    const known = envelopes.find(
      (one) =>
        one.message === message &&
        (one.reversePath === null ? '' : formatAddress(one.reversePath)) === sender &&
        one.items.length < atOnce,
    )
    if (known === undefined) envelopes.push({ message, reversePath, parameters, items: [item] })
    else known.items.push(item)
  }
  return envelopes
}

/** One mail transaction. Notes an outcome for each item, as soon as it is known. */
async function transact(
  connection: LmtpConnection,
  envelope: Envelope & { readonly destination: LmtpDestination },
  atomic: boolean,
  outcomes: Map<BatchItem, Outcome>,
): Promise<void> {
  const { items, message, destination } = envelope
  const note = (some: readonly BatchItem[], outcome: Outcome): void => {
    for (const item of some) outcomes.set(item, outcome)
  }
  // RFC 8689 §5: what has the null reverse-path is not to be lost for that.
  const needsRequireTls =
    envelope.parameters.requireTls === true && envelope.reversePath !== null && 'host' in destination
  if (needsRequireTls && !connection.extensions.has('REQUIRETLS'))
    return note(items, { kind: 'failed', reply: tlsRequired })
  const mail = await mailCommand(envelope, connection.extensions)
  if (typeof mail !== 'string') return note(items, { kind: 'failed', reply: mail })
  const recipients = items.map(({ route }) => `RCPT TO:<${formatAddress(route.address)}>`)
  const [first, ...answers] = await connection.commands([mail, ...recipients])
  if (!isYes(first)) {
    note(items, outcomeBy(destination, first))
    await connection.commands(['RSET'])
    return
  }
  const taken = items.filter((_, index) => isYes(answers[index]))
  for (const [index, item] of items.entries())
    if (!taken.includes(item)) note([item], outcomeBy(destination, answers[index]))
  if (taken.length === 0 || (atomic && taken.length < items.length)) {
    note(taken, notWithoutOthers)
    await connection.commands(['RSET'])
    return
  }
  const [go] = await connection.commands(['DATA'])
  if (go?.code !== 354) return note(taken, outcomeBy(destination, go))
  const waiting = [...taken]
  for await (const answer of connection.message(message.content.stream(), taken.length))
    note(waiting.splice(0, 1), outcomeBy(destination, answer))
}

function outcomeBy(destination: LmtpDestination, answer: Reply | undefined): Outcome {
  if (answer === undefined) return deferral(destination, undefined)
  const { code, enhanced, lines } = answer
  const [host, place] = [hostOf(destination), placeOf(destination)]
  if (code < 300) {
    const said = [code, enhanced, ...lines].filter((part) => part !== undefined).join(' ')
    return { kind: 'delivered', text: replyText(`${place} said ${said}`), host }
  }
  const told = reply(code, enhanced, lines.slice(0, mostLines).map(replyText))
  return { kind: isTransient(told) ? 'deferred' : 'failed', reply: told, host, place }
}
