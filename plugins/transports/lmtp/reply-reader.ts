import { type LineConnection, type Reply, replyFault, replyText, UnavailableError } from 'mailwright'

/** Octets of a reply line that are read; RFC 5321 §4.5.3.1.5 has 512. */
const longestLine = 2_048
/** Lines of a reply that are kept, and those that are read. */
const mostKept = 50
const mostLines = 1_000

const replyLine = /^([2-5]\d\d)(?:([ -])(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?(.*))?$/s

/**
 * Reads one reply of a server (RFC 5321 §4.2). MAIL_E_UNAVAILABLE where none comes in that time, or something else. A
 * server's text is cleaned; one without an enhanced status code gets that of its class.
 */
export async function readReply(connection: LineConnection, timeout: number): Promise<Reply> {
  const lines: string[] = []
  let enhanced: string | undefined
  for (let count = 0; count < mostLines; count++) {
    const read = await connection.readLine(longestLine, timeout)
    if (read.kind !== 'line') throw new UnavailableError(problems[read.kind])
    const match = replyLine.exec(read.octets.toString('utf8'))
    if (match === null) throw new UnavailableError('the server says what is no reply')
    const [, code = '', mark = ' ', given, text = ''] = match
    enhanced ??= given
    if (lines.length < mostKept) lines.push(replyText(text))
    if (mark === ' ') return replyOf(Number(code), enhanced, lines)
  }
  throw new UnavailableError('the server’s reply has no end')
}

const problems = {
  timeout: 'the server says nothing',
  closed: 'the server has closed the connection',
  'too-long': 'the server says what is no reply',
  flood: 'the server says what is no reply',
} as const

function replyOf(code: number, enhanced: string | undefined, lines: readonly string[]): Reply {
  const standard = code < 300 || code >= 400 ? `${String(code)[0]}.0.0` : undefined
  const fits = enhanced !== undefined && enhanced[0] === String(code)[0]
  const read: Reply = { code, enhanced: fits ? enhanced : standard, lines }
  if (replyFault(read) !== undefined) throw new UnavailableError('the server says what is no reply')
  return read
}
