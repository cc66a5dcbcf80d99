import {
  type Address,
  bufferContent,
  type Content,
  isRefusal,
  joinedContent,
  localError,
  type Transaction,
  type TransactionFlow,
} from 'mailwright'
import { countHops, readHead } from './message-head.ts'
import { receivedField } from './received.ts'
import { Reception, type ReceptionFault } from './reception.ts'
import { mailFirst, noArgumentAllowed, noRecipients, startMail, tooManyHops } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'
import { missingFields } from './submission-fields.ts'

/** DATA (RFC 5321 §4.1.1.4). */
export function data(session: SmtpSession, argument: string): Answer {
  const { transaction } = session
  const { options, spool } = session.service
  if (argument !== '') return { reply: noArgumentAllowed }
  if (transaction === undefined) return { reply: mailFirst }
  if (transaction.transaction.recipients.length === 0) return { reply: noRecipients }
  const { maxSize, maxLineLength, lineEnds } = options
  session.reception = new Reception(spool.receive(), {
    maxSize,
    maxLineLength,
    normalise: lineEnds === 'normalise',
  })
  return { reply: startMail, next: 'receive' }
}

/** The final dot has come: the message goes its way, and the transaction is over whatever becomes of it. */
export async function endOfData(session: SmtpSession, reception: Reception): Promise<Answer> {
  const { transaction } = session
  try {
    return transaction === undefined ? { reply: localError } : await handOver(session, transaction, reception)
  } catch (error) {
    session.service.log.error('internal-error', { session: session.flow.session.id, error })
    return { reply: localError }
  } finally {
    session.reset()
    session.reception = undefined
    await reception.dispose()
  }
}

async function handOver(session: SmtpSession, open: TransactionFlow, reception: Reception): Promise<Answer> {
  const { transaction } = open
  if (reception.fault !== undefined) return refuse(session, transaction, reception.fault)
  const content = await reception.finish()
  const head = await trace(session, transaction, content)
  if (typeof head !== 'string') return refuse(session, transaction, head)
  const octets = Buffer.from(head)
  const traced = joinedContent([whole(bufferContent(octets)), whole(content)])
  const [answer] = await open.message(traced)
  if (answer !== undefined && !isRefusal(answer.reply)) {
    session.errors = 0
    session.idleCommands = 0
  }
  return { reply: answer?.reply ?? localError, recorded: true }
}

/** What is put on top: the trace field, and on submission what the user's program left out. */
async function trace(
  session: SmtpSession,
  transaction: Transaction,
  content: Content,
): Promise<string | ReceptionFault> {
  const { hostname, options, clock } = session.service
  const header = await readHead(content)
  if (countHops(header) > options.maxHops) return { reply: tooManyHops, reason: 'too many Received fields' }
  const { id } = transaction
  const date = new Date(clock.now())
  const received = receivedField({
    session: session.flow.session,
    clientName: session.clientName,
    hostname,
    id,
    smtpUtf8: transaction.parameters.smtpUtf8 ?? false,
    recipients: transaction.recipients.map(({ forwardPath }) => forwardPath),
    date,
  })
  const sender = senderOf(session, transaction)
  if (options.role !== 'submission' || sender === undefined) return received
  return received + missingFields(header, { hostname, id, sender, date })
}

function senderOf(session: SmtpSession, transaction: Transaction): Address | undefined {
  return transaction.reversePath ?? session.flow.session.account?.address
}

function refuse(session: SmtpSession, transaction: Transaction, fault: ReceptionFault): Answer {
  const { reason: text } = fault
  session.flow.record('refused', { transaction: transaction.id, by: 'smtp', text })
  session.service.log.info('refused', { session: session.flow.session.id, transaction: transaction.id, text })
  return { reply: fault.reply, recorded: true }
}

function whole(content: Content): { content: Content; start: number; end: number } {
  return { content, start: 0, end: content.size }
}
