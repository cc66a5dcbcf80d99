import { type Reply, reply, replyText } from 'mailwright'
import { type RefusalStep, refusalMeaning } from 'mailwright/smtp-client'
import { type Undelivered, undelivered } from '../outcome.ts'

/** Lines of a host's reply that are passed on. */
const mostLines = 10

/** Who refused. */
export interface Refuser {
  readonly place: string
  readonly host: string
}

/** What a host's refusal means for what it was said to. What is no refusal, where an answer had to be, is one for now. */
export function refusalBy({ place, host }: Refuser, answer: Reply, step: RefusalStep): Undelivered {
  const { code, enhanced } = answer
  const lines = answer.lines.slice(0, mostLines)
  const said = lines.map(replyText)
  if (code < 400)
    return {
      ...undelivered(reply(451, '4.5.0', said)),
      host,
      place,
      cause: 'protocol',
      concerns: 'destination',
    }
  return undelivered(reply(code, enhanced, said), { host, place, ...refusalMeaning(answer, step) })
}

/** A refusal that may be a passing one, whatever its code is: 5yz in a greeting (RFC 5321 §3.1) says nothing of the mail. */
export function forNow(refused: Undelivered): Undelivered {
  return later(refused, 451, '4.3.2')
}

/** RFC 5321 §4.5.3.1.10: "552 too many recipients" is 452 as well where nobody was taken before. */
export function notSoMany(refused: Undelivered): Undelivered {
  return later(refused, 452, '4.5.3')
}

/** TLS has not come about for a message that is not to go on without it (RFC 8689 §4.2.1): 5.7.10 is "Encryption needed". */
export function encryptionNeeded(refused: Undelivered): Undelivered {
  return { ...refused, kind: 'failed', reply: inPlaceOf(refused, 550, '5.7.10') }
}

function later(refused: Undelivered, code: number, enhanced: string): Undelivered {
  if (refused.kind === 'deferred') return refused
  return { ...refused, kind: 'deferred', reply: inPlaceOf(refused, code, enhanced) }
}

/** Another code, with the host's own one in the text. */
function inPlaceOf({ reply: answer, place }: Undelivered, code: number, enhanced: string): Reply {
  if (place === undefined) return reply(code, enhanced, answer.lines)
  const [first = '', ...more] = answer.lines
  const said = [answer.code, answer.enhanced, first].filter((part) => part !== undefined).join(' ')
  return reply(code, enhanced, [replyText(said), ...more])
}
