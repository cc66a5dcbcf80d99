import type { Clock } from '../clock.ts'
import { UnavailableError } from '../errors.ts'
import { type Reply, replyFault, replyText } from '../model/reply.ts'
import type { LineConnection } from '../network/line-connection.ts'

/** Octets of a reply line that are read; RFC 5321 §4.5.3.1.5 has 512. */
const longestLine = 2_048
/** Lines of a reply that are kept, and those that are read. */
const mostKept = 50
const mostLines = 1_000

const replyLine = /^([2-5]\d\d)(?:([ -])(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*))?$/s

/** Why there is no reply: none came in time, the connection has ended, or what came is none. */
export type ReplyFaultKind = 'silence' | 'closed' | 'malformed'

/** There is no reply, or none that can be read. The connection is of no use any more. */
export class ReplyReadError extends UnavailableError {
  readonly kind: ReplyFaultKind

  constructor(kind: ReplyFaultKind, problem: string) {
    super(problem)
    this.kind = kind
  }
}

/**
 * Reads one reply of a server (RFC 5321 §4.2). Rejects with {@link ReplyReadError} where the whole of it does not come in that
 * many milliseconds, or something else; also where the codes of its lines differ, since nobody knows then what it means (§4.2.1). A
 * server's text is cleaned. What is no enhanced status code of the reply's class is text.
 */
export async function readReply(connection: LineConnection, clock: Clock, timeout: number): Promise<Reply> {
  const end = clock.monotonic() + timeout
  const lines: ReplyLine[] = []
  let known: string | undefined
  for (let count = 0; count < mostLines; count++) {
    const read = await connection.readLine(longestLine, end - clock.monotonic())
    if (read.kind !== 'line') throw problem(read.kind)
    const match = replyLine.exec(read.octets.toString('utf8'))
    const [, code, mark = ' ', enhanced, text = ''] = match ?? []
    known ??= code
    if (code === undefined || code !== known) throw problem('flood')
    if (lines.length < mostKept) lines.push({ enhanced, text })
    if (mark === ' ') return replyOf(code, lines)
  }
  throw new ReplyReadError('malformed', 'the server’s reply has no end')
}

function problem(kind: 'timeout' | 'closed' | 'too-long' | 'flood'): ReplyReadError {
  if (kind === 'timeout') return new ReplyReadError('silence', 'the server says nothing')
  if (kind === 'closed') return new ReplyReadError('closed', 'the server has closed the connection')
  return new ReplyReadError('malformed', 'the server says what is no reply')
}

interface ReplyLine {
  readonly enhanced: string | undefined
  readonly text: string
}

function replyOf(code: string, lines: readonly ReplyLine[]): Reply {
  const isGiven = ({ enhanced }: ReplyLine): boolean => enhanced?.[0] === code[0]
  const texts = lines.map((line) =>
    line.enhanced === undefined || isGiven(line) ? line.text : `${line.enhanced} ${line.text}`.trimEnd(),
  )
  const enhanced = lines.find(isGiven)?.enhanced
  const read: Reply = { code: Number(code), enhanced, lines: texts.map(replyText) }
  if (replyFault(read) !== undefined) throw problem('flood')
  return read
}

/** What a server offers, by the keyword in capitals, with its parameters. */
export type EhloKeywords = ReadonlyMap<string, string>

/** The keywords of the reply to EHLO or LHLO (RFC 5321 §4.1.1.1). */
export function ehloKeywords(hello: Reply): EhloKeywords {
  const found = new Map<string, string>()
  for (const line of hello.lines.slice(1)) {
    const [keyword = '', ...parameters] = line.trim().split(/\s+/)
    found.set(keyword.toUpperCase(), parameters.join(' '))
  }
  return found
}
