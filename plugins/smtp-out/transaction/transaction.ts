import {
  type BatchItem,
  type Delivered,
  notWithoutOthers,
  type Outcome,
  type Reply,
  replyText,
} from 'mailwright'
import { HostFailure, type Undelivered, undelivered } from '../outcome.ts'
import { StaleSession } from '../session/connection-pool.ts'
import { refusalBy } from '../session/refusal.ts'
import type { SmtpSession } from '../session/smtp-session.ts'
import { type Commands, commandsFor } from './commands.ts'
import type { Envelope } from './envelope.ts'

/** What a transaction came to. */
export interface Transacted {
  /** Whose fate is decided. */
  readonly outcomes: ReadonlyMap<BatchItem, Outcome>
  /** Whom the host does not want now; another one may. */
  readonly deferrals: ReadonlyMap<BatchItem, Outcome>
  /** Who has to come again in another transaction, since this one has enough recipients (RFC 5321 §4.5.3.1.10). */
  readonly again: readonly BatchItem[]
  /** The host does not want this message, or cannot take it: another one may. Nobody's fate is decided. */
  readonly refused?: Undelivered
}

/**
 * One mail transaction (RFC 5321 §3.3). Rejects with `HostFailure` where the host is lost before it was asked to take the message, so
 * that another one may be tried; with `StaleSession` where a session that was kept is over.
 */
export async function transact(
  session: SmtpSession,
  envelope: Envelope,
  atomic: boolean,
): Promise<Transacted> {
  const { items } = envelope
  const { connection } = session
  const commands = await commandsFor(envelope, connection.extensions, session.isProven)
  if (!('mail' in commands)) {
    const { host } = connection
    return { ...nothing, refused: undelivered(commands, { host, concerns: 'message' }) }
  }
  const [mail, ...answers] = await begin(session, commands)
  if (mail === undefined) throw connection.fault('says nothing')
  if (mail.code >= 300) {
    const refused = refusalBy(connection, mail, 'mail')
    return refused.kind === 'deferred'
      ? { ...nothing, refused }
      : { ...nothing, outcomes: all(items, refused) }
  }
  const { taken, again, failures, deferrals } = sortAnswers(session, items, answers)
  if (atomic && failures.size + deferrals.size > 0) {
    const others = all([...taken, ...again], notWithoutOthers)
    return { ...nothing, outcomes: new Map([...failures, ...deferrals, ...others]) }
  }
  const outcomes = taken.length > 0 ? all(taken, await send(session, commands)) : new Map()
  return { outcomes: new Map([...failures, ...outcomes]), deferrals, again }
}

const nothing: Transacted = { outcomes: new Map(), deferrals: new Map(), again: [] }

function all(items: readonly BatchItem[], outcome: Outcome): ReadonlyMap<BatchItem, Outcome> {
  return new Map(items.map((item) => [item, outcome]))
}

/** A session that was kept may be over before anything was said in it. */
async function begin(session: SmtpSession, commands: Commands): Promise<readonly Reply[]> {
  const wasKept = session.transactions > 0
  try {
    const replies = await session.begin(commands.mail, commands.recipients)
    if (wasKept && replies[0]?.code === 421) throw new StaleSession()
    return replies
  } catch (error) {
    if (wasKept && error instanceof HostFailure && error.outcome.cause === 'unreachable')
      throw new StaleSession('', { cause: error })
    throw error
  }
}

interface Sorted {
  readonly taken: readonly BatchItem[]
  readonly again: readonly BatchItem[]
  readonly failures: ReadonlyMap<BatchItem, Outcome>
  readonly deferrals: ReadonlyMap<BatchItem, Outcome>
}

function sortAnswers(
  { connection }: SmtpSession,
  items: readonly BatchItem[],
  answers: readonly Reply[],
): Sorted {
  const failures = new Map<BatchItem, Outcome>()
  const deferrals = new Map<BatchItem, Outcome>()
  const taken: BatchItem[] = []
  const again: BatchItem[] = []
  for (const [index, item] of items.entries()) {
    const answer = answers[index]
    if (answer === undefined) continue
    if (answer.code < 300) taken.push(item)
    else if (taken.length > 0 && isTooMany(answer)) again.push(item)
    else {
      const refused = refusalBy(connection, answer, 'recipient')
      if (refused.kind === 'failed') failures.set(item, refused)
      else deferrals.set(item, refused)
    }
  }
  return { taken, again, failures, deferrals }
}

/** RFC 5321 §4.5.3.1.10 has 452, and 552 for the elder. */
function isTooMany({ code, enhanced, lines }: Reply): boolean {
  if (code !== 452 && code !== 552) return false
  return /^[45]\.5\.3$/.test(enhanced ?? '') || /too many recipients/i.test(lines.join(' '))
}

/** DATA and the message: one outcome for all recipients that were taken. It does not reject: another host is not to get it, too. */
async function send(session: SmtpSession, commands: Commands): Promise<Outcome> {
  const { connection } = session
  try {
    const go = await session.data()
    if (go.code !== 354) return refusalBy(connection, go, 'data')
    const answer = await session.message(commands.chunks())
    return answer.code < 300 ? delivered(session, answer) : refusalBy(connection, answer, 'message')
  } catch (error) {
    connection.destroy()
    if (!(error instanceof HostFailure)) throw error
    // Whether it has the message nobody knows: it comes again.
    return { ...error.outcome, concerns: 'message' }
  }
}

function delivered({ connection, security }: SmtpSession, answer: Reply): Delivered {
  const { code, enhanced, lines } = answer
  const { place, host, extensions } = connection
  const said = [code, enhanced, ...lines.slice(0, 2)].filter((part) => part !== undefined).join(' ')
  return {
    kind: 'delivered',
    text: replyText(`${place} said ${said}, ${security}`),
    reached: extensions.has('DSN') ? 'passed-on' : 'relayed',
    host,
  }
}
