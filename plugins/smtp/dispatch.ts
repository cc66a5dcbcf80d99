import { formatReply, localError, type Reply } from 'mailwright'
import { authenticate } from './authentication.ts'
import { chunk, refusedChunk } from './chunks.ts'
import { type CommandLine, isHttpRequest, lineText, parseCommandLine } from './command-line.ts'
import { data } from './data.ts'
import { mail, recipient, reset } from './envelope.ts'
import { hello } from './greeting.ts'
import type { LineFault } from './protocol-stream.ts'
import {
  argumentNeeded,
  bareLineFeed,
  bye,
  cannotVerify,
  helloFirst,
  help,
  httpRefused,
  lineTooLong,
  lmtpHelloFirst,
  lmtpSpoken,
  loginLineTooLong,
  malformedLine,
  noArgumentAllowed,
  notImplemented,
  ok,
  readyForTls,
  tlsActive,
  tlsFirst,
  tooManyErrors,
  unknownCommand,
} from './replies.ts'
import { type Answer, repliesOf, type SmtpSession } from './session.ts'
import { xclient } from './xclient.ts'
import { xforward } from './xforward.ts'

interface Command {
  run(session: SmtpSession, argument: string): Answer | Promise<Answer>
  /** Only behind HELO or EHLO. */
  readonly needsHello?: boolean
  /** Also before TLS where it is required (RFC 3207 §4). */
  readonly beforeTls?: boolean
  /** Leads to no mail: only so many of them. */
  readonly idle?: boolean
  /** Answers where it may not run: octets follow all the same. */
  refuse?(session: SmtpSession, reply: Reply, argument: string): Answer
}

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['EHLO', { run: (session, name) => smtpHello(session, name, true), beforeTls: true, idle: true }],
  ['HELO', { run: (session, name) => smtpHello(session, name, false), beforeTls: true, idle: true }],
  ['LHLO', { run: lmtpHello, beforeTls: true, idle: true }],
  ['MAIL', { run: mail, needsHello: true }],
  ['RCPT', { run: recipient, needsHello: true }],
  ['DATA', { run: data, needsHello: true }],
  ['BDAT', { run: chunk, refuse: refusedChunk, needsHello: true }],
  ['AUTH', { run: authenticate, needsHello: true }],
  ['STARTTLS', { run: startTls, beforeTls: true }],
  [
    'RSET',
    {
      run: (session, argument) => (argument === '' ? reset(session) : { reply: noArgumentAllowed }),
      idle: true,
    },
  ],
  ['NOOP', { run: () => ({ reply: ok }), beforeTls: true, idle: true }],
  [
    'VRFY',
    { run: (_, argument) => ({ reply: argument === '' ? argumentNeeded : cannotVerify }), idle: true },
  ],
  // Without HELO before it: Postfix's clients of this kind may have said none.
  ['XCLIENT', { run: xclient, idle: true }],
  ['XFORWARD', { run: xforward, needsHello: true, idle: true }],
  ['EXPN', { run: () => ({ reply: notImplemented }) }],
  ['HELP', { run: helpWith, idle: true }],
  ['QUIT', { run: () => ({ reply: bye, next: 'close' }), beforeTls: true }],
])

// RFC 5321 §4.5.3.1.4: 512 octets, and more for each extension; far more than the ones offered here can need.
const maxCommandOctets = 2046

/** Answers one line of the client. Never rejects. */
export async function answerLine(
  session: SmtpSession,
  octets: Buffer,
  fault: LineFault | undefined,
): Promise<Answer> {
  const { exchange } = session
  session.exchange = undefined
  try {
    if (exchange !== undefined)
      return counted(session, 'AUTH', await continueExchange(exchange, octets, fault))
    const text = commandText(octets, fault)
    if (typeof text !== 'string') return counted(session, '', refusedLine(text, octets))
    if (isHttpRequest(text)) return counted(session, '', { reply: httpRefused })
    const { verb, argument } = parseCommandLine(text)
    return counted(session, verb, await runCommand(session, { verb, argument, text }))
  } catch (error) {
    session.service.log.error('internal-error', { session: session.flow.session.id, error })
    return { reply: localError }
  }
}

/** The line as text, or why it is no command. */
function commandText(octets: Buffer, fault: LineFault | undefined): string | Reply {
  if (fault !== undefined) return fault === 'too-long' ? lineTooLong : bareLineFeed
  if (octets.length > maxCommandOctets && !isLogin(octets)) return lineTooLong
  return lineText(octets) ?? malformedLine
}

/** Octets follow BDAT, and nobody knows how many (RFC 3030 §2): they must not be read as commands. */
function refusedLine(refusal: Reply, octets: Buffer): Answer {
  const isChunk = /^BDAT\s/i.test(octets.toString('latin1', 0, 5))
  return { reply: refusal, ...(isChunk ? { next: 'close' } : {}) }
}

/** An initial response may be as long as any other (RFC 4954 §4). */
function isLogin(octets: Buffer): boolean {
  return /^AUTH /i.test(octets.toString('latin1', 0, 5))
}

function continueExchange(
  exchange: (line: Buffer) => Promise<Answer>,
  octets: Buffer,
  fault: LineFault | undefined,
): Answer | Promise<Answer> {
  if (fault !== undefined) return { reply: fault === 'too-long' ? loginLineTooLong : bareLineFeed }
  return exchange(octets)
}

function runCommand(
  session: SmtpSession,
  { verb, argument, text }: CommandLine & { readonly text: string },
): Answer | Promise<Answer> {
  const command = commands.get(verb)
  const { tls, maxIdleCommands } = session.service.options
  if (command === undefined) return odd(session, text)
  const refused = (reply: Reply): Answer => command.refuse?.(session, reply, argument) ?? { reply }
  if (tls === 'required' && !session.isSecure && command.beforeTls !== true) return refused(tlsFirst)
  if (command.needsHello === true && !session.greeted)
    return refused(session.helloRefusal ?? (session.isLmtp ? lmtpHelloFirst : helloFirst))
  if (command.idle === true && ++session.idleCommands > maxIdleCommands) return { reply: tooManyErrors }
  return command.run(session, argument)
}

async function odd(session: SmtpSession, line: string): Promise<Answer> {
  return { reply: (await session.flow.unknownCommand(line)) ?? unknownCommand }
}

function smtpHello(session: SmtpSession, name: string, extended: boolean): Answer | Promise<Answer> {
  return session.isLmtp ? { reply: lmtpSpoken } : hello(session, name, extended)
}

function lmtpHello(session: SmtpSession, name: string): Answer | Promise<Answer> {
  return session.isLmtp ? hello(session, name, true) : { reply: unknownCommand }
}

function helpWith({ isLmtp, service: { canSecure, options } }: SmtpSession): Answer {
  return { reply: help({ isLmtp, canSecure, auth: options.auth }) }
}

/** STARTTLS (RFC 3207 §4). */
function startTls(session: SmtpSession, argument: string): Answer {
  if (argument !== '') return { reply: noArgumentAllowed }
  if (session.isSecure) return { reply: tlsActive }
  return session.service.canSecure ? { reply: readyForTls, next: 'secure' } : { reply: notImplemented }
}

/**
 * Puts what the flow does not know of into the history, and ends sessions that only make errors: with the reply to a command, and
 * behind the one to a message, which says what has become of it.
 */
function counted(session: SmtpSession, verb: string, answer: Answer): Answer {
  const { incoming } = answer
  const transaction = session.transaction?.transaction.id
  const isTooMuch = (answered: Answer) => isOneTooMany(session, verb, answered, transaction)
  if (incoming === undefined) return isTooMuch(answer) ? { reply: tooManyErrors } : answer
  const end = async (): Promise<Answer> => {
    const outcome = await incoming.end()
    if (!isTooMuch(outcome)) return outcome
    const [own = tooManyErrors, ...more] = [...repliesOf(outcome), tooManyErrors]
    return { reply: own, more }
  }
  return { ...answer, incoming: { isComplete: incoming.isComplete, push: incoming.push.bind(incoming), end } }
}

/** A message counts once, and not at all where somebody gets it. */
function isOneTooMany(
  session: SmtpSession,
  verb: string,
  { reply, more = [], recorded }: Answer,
  transaction: string | undefined,
): boolean {
  const replies = [reply, ...more]
  if (replies.some(({ code }) => code < 400)) return false
  const refusal = replies.find(({ code }) => code >= 500) ?? reply
  if (recorded !== true) recordRefusal(session, verb, refusal, transaction)
  // A 421 behind the others ends the session already.
  if (refusal.code < 500 || replies.at(-1)?.code === 421) return false
  if (++session.errors < session.service.options.maxErrors) return false
  recordRefusal(session, verb, tooManyErrors, transaction)
  return true
}

function recordRefusal(session: SmtpSession, verb: string, reply: Reply, transaction?: string): void {
  const text = `${commands.has(verb) ? `${verb}: ` : ''}${formatReply(reply)}`
  session.flow.record('refused', { by: 'smtp', text, ...(transaction === undefined ? {} : { transaction }) })
}
