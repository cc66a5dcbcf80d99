import {
  type Address,
  blindFields,
  bufferContent,
  type Content,
  formatAddress,
  formatReply,
  type Header,
  isRefusal,
  joinedContent,
  localError,
  mailboxFields,
  missingFields,
  type Reply,
  reply,
  separateHeader,
  type Transaction,
  type TransactionFlow,
  withEnhancedCode,
  withoutFields,
} from 'mailwright'
import { signedBinary, withoutBinaryParts } from './binary-parts.ts'
import { acceptedPaths } from './envelope.ts'
import type { LineRules } from './line-ends.ts'
import type { SmtpOptions } from './options.ts'
import { receivedField } from './received.ts'
import { Reception, type ReceptionFault } from './reception.ts'
import { conversionProhibited, tooManyHops } from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'

/** What takes the octets of the session's message from now on. */
export function newReception(session: SmtpSession): Reception {
  const { options, spool, clock } = session.service
  const rules = { ...lineRules(options), maxSize: options.maxSize, binary: session.isBinary }
  const reception = new Reception(spool.receive(), rules, clock.monotonic())
  session.reception = reception
  return reception
}

function lineRules({ maxLineLength, lineEnds }: SmtpOptions): LineRules {
  return { maxLineLength, normalise: lineEnds === 'normalise' }
}

/** All of it has come: the message goes its way, and the transaction is over whatever becomes of it. */
export async function endOfMessage(session: SmtpSession, reception: Reception): Promise<Answer> {
  const { transaction } = session
  try {
    await reception.end()
    if (transaction === undefined) return { reply: localError }
    if (session.isBinary && reception.fault === undefined)
      return await convert(session, transaction, reception)
    return await handOver(session, transaction, reception)
  } catch (error) {
    session.service.log.error('internal-error', { session: session.flow.session.id, error })
    return transaction === undefined ? { reply: localError } : toEach(session, transaction, localError)
  } finally {
    session.reset()
    await reception.dispose()
  }
}

/**
 * A message with binary parts is made one of lines before anybody else sees it, and then it has to be one, like any other
 * (docs/decisions/0011).
 */
async function convert(session: SmtpSession, open: TransactionFlow, raw: Reception): Promise<Answer> {
  const { options, spool } = session.service
  // What is no field says nothing of the parts.
  const { content } = await separateHeader(await raw.finish())
  const chunks = await withoutBinaryParts(content)
  if (chunks === signedBinary)
    return refuse(session, open, { reply: conversionProhibited, reason: signedBinary })
  // What it may have grown by is ours, not the client's.
  const rules = { ...lineRules(options), maxSize: Number.POSITIVE_INFINITY }
  const converted = new Reception(spool.receive(), rules, raw.startedAt)
  try {
    for await (const chunk of chunks) await converted.keep(chunk)
    await converted.end()
    const transaction = open.transaction.id
    if (converted.fault === undefined)
      session.flow.record('edited', { transaction, by: 'smtp', text: 'binary parts were made base64' })
    return await handOver(session, open, converted)
  } finally {
    await converted.dispose()
  }
}

async function handOver(session: SmtpSession, open: TransactionFlow, reception: Reception): Promise<Answer> {
  const { transaction } = open
  if (reception.fault !== undefined) return refuse(session, open, reception.fault)
  const { header, content } = await separateHeader(await reception.finish())
  const head = trace(session, transaction, header)
  if (typeof head !== 'string') return refuse(session, open, head)
  const octets = Buffer.from(head)
  const shown = await withoutFields(content, droppedFields(session.service.options))
  const traced = joinedContent([whole(bufferContent(octets)), whole(shown)])
  const answers = (await open.message(traced)).map(({ recipient, reply }) => ({
    recipient,
    // It may be the words of another server, which need not have one.
    reply: withEnhancedCode(reply),
  }))
  if (answers.some(({ reply }) => !isRefusal(reply))) {
    session.errors = 0
    session.idleCommands = 0
  }
  if (!session.isLmtp) return { reply: answers[0]?.reply ?? localError, recorded: true }
  const replies = new Map(answers.map(({ recipient, reply }) => [formatAddress(recipient), reply]))
  return { ...toEach(session, open, (path) => replies.get(path) ?? localError), recorded: true }
}

/** What must not leave with a user's message. */
function droppedFields({ role, dropBcc }: SmtpOptions): readonly string[] {
  if (role !== 'submission') return []
  return dropBcc ? [...blindFields, ...mailboxFields] : mailboxFields
}

/** One reply; by LMTP one for each RCPT that was accepted, a recipient that was named twice among them (RFC 2033 §4.2, §4.3). */
export function toEach(
  session: SmtpSession,
  open: TransactionFlow | undefined,
  answer: Reply | ((path: string) => Reply),
): Answer {
  const replyTo = typeof answer === 'function' ? answer : () => answer
  const [first, ...others] = open === undefined ? [] : acceptedPaths(open)
  if (first === undefined || !session.isLmtp) return { reply: replyTo(first ?? ''), silent: session.isLmtp }
  const replies = [first, ...others].map(replyTo)
  const end = replies.filter(({ code }) => code === 421).slice(0, 1)
  const [own = localError, ...more] = replies.map(ofOneRecipient)
  return { reply: own, more: [...more, ...end] }
}

/** What ends the session comes behind the replies of all: the others may have the message. */
function ofOneRecipient(answer: Reply): Reply {
  return answer.code === 421 ? reply(451, answer.enhanced, answer.lines) : answer
}

/** What is put on top: the trace field, and on submission what the user's program left out. */
function trace(session: SmtpSession, transaction: Transaction, header: Header): string | ReceptionFault {
  const { hostname, options, clock } = session.service
  // RFC 5321 §6.3: each server that the message has passed has left one.
  if (header.all('Received').length > options.maxHops)
    return { reply: tooManyHops, reason: 'too many Received fields' }
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

function refuse(session: SmtpSession, open: TransactionFlow, fault: ReceptionFault): Answer {
  const { id: transaction, reversePath } = open.transaction
  const { id, remote } = session.flow.session
  const sender = reversePath === null ? '<>' : formatAddress(reversePath)
  const text = `${formatReply(fault.reply)} (${fault.reason})`
  session.flow.record('refused', { transaction, by: 'smtp', text })
  session.service.log.info('refused', { session: id, transaction, sender, remote: remote.address, text })
  return { ...toEach(session, open, fault.reply), recorded: true }
}

function whole(content: Content): { content: Content; start: number; end: number } {
  return { content, start: 0, end: content.size }
}
