import type { Failed, TroubleCause } from '../model/delivery.ts'
import type { Reply } from '../model/reply.ts'

/** What a host was asked when it refused; `delivery`: the message, for one of its recipients (RFC 2033 §4.2). */
export type RefusalStep =
  | 'greeting'
  | 'hello'
  | 'tls'
  | 'login'
  | 'mail'
  | 'recipient'
  | 'data'
  | 'message'
  | 'delivery'

/** What a refusal means, as far as it can be told. */
export interface RefusalMeaning {
  readonly cause?: TroubleCause
  readonly concerns: NonNullable<Failed['concerns']>
  /** Milliseconds. */
  readonly retryAfter?: number
}

/** Characters of a refusal that are looked at. */
const mostText = 1_000

const greylisting =
  /gr[ea]y[- ]?list|postgrey|triplet|first (?:time|attempt|contact)|not (?:been )?seen before/i
const rate =
  /rate.?limit|throttl|too (?:many|much)(?! recipients| hops| invalid)|too fast|slow down|unusual (?:rate|amount)|(?:high|excessive) (?:rate|volume|number)|exceeded .*(?:rate|limit|quota for)|connection (?:limit|rate)|temporar(?:y|ily) (?:deferred|rate)|try(?:ing)? .*more slowly|receiving mail (?:too quickly|at a rate)|rate that prevents|\bTSS?\d\d\b|\bRP-00[123]\b|server busy|too busy/i
const full =
  /(?:mail\s?box|inbox|account|user|recipient|storage|disk)\b.{0,40}\b(?:full|over ?quota|over (?:the |its )?(?:quota|limit)|out of storage|exceed)|over ?quota|quota (?:exceeded|full)|exceeded (?:storage|its quota|.*mailbox)|insufficient .*mailbox|out of storage space/i
const noUser =
  /(?:user|recipient|mail\s?box|address|account|alias)\b.{0,60}\b(?:unknown|not (?:found|exist|known|listed|available here)|(?:does|do|doesn't|don't|did|didn't)(?: not)? exist|invalid|disabled|inactive|no longer|unavailable|rejected: undeliverable)|(?:unknown|no such|invalid|non-?existent|bad|inactive|disabled) (?:local )?(?:user|recipient|mail\s?box|address|account|destination mailbox)|user .*doesn't have|not a valid (?:user|recipient|mailbox)|does not have an? .*account|no mailbox here/i
const comeBack = /\b(?:again|later|back|retry|wait|delay(?:ed)?|deferred|(?:in|for) \d+ ?s)/i
/** What may stand beside that where nothing else is wrong: the words of a put-off, its time, and whom it is about. */
const generic =
  /<[^<>]*>|\[[^[\]]*\]|\S+@\S+|\b(?:\d+ ?(?:s|m|h|secs?|seconds?|mins?|minutes?|hours?)?|try|come|please|again|back|later|retry(?:ing)?|wait|delay(?:ed)?|temporar(?:y|ily)|deferred|defer|rejected|reject|refused|not|now|at|this|time|in|for|after|a|an?|the|few|some|while|moments?|minutes?|and|or|to|is|be|your?|you|mail|message|e-?mail|recipient|sender|address|client|host|data|delivery|command|end|of|it|will|has|been|we|are|sorry)\b|[^\p{L}\d]/giu
const notNow =
  /not (?:currently )?accepting|shutting down|system (?:not|is not) |service (?:unavailable|not available)|insufficient (?:system|disk)|local error|temporar(?:y|ily) .*(?:problem|failure|unavailable)|overload|load/i

/** Makes sense of a refusal: the codes first, then words, since many servers have one code for everything. */
export function refusalMeaning(answer: Reply, step: RefusalStep): RefusalMeaning {
  const text = answer.lines.join(' ').slice(0, mostText)
  const cause = causeOf(answer, text, step)
  const concerns = concernOf(answer, text, step, cause)
  const retryAfter = answer.code < 500 ? waitIn(text) : undefined
  return {
    ...(cause === undefined ? {} : { cause }),
    concerns,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}

/** A reply to RCPT says that the transaction has enough recipients. RFC 5321 §4.5.3.1.10 has 452, and 552 for the elder. */
export function isTooManyRecipients({ code, enhanced, lines }: Reply): boolean {
  if (code !== 452 && code !== 552) return false
  if (enhanced !== undefined) return /^[45]\.5\.3$/.test(enhanced)
  return /too many recipients/i.test(lines.join(' ').slice(0, mostText))
}

/** What is answered concerns one recipient alone. */
function isOfRecipient(step: RefusalStep): boolean {
  return step === 'recipient' || step === 'delivery'
}

function causeOf(answer: Reply, text: string, step: RefusalStep): TroubleCause | undefined {
  const { code, enhanced = '' } = answer
  const detail = enhanced.slice(2)
  if (step === 'tls') return 'tls'
  if (step === 'login') return 'policy'
  if (code < 500) {
    if (greylisting.test(text)) return 'greylisted'
    if (detail === '2.2' || full.test(text)) return 'mailbox-full'
    if (/^45[01]$/.test(String(code)) && detail === '7.1' && isOfMail(step) && isPutOff(text))
      return 'greylisted'
    if (isRate(code, detail) || rate.test(text)) return 'rate-limited'
    return detail.startsWith('7.') ? 'policy' : undefined
  }
  if (detail === '2.2' || full.test(text)) return 'mailbox-full'
  if (code === 552 && step === 'recipient' && !isTooManyRecipients(answer)) return 'mailbox-full'
  // RFC 7505 §4.1; with another code 5.1.10 is said of addresses.
  if (code === 556) return 'no-mail'
  if (/^1\.(?:1|2|3|6|10)$/.test(detail) || detail === '2.1') return 'no-such-address'
  if (detail.startsWith('7.')) return 'policy'
  if (isOfRecipient(step) && noUser.test(text)) return 'no-such-address'
  return /^(?:5[05]4|550)$/.test(String(code)) && !isOfRecipient(step) ? 'policy' : undefined
}

/** What greylisting refuses, at RCPT or at the end of the message. */
function isOfMail(step: RefusalStep): boolean {
  return isOfRecipient(step) || step === 'data' || step === 'message'
}

/** Many who greylist ask to come back and say no more; whoever names anything that is wrong means that. */
function isPutOff(text: string): boolean {
  return comeBack.test(text) && text.replace(generic, '') === ''
}

// RFC 3463 §3.4, and those of RFC 7372 and of large providers that speak of rates. 451 4.7.500 to 4.7.699 are one restriction of a client.
function isRate(code: number, detail: string): boolean {
  if (code === 451 && /^7\.[56]\d\d$/.test(detail)) return true
  return /^(?:7\.28|7\.500|7\.650|7\.651|7\.652|4\.5|2\.[78]|7\.59)$/.test(detail)
}

function concernOf(
  { code, enhanced = '' }: Reply,
  text: string,
  step: RefusalStep,
  cause: TroubleCause | undefined,
): RefusalMeaning['concerns'] {
  // RFC 3463 §3.2, §3.3: the address and the mailbox.
  if (isOfRecipient(step) && /^[45]\.[12]\./.test(enhanced)) return 'recipient'
  if (cause === 'mailbox-full' || cause === 'no-such-address' || cause === 'greylisted') return 'recipient'
  if (code === 421 || step === 'greeting' || step === 'hello' || step === 'tls' || step === 'login')
    return 'destination'
  if (cause === 'rate-limited')
    return step === 'delivery' || /\b(?:recipient|user|mailbox|account)\b/i.test(text)
      ? 'recipient'
      : 'destination'
  // RFC 3463 §3.4: the system itself is full, busy or not there.
  if (code < 500 && (/^4\.3\.[126]$/.test(enhanced) || /^4\.4\./.test(enhanced)) && notNow.test(text))
    return 'destination'
  return isOfRecipient(step) ? 'recipient' : 'message'
}

const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
const longestWait = 4 * 3_600_000

/** The time that a text asks to wait: `try again in 5 minutes`, `retry after 300 seconds`. */
function waitIn(text: string): number | undefined {
  const [, amount, unit] =
    /(?:again|retry|wait|back)\b[^.;]{0,30}?\b(\d{1,5})\s?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hours?)\b/i.exec(
      text,
    ) ?? []
  const factor = units[unit?.[0]?.toLowerCase() ?? '']
  if (amount === undefined || factor === undefined) return undefined
  return Math.min(longestWait, Math.max(1_000, Number(amount) * factor))
}
