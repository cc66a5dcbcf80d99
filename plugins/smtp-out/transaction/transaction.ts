import {
  type BatchItem,
  type Delivered,
  notWithoutOthers,
  type Outcome,
  type Reply,
  replyText,
} from 'mailwright'
import {
  type Envelope,
  isTooManyRecipients,
  type TransactionCommands,
  transactionCommands,
} from 'mailwright/smtp-client'
import { HostFailure, type Undelivered, undelivered } from '../outcome.ts'
import { StaleSession } from '../session/connection-pool.ts'
import { notSoMany, refusalBy } from '../session/refusal.ts'
import type { SmtpSession } from '../session/smtp-session.ts'

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

/** How a message is given to a host. */
export interface Manner {
  /** To all recipients or none, as far as that can be had. */
  readonly atomic: boolean
  /** By BDAT where the host offers CHUNKING. */
  readonly chunking: boolean
}

/**
 * One mail transaction (RFC 5321 §3.3). Rejects with `HostFailure` where the host is lost before the message is under way, so
 * that another one may be tried; with `StaleSession` where a session that was kept is over.
 */
export async function transact(
  session: SmtpSession,
  envelope: Envelope,
  { atomic, chunking }: Manner,
): Promise<Transacted> {
  const { items } = envelope
  const { connection, isProven } = session
  const commands = await transactionCommands(envelope, connection.extensions, {
    way: isProven ? 'proven' : 'open',
    chunking: chunking ? 'wanted' : 'needed',
  })
  if (!('mail' in commands)) {
    const { host } = connection
    return { ...nothing, refused: undelivered(commands, { host, concerns: 'message' }) }
  }
  // Chunks wait for the answers: hosts are known that read those of a transaction without recipients as commands.
  const asksAtOnce = !atomic && !commands.isChunked && connection.extensions.has('PIPELINING')
  const { mail, recipients, data } = await begin(session, commands, asksAtOnce)
  const { taken, again, failures, deferrals } = sortAnswers(session, items, mail, recipients)
  session.isAwaited = taken.length === 0 && data?.code === 354
  if (mail.code >= 300) {
    const refused = refusalBy(connection, mail, 'mail')
    return refused.kind === 'deferred'
      ? { ...nothing, refused }
      : { ...nothing, outcomes: all(items, refused) }
  }
  if (atomic && failures.size + deferrals.size > 0) {
    const others = all([...taken, ...again], notWithoutOthers)
    return { ...nothing, outcomes: new Map([...failures, ...deferrals, ...others]) }
  }
  const outcomes = taken.length > 0 ? all(taken, await send(session, commands, data)) : new Map()
  return { outcomes: new Map([...failures, ...outcomes]), deferrals, again }
}

const nothing: Transacted = { outcomes: new Map(), deferrals: new Map(), again: [] }

function all(items: readonly BatchItem[], outcome: Outcome): ReadonlyMap<BatchItem, Outcome> {
  return new Map(items.map((item) => [item, outcome]))
}

interface Begun {
  readonly mail: Reply
  readonly recipients: readonly Reply[]
  /** Undefined: it was not asked yet. */
  readonly data: Reply | undefined
}

/** A session that was kept may be over before anything was said in it. */
async function begin(
  session: SmtpSession,
  commands: TransactionCommands,
  asksAtOnce: boolean,
): Promise<Begun> {
  const { connection, isNew } = session
  if (!isNew && !connection.isUsable) throw new StaleSession()
  try {
    const replies = await session.begin(commands.mail, commands.recipients, asksAtOnce)
    const [mail] = replies
    if (mail === undefined) throw connection.fault('says nothing')
    // A 5yz is for good, and may be what the host has said to the silence before: it has to say it in a new session.
    if (!isNew && (mail.code === 421 || mail.code >= 500)) throw new StaleSession()
    const data = asksAtOnce ? replies.at(-1) : undefined
    // Somewhere in front of it stands an answer too many, and who knows which answers are whose.
    if (data !== undefined && data.code < 300) throw connection.fault('answers something else')
    return { mail, recipients: replies.slice(1, 1 + commands.recipients.length), data }
  } catch (error) {
    if (!isNew && error instanceof HostFailure && error.outcome.cause === 'unreachable')
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
  mail: Reply,
  answers: readonly Reply[],
): Sorted {
  const failures = new Map<BatchItem, Outcome>()
  const deferrals = new Map<BatchItem, Outcome>()
  const taken: BatchItem[] = []
  const again: BatchItem[] = []
  for (const [index, item] of items.entries()) {
    const answer = answers[index]
    if (answer === undefined || mail.code >= 300) continue
    const isMore = isTooManyRecipients(answer)
    if (answer.code < 300) taken.push(item)
    else if (taken.length > 0 && isMore) again.push(item)
    else {
      const refusal = refusalBy(connection, answer, 'recipient')
      const refused = isMore ? notSoMany(refusal) : refusal
      if (refused.kind === 'failed') failures.set(item, refused)
      else deferrals.set(item, refused)
    }
  }
  return { taken, again, failures, deferrals }
}

/** The message: one outcome for all recipients that were taken. Once it is under way, it does not reject: nobody else is to get it, too. */
async function send(
  session: SmtpSession,
  commands: TransactionCommands,
  asked: Reply | undefined,
): Promise<Outcome> {
  const { connection } = session
  const go = commands.isChunked ? undefined : (asked ?? (await session.data()))
  if (go !== undefined && go.code !== 354) {
    if (asked !== undefined) await confirm(session)
    return refusalBy(connection, go, 'data')
  }
  try {
    const octets = commands.octets()
    const answer = await (commands.isChunked ? session.chunks(octets) : session.message(octets))
    return answer.code < 300 ? delivered(session, answer) : refusalBy(connection, answer, 'message')
  } catch (error) {
    connection.destroy()
    if (!(error instanceof HostFailure)) throw error
    // Whether it has the message nobody knows: it comes again.
    return { ...error.outcome, concerns: 'message' }
  }
}

/**
 * Recipients that were taken and a DATA that was refused may be one answer too many in front of it: RSET then gets that to DATA, and
 * nobody has refused. A host that is lost meanwhile has said what it has said.
 */
async function confirm(session: SmtpSession): Promise<void> {
  await session.takeBack().catch((error: unknown) => {
    if (!(error instanceof HostFailure) || error.outcome.cause !== 'unreachable') throw error
  })
}

function delivered({ connection, security }: SmtpSession, answer: Reply): Delivered {
  const { code, enhanced, lines } = answer
  const { place, host, extensions } = connection
  const said = [code, enhanced, ...lines.slice(0, 2)].filter((part) => part !== undefined).join(' ')
  return {
    kind: 'delivered',
    text: replyText(`${place} said ${said}, ${security}`),
    reached: extensions.has('DSN') ? 'passed-on' : 'relayed',
    reply: answer,
    host,
    place,
  }
}
