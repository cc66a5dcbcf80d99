import { type Answer, decode, encode, type OptAnswer, type RecordType } from 'dns-packet'
import { markForeignRecords } from './framing.ts'

/** The kinds of records that are asked for. */
export type QuestionType = 'A' | 'AAAA' | 'CNAME' | 'MX' | 'NS' | 'PTR' | 'TLSA' | 'TXT'

/** A question with the number that its response must carry. */
export interface Question {
  readonly id: number
  /** Without a final dot; of host names, service names, or those under `in-addr.arpa` and `ip6.arpa`. */
  readonly name: string
  readonly type: QuestionType
}

/** A response to a question, as a server gave it; nothing is known yet of who may be believed. */
export interface Response {
  /** Too long for a datagram: to be asked again over TCP. */
  readonly truncated: boolean
  /** Such as `NOERROR`, `NXDOMAIN`, `SERVFAIL` (RFC 1035 §4.1.1); with a number for what has no name. */
  readonly status: string
  /** The server says that it has validated all of it (RFC 4035 §3.2.3). */
  readonly authenticated: boolean
  readonly records: readonly Answer[]
  /** Seconds that the absence of records may be remembered (RFC 2308 §5); undefined where nothing says so. */
  readonly negativeTtl: number | undefined
  readonly octets: number
}

/** What came is no response to the question (`foreign`: another may yet come), or one that cannot be read. */
export type Unread = 'foreign' | 'malformed'

// The flags of RFC 1035 §4.1.1, with AD of RFC 6840 §5.7: we can do something with it in the response.
const recursionDesired = 1 << 8
const authenticData = 1 << 5
const dnssecOk = 1 << 15
// What passes everywhere without fragments: those can be forged.
const datagramOctets = 1232

/**
 * Writes a question. With EDNS (RFC 6891) and its DO bit in a form that old servers may refuse with FORMERR; without it, it
 * is as in 1987 but for AD.
 */
export function encodeQuestion({ id, name, type }: Question, edns: boolean): Buffer {
  const options: OptAnswer = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: datagramOctets,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: dnssecOk,
    flag_do: true,
    options: [],
  }
  return encode({
    id,
    type: 'query',
    flags: recursionDesired | authenticData,
    questions: [{ name, type }],
    additionals: edns ? [options] : [],
  })
}

/** Reads what a server sent. Never throws; takes time in proportion to the octets. */
export function readResponse(packet: Buffer, question: Question): Response | Unread {
  if (packet.length < 12 || packet.readUInt16BE(0) !== question.id) return 'foreign'
  const framing = markForeignRecords(packet)
  if (framing === undefined) return 'malformed'
  try {
    const message = decode(framing.packet)
    const { answers = [], authorities = [], questions = [] } = message
    const code = (packet.readUInt8(3) & 15) | (framing.extendedStatus << 4)
    const status = statusNames[code] ?? `RCODE_${code}`
    if (!message.flag_qr || (packet.readUInt8(2) & 0x78) !== 0) return 'foreign'
    if (!isAsked(questions, question)) {
      // RFC 6891 §7: who cannot read the question may give it back empty.
      if (status !== 'FORMERR' || questions.length > 0) return 'foreign'
    }
    // Where the header says "truncated" the rest may end anywhere; it is not used.
    if (decode.bytes !== packet.length && !message.flag_tc) return 'malformed'
    return {
      truncated: message.flag_tc,
      status,
      authenticated: message.flag_ad,
      records: answers.filter(isOfInternet),
      negativeTtl: negativeTtl(authorities),
      octets: packet.length,
    }
  } catch {
    return 'malformed'
  }
}

// RFC 1035 §4.1.1.
const statusNames: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
}

function isAsked(
  questions: readonly { name: string; type: RecordType; class?: string | undefined }[],
  { name, type }: Question,
): boolean {
  const [first] = questions
  return (
    questions.length === 1 &&
    first !== undefined &&
    first.name.toLowerCase() === name.toLowerCase() &&
    first.type === type &&
    first.class === 'IN'
  )
}

function isOfInternet(record: Answer): boolean {
  return record.type !== 'OPT' && record.class === 'IN'
}

/** RFC 2308 §5: the smaller of the SOA record's own TTL and its last field. */
function negativeTtl(authorities: readonly Answer[]): number | undefined {
  for (const record of authorities)
    if (record.type === 'SOA') return Math.min(record.ttl ?? 0, record.data.minimum ?? 0)
  return undefined
}
