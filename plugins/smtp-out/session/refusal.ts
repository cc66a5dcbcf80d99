import { type Reply, reply, replyText } from 'mailwright'
import { classify, type Step } from '../classification.ts'
import { type Undelivered, undelivered } from '../outcome.ts'

/** Lines of a host's reply that are passed on. */
const mostLines = 10

/** Who refused. */
export interface Refuser {
  readonly place: string
  readonly host: string
}

/** What a host's refusal means for what it was said to. What is no refusal, where an answer had to be, is one for now. */
export function refusalBy({ place, host }: Refuser, answer: Reply, step: Step): Undelivered {
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
  return undelivered(reply(code, enhanced, said), { host, place, ...classify(answer, step) })
}

/** A refusal that may be a passing one, whatever its code is: 5yz in a greeting (RFC 5321 §3.1) says nothing of the mail. */
export function forNow(refused: Undelivered): Undelivered {
  return later(refused, 451, '4.3.2')
}

/** RFC 5321 §4.5.3.1.10: "552 too many recipients" is 452 as well where nobody was taken before. */
export function notSoMany(refused: Undelivered): Undelivered {
  return later(refused, 452, '4.5.3')
}

/** With the host's own code in the text. */
function later(refused: Undelivered, code: number, enhanced: string): Undelivered {
  if (refused.kind === 'deferred') return refused
  const { reply: answer } = refused
  const [first = '', ...more] = answer.lines
  const said = [answer.code, answer.enhanced, first].filter((part) => part !== undefined).join(' ')
  return { ...refused, kind: 'deferred', reply: reply(code, enhanced, [replyText(said), ...more]) }
}
