import { isAscii } from 'node:buffer'
import {
  type Address,
  bufferContent,
  type Content,
  findHeaderSection,
  formatDate,
  type Header,
  joinedContent,
  type Reply,
  reply,
  type SpoolWriter,
} from 'mailwright'
import { type DroppedFile, readExactly } from './dropped-file.ts'
import { withCrlf } from './line-ends.ts'
import { completedHeader, type HeaderFacts, readFields } from './local-header.ts'
import type { PickupOptions } from './options.ts'

// RFC 3463: 5.3.4 is "message too big for system", 5.4.6 "routing loop detected", 5.6.0 "other media error".
const tooLarge = reply(552, '5.3.4', 'The message is larger than this system takes from programs of its own')
const headerTooLong = reply(554, '5.6.0', 'The header of the message is longer than 1 MiB')
const withNul = reply(554, '5.6.0', 'The message has a NUL octet in it')
const tooManyHops = reply(554, '5.4.6', 'The message has passed too many servers: it runs in circles')

const NUL = 0
const longestHeader = 1_048_576
const readAtOnce = 65_536

/** A message that was read once and for all: what its owner writes into the file from now on changes nothing. */
export interface LocalMessage {
  readonly header: Header
  readonly body: Content
  /** Whether there are octets beyond ASCII. */
  readonly isEightBit: boolean
  /** Why it can never be taken; it is without its body then. */
  readonly refusal?: Reply
}

/** Reads a message, with the line ends of the network. */
export async function readMessage(
  dropped: DroppedFile,
  writer: SpoolWriter,
  { maxSize, maxHops }: Pick<PickupOptions, 'maxSize' | 'maxHops'>,
): Promise<LocalMessage> {
  const head = await readExactly(dropped.file, dropped.start, Math.min(dropped.size, longestHeader + 2))
  const section = findHeaderSection(head, head.length === dropped.size)
  const fields = head.subarray(0, section?.fields ?? 0)
  // The sender is told with the header.
  const header = readFields(Buffer.from(fields.filter((octet) => octet !== NUL)))
  if (section === undefined) return refused(header, headerTooLong)
  if (dropped.size > maxSize) return refused(header, tooLarge)
  if (header.all('Received').length > maxHops) return refused(header, tooManyHops)
  if (fields.includes(NUL)) return refused(header, withNul)
  let isEightBit = header.hasEightBit
  for await (const chunk of withCrlf(octetsFrom(dropped, section.body))) {
    if (chunk.includes(NUL)) return refused(header, withNul)
    isEightBit ||= !isAscii(chunk)
    await writer.write(chunk)
  }
  return { header, body: await writer.finish(), isEightBit }
}

function refused(header: Header, refusal: Reply): LocalMessage {
  return { header, body: bufferContent(Buffer.alloc(0)), isEightBit: header.hasEightBit, refusal }
}

async function* octetsFrom({ file, start, size }: DroppedFile, from: number): AsyncGenerator<Buffer> {
  for (let at = from; at < size; at += readAtOnce)
    yield await readExactly(file, start + at, Math.min(readAtOnce, size - at))
}

/** What the trace field tells. */
export interface TraceFacts extends HeaderFacts {
  /** The queue id. */
  readonly transaction: string
  readonly uid: number
  /** When it was taken. */
  readonly now: Date
}

/** The message as it goes its way. */
export function tracedContent({ header, body }: LocalMessage, facts: TraceFacts): Content {
  const head = Buffer.concat([Buffer.from(receivedField(facts)), completedHeader(header, facts)])
  const parts = [bufferContent(head), body]
  return joinedContent(parts.map((content) => ({ content, start: 0, end: content.size })))
}

/** The trace field (RFC 5321 §4.4). Whose message it is the system says, and not the program: Postfix writes the same. */
function receivedField({ hostname, uid, transaction, now }: TraceFacts): string {
  return `Received: by ${hostname} (Mailwright, from userid ${uid})\r\n\tid ${transaction};\r\n\t${formatDate(now)}\r\n`
}

/** Who stands in a From field that is missing: the sender, or for bounces the mail system. */
export function authorOf(reversePath: Address | null, origin: string): Address {
  return reversePath ?? { localPart: 'MAILER-DAEMON', domain: origin }
}
