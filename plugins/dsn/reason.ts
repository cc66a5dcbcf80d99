import type { Reply, ReportedRecipient, TroubleCause } from 'mailwright'

/** Why something did not arrive, in the words that people need. */
const reasons = [
  'noSuchAddress',
  'noSuchDomain',
  'noMail',
  'mailboxFull',
  'mailboxDisabled',
  'tooLarge',
  'tooLargeHere',
  'greylisted',
  'rateLimited',
  'policy',
  'notAuthenticated',
  'senderRefused',
  'notReached',
  'loop',
  'insecure',
  'notInternational',
  'unfitContent',
  'tooManyRecipients',
  'systemTrouble',
  'expired',
  'givenUp',
  'other',
] as const

export type Reason = (typeof reasons)[number]

// Subject and detail of RFC 3463 and of IANA's registry; a subject alone stands for its other details.
const byCode: Readonly<Record<string, Reason>> = {
  '1.1': 'noSuchAddress',
  '1.2': 'noSuchDomain',
  '1.3': 'noSuchAddress',
  '1.4': 'noSuchAddress',
  '1.6': 'noSuchAddress',
  '1.7': 'senderRefused',
  '1.8': 'senderRefused',
  // RFC 7505 §6 has it for domains that take no mail, with 556. Others use it for addresses that are not there.
  '1.10': 'noSuchAddress',
  '2.1': 'mailboxDisabled',
  '2.2': 'mailboxFull',
  '2.3': 'tooLarge',
  '3': 'systemTrouble',
  '3.4': 'tooLarge',
  '4': 'notReached',
  '4.4': 'noSuchDomain',
  '4.6': 'loop',
  '4.7': 'expired',
  '5': 'systemTrouble',
  '5.3': 'tooManyRecipients',
  '6': 'unfitContent',
  // RFC 6531.
  '6.7': 'notInternational',
  '6.8': 'notInternational',
  '6.9': 'notInternational',
  '7': 'policy',
  '7.10': 'insecure',
  // RFC 7372, RFC 7505.
  '7.20': 'notAuthenticated',
  '7.21': 'notAuthenticated',
  '7.22': 'notAuthenticated',
  '7.23': 'notAuthenticated',
  '7.24': 'notAuthenticated',
  '7.25': 'notAuthenticated',
  '7.26': 'notAuthenticated',
  '7.27': 'senderRefused',
  // RFC 8689.
  '7.30': 'insecure',
}

// What whoever has made the attempt knows better than the codes say.
const byCause: { readonly [Cause in TroubleCause]?: Reason } = {
  greylisted: 'greylisted',
  'rate-limited': 'rateLimited',
  'mailbox-full': 'mailboxFull',
  'no-mail': 'noMail',
  'given-up': 'givenUp',
}

const unknownUser =
  /no such (?:user|mailbox|recipient|address)|(?:user|mailbox|recipient|address) (?:is )?(?:unknown|not found)|unknown (?:user|recipient|mailbox)|does not exist/i
const ofSender = /\b(?:sender|sending|helo|ehlo|client)\b/i
const enoughRecipients = /too many recipients/i
const tooLarge = /\bsize\b[^.]{0,40}(?:limit|exceed|maximum)|exceed[^.]{0,40}\bsize\b|too (?:large|big)/i
const fullMailbox = /(?:mailbox|quota|storage)[^.]{0,40}(?:full|exceeded)|over ?quota/i

/** By what is known beside the reply, and by the reply. */
export function reasonFor({
  reply,
  cause,
  remoteHost,
}: Pick<ReportedRecipient, 'reply' | 'cause' | 'remoteHost'>): Reason {
  const known = cause === undefined ? undefined : byCause[cause]
  if (known !== undefined) return known
  const reason = reasonOf(reply)
  if (cause === 'no-such-address' && (reason === 'policy' || reason === 'other')) return 'noSuchAddress'
  // Where no other host is concerned the limit is our own.
  return reason === 'tooLarge' && remoteHost === undefined ? 'tooLargeHere' : reason
}

/** By the enhanced code; by the plain one, and what is mostly said with it, where there is none. */
export function reasonOf(reply: Reply): Reason {
  const text = reply.lines.join(' ').slice(0, 1_000)
  const [, subject, detail] = reply.enhanced?.split('.') ?? []
  const known = subject === undefined ? undefined : (byCode[`${subject}.${detail}`] ?? byCode[subject])
  if (known !== undefined && known !== 'policy') return known
  return byWords(reply, text, known) ?? known ?? (reply.code === 421 ? 'notReached' : 'other')
}

/** Many say 5.7.1, or nothing, for all that they refuse. */
function byWords({ code }: Reply, text: string, known: Reason | undefined): Reason | undefined {
  const isOfSender = ofSender.test(text)
  if (unknownUser.test(text)) {
    if (!isOfSender) return 'noSuchAddress'
    if (/sender address/i.test(text)) return 'senderRefused'
  }
  // RFC 5321 §4.5.3.1.10: 452 and 552 are for that, too.
  if (enoughRecipients.test(text)) return 'tooManyRecipients'
  if (fullMailbox.test(text) && !isOfSender) return 'mailboxFull'
  if (known !== undefined || (code !== 452 && code !== 552)) return undefined
  // RFC 1870 §6.1.
  if (tooLarge.test(text)) return 'tooLarge'
  return isOfSender ? undefined : 'mailboxFull'
}
