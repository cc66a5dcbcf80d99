import { isAscii } from 'node:buffer'
import {
  formatAddress,
  isRefusal,
  type MailParameters,
  type ParsedPath,
  parseBarePath,
  parsePath,
  type Reply,
  reply,
  type TransactionFlow,
} from 'mailwright'
import { type Offers, parseMailParameters } from './mail-parameters.ts'
import type { SmtpOptions } from './options.ts'
import { parseRecipientParameters } from './recipient-parameters.ts'
import {
  badRecipient,
  badSender,
  chunksComing,
  chunksRefused,
  loginFirst,
  mailFirst,
  nestedMail,
  noRoom,
  ok,
  senderOk,
  smtpUtf8Needed,
  tooManyRecipients,
  tooManyTransactions,
} from './replies.ts'
import type { Answer, SmtpSession } from './session.ts'
import { noteForwarded } from './xforward.ts'

const namedAlready: Reply = reply(250, '2.1.5', 'Recipient OK, named already')

// They go when the transaction goes.
const accepted = new WeakMap<TransactionFlow, string[]>()

/** The forward-paths as they are written, one for each RCPT that was accepted, in their order. */
export function acceptedPaths(transaction: TransactionFlow): readonly string[] {
  return accepted.get(transaction) ?? []
}

/** MAIL (RFC 5321 §4.1.1.2). */
export async function mail(session: SmtpSession, argument: string): Promise<Answer> {
  const { options } = session.service
  if (session.transaction !== undefined) return { reply: nestedMail }
  if (session.refusedChunk !== undefined) return { reply: chunksRefused }
  if (options.auth && session.flow.session.account === undefined) return { reply: loginFirst }
  const parsed = pathArgument('FROM:', argument, options)
  // A bare <postmaster> is for recipients only.
  if (parsed === undefined || parsed.path?.domain === '') return { reply: badSender }
  const parameters = parseMailParameters(parsed.rest, offersTo(session))
  if (!parameters.ok) return { reply: parameters.reply }
  if (parameters.value.smtpUtf8 !== true && !isAscii(Buffer.from(argument))) return { reply: smtpUtf8Needed }
  if (++session.transactions > options.maxTransactions) return { reply: tooManyTransactions }
  if (await session.service.room.isShortFor(parameters.value.size ?? 0)) return { reply: noRoom }
  // The binary parts are gone before anybody else sees the message.
  const isBinary = parameters.value.body === 'BINARYMIME'
  const given: MailParameters = isBinary ? { ...parameters.value, body: '8BITMIME' } : parameters.value
  const result = await session.flow.mail(parsed.path, given)
  if (!result.ok) return { reply: result.reply, recorded: true }
  session.transaction = result.transaction
  session.isBinary = isBinary
  noteSourceRoute(session, parsed)
  noteForwarded(session)
  return { reply: senderOk }
}

/** The extensions that hold for this session, as far as they have parameters. */
function offersTo({ service, isSecure }: SmtpSession): Offers {
  return { ...service.options, dsn: service.offersDsn, requireTls: isSecure }
}

/** RCPT (RFC 5321 §4.1.1.3). Routing by `%` and `!` in local parts is left to those who claim recipients. */
export async function recipient(session: SmtpSession, argument: string): Promise<Answer> {
  const { transaction } = session
  const { options } = session.service
  if (transaction === undefined) return { reply: mailFirst }
  if (session.refusedChunk !== undefined) return { reply: chunksRefused }
  if (session.reception !== undefined) return { reply: chunksComing }
  const parsed = pathArgument('TO:', argument, options)
  if (parsed === undefined || parsed.path === null) return { reply: badRecipient }
  const { smtpUtf8 = false } = transaction.transaction.parameters
  const parameters = parseRecipientParameters(parsed.rest, { ...offersTo(session), smtpUtf8 })
  if (!parameters.ok) return { reply: parameters.reply }
  if (!smtpUtf8 && !isAscii(Buffer.from(argument))) return { reply: smtpUtf8Needed }
  const known = accepted.get(transaction) ?? []
  // Those that are named again among them: each is kept, and compared with the others.
  if (known.length >= options.maxRecipients) return { reply: tooManyRecipients }
  noteSourceRoute(session, parsed)
  if (parameters.isOrcptDropped === true) noteDropped(session, 'an ORCPT that cannot be used was dropped')
  // Who is named twice gets the message once.
  const forwardPath = formatAddress(parsed.path)
  const answer = known.includes(forwardPath)
    ? namedAlready
    : await transaction.recipient(parsed.path, parameters.value)
  if (!isRefusal(answer)) {
    known.push(forwardPath)
    accepted.set(transaction, known)
  }
  if (answer === namedAlready) return { reply: answer }
  return { reply: answer, recorded: true }
}

/** RSET (RFC 5321 §4.1.1.5). */
export function reset(session: SmtpSession): Answer {
  session.reset()
  return { reply: ok }
}

/** Many clients put a space behind the colon, where RFC 5321 §4.1.1.2 has none, and old devices leave the `<` and `>` out. */
function pathArgument(
  keyword: string,
  argument: string,
  { strictPaths }: SmtpOptions,
): ParsedPath | undefined {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return undefined
  const text = argument.slice(keyword.length).trimStart()
  return parsePath(text) ?? (strictPaths ? undefined : parseBarePath(text))
}

/** RFC 5321 Appendix C: a source route is ignored; that there was one is worth knowing. */
function noteSourceRoute(session: SmtpSession, { sourceRoute }: ParsedPath): void {
  if (sourceRoute) noteDropped(session, 'a source route was dropped from an address')
}

function noteDropped(session: SmtpSession, text: string): void {
  const id = session.transaction?.transaction.id
  if (id !== undefined) session.flow.record('verdict', { transaction: id, by: 'smtp', text })
}
