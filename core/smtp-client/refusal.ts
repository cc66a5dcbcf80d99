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

const greylisting = /gr[ea]y[- ]?list|postgrey|triplet|not (?:been )?seen before/i
const firstTime = /first (?:time|attempt|contact)/i
/** What is said of whoever sends, and not of a recipient. */
const ofSender = /\b(?:sender|sending|helo|ehlo|client)\b/i
/** Texts about nothing but a rate. */
const clearRate =
  /rate.?limit|receiving mail (?:too quickly|at a rate)|rate that prevents|(?:sending|thread) (?:quota|limit)|\b(?:hourly|daily)\b.{0,40}\b(?:limit|quota)/i
/** Those that may be about something else in a refusal for good. */
const rate =
  /throttl|too (?:many|much)(?! recipients| hops| invalid)|too fast|slow down|unusual (?:rate|amount)|(?:high|excessive) (?:rate|volume|number)|exceeded .*(?:rate|limit|quota for)|connection (?:limit|rate)|temporar(?:y|ily) (?:deferred|rate)|try(?:ing)? .*more slowly|\bTSS?\d\d\b|\bRP-00[123]\b|server busy|too busy/i
const full =
  /(?:mail\s?box|inbox|account|user|recipient|storage)\b.{0,40}\b(?:full|over ?quota|over (?:the |its )?(?:quota|limit)|out of storage|exceed)|over ?quota|quota (?:exceeded|full)|exceeded (?:storage|its quota|.*mailbox)|insufficient .*mailbox|out of storage space/i
const noUser =
  /(?:user|recipient|mail\s?box|address|account|alias)\b.{0,60}\b(?:unknown|not (?:found|exist|known|listed|available here)|(?:does|do|doesn't|don't|did|didn't)(?: not)? exist|invalid|disabled|inactive|no longer|unavailable|rejected: undeliverable)|(?:unknown|no such|invalid|non-?existent|bad|inactive|disabled) (?:local )?(?:user|recipient|mail\s?box|address|account|destination mailbox)|user .*doesn't have|not a valid (?:user|recipient|mailbox)|does not have an? .*account|no mailbox here/i
/** Told behind the message as well, of its one recipient. */
const noAccount = /\buser (?:doesn't|does not) have an? \S+ account/i
/** 552 is for the size of the message, too (RFC 1870 §6.1), and some say it of what is in one. */
const ofMessage = /\bsize\b|content|too (?:large|big|long)/i
const comeBack = /\b(?:again|later|back|retry|wait|delay(?:ed)?|deferred|(?:in|for) \d+ ?s)/i
/** What may stand beside that where nothing else is wrong: the words of a put-off, its time, and whom it is about. */
const generic =
  /first (?:time|attempt|contact)(?: (?:that )?we (?:have )?seen?)?|<[^<>]*>|\[[^[\]]*\]|\S+@\S+|\b(?:\d+ ?(?:s|m|h|secs?|seconds?|mins?|minutes?|hours?)?|try|come|please|again|back|later|retry(?:ing)?|wait|delay(?:ed)?|temporar(?:y|ily)|deferred|defer|rejected|reject|refused|not|now|at|this|time|in|for|after|a|an?|the|few|some|while|moments?|minutes?|and|or|to|is|be|your?|you|mail|message|e-?mail|recipient|sender|address|client|host|data|delivery|command|end|of|it|will|has|been|we|are|sorry)\b|[^\p{L}\d]/giu
const noSpace = /insufficient (?:system|disk)|disk (?:is )?full/i
const notNow =
  /not (?:currently )?accepting|shutting down|system (?:not|is not) |service (?:unavailable|not available)|local error|temporar(?:y|ily) .*(?:problem|failure|unavailable)|overload|load/i

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
  if (code < 500 && isGreylisting(answer, text, step)) return 'greylisted'
  if (detail === '2.2') return 'mailbox-full'
  // RFC 3463 §3.3, §3.4: the message is too large.
  if (detail === '2.3' || detail === '3.4') return undefined
  // RFC 3463 §3.2: the sender's address.
  if (detail === '1.7' || detail === '1.8') return 'policy'
  // RFC 3463 §3.5: congestion. Sendmail has it for a full disk.
  if (detail === '4.5' && !noSpace.test(text)) return 'rate-limited'
  return code < 500 ? causeForNow(code, detail, text) : causeForGood(answer, text, step)
}

function causeForNow(code: number, detail: string, text: string): TroubleCause | undefined {
  if (clearRate.test(text)) return 'rate-limited'
  if (isFull(text)) return 'mailbox-full'
  if (isRate(code, detail) || rate.test(text)) return 'rate-limited'
  return detail.startsWith('7.') ? 'policy' : undefined
}

function causeForGood(answer: Reply, text: string, step: RefusalStep): TroubleCause | undefined {
  const { code, enhanced = '' } = answer
  const detail = enhanced.slice(2)
  // RFC 7505 §4.1; with another code 5.1.10 is said of addresses.
  if (code === 556) return 'no-mail'
  if (detail.startsWith('7.')) return 'policy'
  if (isFull(text)) return 'mailbox-full'
  if (/^1\.(?:1|2|3|6|10)$/.test(detail)) return 'no-such-address'
  if (clearRate.test(text)) return 'rate-limited'
  if (detail === '2.1') return 'no-such-address'
  if (isOfRecipient(step) && noUser.test(text)) return ofSender.test(text) ? 'policy' : 'no-such-address'
  if (step === 'message' && noAccount.test(text)) return 'no-such-address'
  if (step === 'recipient' && isStorageExceeded(answer, text)) return 'mailbox-full'
  return /^(?:5[05]4|550)$/.test(String(code)) && !isOfRecipient(step) ? 'policy' : undefined
}

function isFull(text: string): boolean {
  return full.test(text) && !ofSender.test(text)
}

/** 552 by itself is a mailbox that is full (RFC 5321 §4.2.3). */
function isStorageExceeded(answer: Reply, text: string): boolean {
  if (answer.code !== 552 || isTooManyRecipients(answer)) return false
  return /^(?:5\.0\.0)?$/.test(answer.enhanced ?? '') && !ofMessage.test(text) && !ofSender.test(text)
}

function isGreylisting({ code, enhanced }: Reply, text: string, step: RefusalStep): boolean {
  if (greylisting.test(text)) return true
  const isUsual = (code === 450 || code === 451) && enhanced === '4.7.1' && isOfMail(step)
  return (isUsual || firstTime.test(text)) && isPutOff(text)
}

/** What greylisting refuses, at RCPT or at the end of the message. */
function isOfMail(step: RefusalStep): boolean {
  return isOfRecipient(step) || step === 'data' || step === 'message'
}

/** Many who greylist ask to come back and say no more; whoever names anything that is wrong means that. */
function isPutOff(text: string): boolean {
  return comeBack.test(text) && text.replace(generic, '') === ''
}

// Those of large providers that speak of rates; X.7.28 is registered as "mail flood detected". 451 4.7.500 to 4.7.699 are one restriction of a client.
function isRate(code: number, detail: string): boolean {
  if (code === 451 && /^7\.[56]\d\d$/.test(detail)) return true
  return /^(?:7\.28|7\.500|7\.650|7\.651|7\.652|2\.[78]|7\.59)$/.test(detail)
}

function concernOf(
  { code, enhanced = '' }: Reply,
  text: string,
  step: RefusalStep,
  cause: TroubleCause | undefined,
): RefusalMeaning['concerns'] {
  if (step === 'greeting' || step === 'hello' || step === 'tls' || step === 'login') return 'destination'
  const isSendersRate = cause === 'rate-limited' && ofSender.test(text)
  // RFC 3463 §3.2, §3.3: the address and the mailbox.
  if (isOfRecipient(step) && /^[45]\.[12]\./.test(enhanced) && !isSendersRate) return 'recipient'
  if (cause === 'mailbox-full' || cause === 'no-such-address' || cause === 'greylisted') return 'recipient'
  if (code === 421) return 'destination'
  if (cause === 'rate-limited' && code < 500) {
    if (step === 'delivery') return 'recipient'
    const isRecipients = /\b(?:recipient|user|mailbox|account)\b/i.test(text) && !isSendersRate
    return isRecipients && step !== 'mail' ? 'recipient' : 'destination'
  }
  // RFC 3463 §3.4: the system itself is full, busy or not there.
  const isOfSystem = /^4\.(?:3\.[126]$|4\.)/.test(enhanced)
  if (isOfSystem && (noSpace.test(text) || notNow.test(text))) return 'destination'
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
