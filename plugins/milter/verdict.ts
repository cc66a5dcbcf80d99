import { type Reply, reply, replyText, UnavailableError } from 'mailwright'
import { type Packet, PacketParts } from './packet.ts'

/** What a milter makes of what it was asked. */
export type Verdict =
  | { readonly kind: 'continue' }
  /** No more of this message, or of this session. */
  | { readonly kind: 'accept' }
  /** No more of this kind in this message. */
  | { readonly kind: 'skip' }
  /** The message is taken and delivered to nobody. */
  | { readonly kind: 'discard' }
  /** `ends`: the session is over. */
  | { readonly kind: 'refuse'; readonly reply: Reply; readonly ends: boolean }

const rejected = reply(550, '5.7.1', 'Refused by a mail filter')
const failed = reply(451, '4.7.1', 'A mail filter cannot answer now, try again later')
const shutDown = reply(421, '4.7.1', 'A mail filter ends this session')

const plain: Readonly<Record<string, Verdict>> = {
  c: { kind: 'continue' },
  a: { kind: 'accept' },
  s: { kind: 'skip' },
  d: { kind: 'discard' },
  r: { kind: 'refuse', reply: rejected, ends: false },
  t: { kind: 'refuse', reply: failed, ends: false },
  4: { kind: 'refuse', reply: shutDown, ends: true },
  f: { kind: 'refuse', reply: shutDown, ends: true },
}

/** The verdict in a packet; undefined where it is something else. MAIL_E_UNAVAILABLE where it is malformed. */
export function readVerdict(packet: Packet): Verdict | undefined {
  if (packet.code === 'y') return chosenReply(packet)
  const verdict = Object.hasOwn(plain, packet.code) ? plain[packet.code] : undefined
  if (verdict !== undefined) new PacketParts(packet).end()
  return verdict
}

// 4yz and 5yz with a text, and an enhanced code of the same class where there is one.
const replyLine = /^([45]\d\d)(?:([ -])(?:([45]\.\d{1,3}\.\d{1,3})(?: |$))?(.*))?$/s
const mostLines = 32

/** The milter's own words. They are a format to its library, so that a `%` is written twice. */
function chosenReply(packet: Packet): Verdict {
  const parts = new PacketParts(packet)
  const text = parts.text().replaceAll('%%', '%')
  const lines = text
    .replace(/[\r\n]+$/, '')
    .split(/\r?\n/, mostLines)
    .map((line) => replyLine.exec(line))
  const [first] = lines
  const code = first?.[1] ?? ''
  if (lines.some((line) => line === null || line[1] !== code))
    throw new UnavailableError(`it answered with a malformed reply: ${replyText(text)}`)
  const enhanced = first?.[3]
  const known = enhanced !== undefined && enhanced[0] === code[0] ? enhanced : `${code[0]}.7.1`
  const texts = lines.map((line) => replyText(line?.[4] ?? ''))
  return { kind: 'refuse', reply: reply(Number(code), known, texts), ends: code === '421' }
}
