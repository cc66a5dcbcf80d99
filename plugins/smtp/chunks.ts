import { type Reply, reply } from 'mailwright'
import type { Incoming } from './incoming.ts'
import { endOfMessage, newReception, toEach } from './message.ts'
import type { Reception } from './reception.ts'
import { badChunk, lmtpNoRecipients, mailFirst, noRecipients, tooManyErrors } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

const argumentForm = /^(\d{1,15})(?:[ \t]+(.*))?$/

/**
 * BDAT (RFC 3030 §2): a piece of a message, by its octets. They follow whatever is thought of the command, so that they are
 * taken before it is answered; where nobody knows how many they are, what follows cannot be read as commands.
 */
export function chunk(session: SmtpSession, argument: string): Answer {
  const { transaction, isLmtp } = session
  if (session.refusedChunk !== undefined) return refusedChunk(session, session.refusedChunk, argument)
  if (transaction === undefined) return refusedChunk(session, mailFirst, argument)
  if (transaction.transaction.recipients.length === 0)
    return refusedChunk(session, isLmtp ? lmtpNoRecipients : noRecipients, argument)
  const announced = read(argument)
  if (announced === undefined || announced.isMalformed) return refusedChunk(session, badChunk, argument)
  const { size, isLast } = announced
  if (size === 0 && !isLast && ++session.idleCommands > session.service.options.maxIdleCommands)
    return { reply: tooManyErrors }
  const reception = session.reception ?? newReception(session)
  const received = reply(250, '2.0.0', `${size} octets received`)
  const end = async (): Promise<Answer> =>
    isLast ? endOfMessage(session, reception) : { reply: reception.fault?.reply ?? received }
  return { reply: received, late: true, incoming: new Chunk(size, reception, end) }
}

/**
 * A chunk that is not wanted: its octets are passed over, and so are those of all that belong to it, for half a message is none.
 * The last one ends the transaction: what a client has sent behind it in one go is another message. By LMTP it is answered to each
 * recipient, and not at all where there is none (RFC 2033 §4.3).
 */
export function refusedChunk(session: SmtpSession, refusal: Reply, argument: string): Answer {
  const announced = read(argument)
  if (announced === undefined) return { reply: badChunk, next: 'close' }
  const end = async (): Promise<Answer> => {
    if (announced.isLast) {
      const answer = toEach(session, session.transaction, refusal)
      session.reset()
      return answer
    }
    session.refusedChunk = refusal
    return { reply: refusal }
  }
  return { reply: refusal, late: true, incoming: new Chunk(announced.size, undefined, end) }
}

interface Announced {
  readonly size: number
  readonly isLast: boolean
  /** Whether something else than LAST stands behind the size. */
  readonly isMalformed: boolean
}

/** Undefined where nobody knows how many octets follow. */
function read(argument: string): Announced | undefined {
  const [matched, size, rest] = argumentForm.exec(argument) ?? []
  if (matched === undefined) return undefined
  const isLast = rest?.toUpperCase() === 'LAST'
  return { size: Number(size), isLast, isMalformed: rest !== undefined && !isLast }
}

/** So many octets, of a message or of none. */
class Chunk implements Incoming {
  readonly end: () => Promise<Answer>
  readonly #reception: Reception | undefined
  #left: number

  constructor(size: number, reception: Reception | undefined, end: () => Promise<Answer>) {
    this.#left = size
    this.#reception = reception
    this.end = end
  }

  get isComplete(): boolean {
    return this.#left === 0
  }

  async push(octets: Buffer): Promise<number | undefined> {
    const own = octets.subarray(0, this.#left)
    this.#left -= own.length
    await this.#reception?.keep(own)
    return this.isComplete ? own.length : undefined
  }
}
