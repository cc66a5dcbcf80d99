import {
  type BatchItem,
  type Delivered,
  isTransient,
  notWithoutOthers,
  type Outcome,
  type Reply,
  reply,
  replyText,
} from 'mailwright'
import {
  type Envelope,
  type HostManner,
  isTooManyRecipients,
  type RefusalStep,
  refusalMeaning,
  transactionCommands,
} from 'mailwright/smtp-client'
import type { LmtpDestination } from '../destination.ts'
import { isYes, type LmtpConnection } from './lmtp-connection.ts'
import { deferral, hostOf, placeOf } from './server-trouble.ts'

/** Lines of a reply that are passed on. */
const mostLines = 10

/** Where a message goes, and what has become of its items so far. */
export interface Errand {
  readonly destination: LmtpDestination
  readonly way: HostManner['way']
  /** To all recipients or none, as far as that can be had. */
  readonly atomic: boolean
  readonly outcomes: Map<BatchItem, Outcome>
}

/**
 * One mail transaction (RFC 2033). Notes an outcome for each item, as soon as it is known, and answers who has to come again in another
 * one, since this one has enough recipients (RFC 5321 §4.5.3.1.10).
 */
export async function transact(
  connection: LmtpConnection,
  envelope: Envelope,
  errand: Errand,
): Promise<readonly BatchItem[]> {
  const { items } = envelope
  const { destination, way, atomic } = errand
  const note = (some: readonly BatchItem[], outcome: Outcome): void => {
    for (const item of some) errand.outcomes.set(item, outcome)
  }
  const commands = await transactionCommands(envelope, connection.extensions, { way, chunking: 'never' })
  if (!('mail' in commands)) {
    note(items, { kind: 'failed', reply: commands })
    return []
  }
  const [mail, ...answers] = await connection.commands([commands.mail, ...commands.recipients])
  if (!isYes(mail)) {
    note(items, refusalBy(destination, mail, 'mail'))
    await connection.reset()
    return []
  }
  const { taken, again, refused } = sortAnswers(destination, items, answers)
  for (const [item, outcome] of refused) note([item], outcome)
  if (taken.length === 0 || (atomic && refused.size > 0)) {
    note([...taken, ...again], notWithoutOthers)
    await connection.reset()
    return []
  }
  const [go] = await connection.commands(['DATA'])
  if (go?.code !== 354) {
    note(taken, refusalBy(destination, go, 'data'))
    return again
  }
  // Who announces DSN tells the sender; what takes mail by LMTP and does not is where the message is delivered (RFC 2033 §1).
  const reached = connection.extensions.has('DSN') ? 'passed-on' : 'arrived'
  const waiting = [...taken]
  for await (const answer of connection.message(commands.octets(), taken.length))
    note(
      waiting.splice(0, 1),
      isYes(answer)
        ? { ...delivered(destination, answer), reached }
        : refusalBy(destination, answer, 'delivery'),
    )
  return again
}

interface Sorted {
  readonly taken: readonly BatchItem[]
  readonly again: readonly BatchItem[]
  readonly refused: ReadonlyMap<BatchItem, Outcome>
}

function sortAnswers(
  destination: LmtpDestination,
  items: readonly BatchItem[],
  answers: readonly Reply[],
): Sorted {
  const taken: BatchItem[] = []
  const again: BatchItem[] = []
  const refused = new Map<BatchItem, Outcome>()
  for (const [index, item] of items.entries()) {
    const answer = answers[index]
    if (isYes(answer)) taken.push(item)
    else if (taken.length > 0 && answer !== undefined && isTooManyRecipients(answer)) again.push(item)
    else refused.set(item, refusalBy(destination, answer, 'recipient'))
  }
  return { taken, again, refused }
}

function delivered(destination: LmtpDestination, answer: Reply): Delivered {
  const place = placeOf(destination)
  const said = [answer.code, answer.enhanced, ...answer.lines].filter((part) => part !== undefined).join(' ')
  const text = replyText(`${place} said ${said}`)
  return { kind: 'delivered', text, reply: answer, host: hostOf(destination), place }
}

function refusalBy(destination: LmtpDestination, answer: Reply | undefined, step: RefusalStep): Outcome {
  if (answer === undefined) return deferral(destination, undefined)
  const { code, enhanced, lines } = answer
  const about = { host: hostOf(destination), place: placeOf(destination), ...refusalMeaning(answer, step) }
  const words = lines.slice(0, mostLines).map(replyText)
  // RFC 5321 §4.5.3.1.10: "552 too many recipients" is 452 as well where nobody was taken before.
  const isMore = step === 'recipient' && isTooManyRecipients(answer)
  const told = isMore ? reply(452, '4.5.3', words) : reply(code, enhanced, words)
  return { kind: isTransient(told) ? 'deferred' : 'failed', reply: told, ...about }
}
