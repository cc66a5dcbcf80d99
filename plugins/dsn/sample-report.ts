import {
  type Address,
  bufferContent,
  createMessage,
  formatAddress,
  type RecipientAction,
  type Reply,
  type ReportedRecipient,
  reply,
  type StatusReport,
} from 'mailwright'
import type { TextKind } from './texts.ts'

const hour = 3_600_000
const day = 24 * hour

/** Who has sent the sample. */
export const sampleSender: Address = { localPart: 'anna', domain: 'example.org' }

/** What can be shown: `expanded` is told as a delivery, in other words. */
export type SampleKind = TextKind | 'expanded'

const actions: Readonly<Record<SampleKind, RecipientAction>> = {
  failed: 'failed',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'relayed',
  expanded: 'expanded',
  lost: 'failed',
}

const replies: Readonly<Record<SampleKind, readonly Reply[]>> = {
  failed: [
    reply(550, '5.1.1', 'No such user here'),
    reply(552, '5.2.2', 'Mailbox full'),
    reply(451, '4.4.1', 'No answer from host'),
  ],
  delayed: [reply(451, '4.4.1', 'No answer from host'), reply(452, '4.2.2', 'Mailbox full, try later')],
  delivered: [reply(250, '2.0.0', 'Ok: queued as 1A2B3C')],
  relayed: [reply(250, '2.0.0', 'Ok: queued as 1A2B3C')],
  expanded: [reply(250, '2.0.0', 'The address stands for several others')],
  lost: [reply(550, '5.1.1', 'No such user here')],
}

/** What a queue could have to report at a time, in milliseconds since 1970. */
export async function sampleReport(kind: SampleKind, now: number): Promise<StatusReport> {
  return {
    id: 'SAMPLE',
    reversePath: kind === 'lost' ? null : sampleSender,
    parameters: {},
    arrivedAt: now - (kind === 'delayed' ? 4 * hour : 5 * day),
    message: await createMessage(bufferContent(Buffer.from(text.join('\r\n')))),
    recipients: replies[kind].map((each, index) => sampleRecipient(index + 1, actions[kind], each, now)),
  }
}

/** One of many. */
export function sampleRecipient(
  number: number,
  action: RecipientAction,
  lastReply: Reply,
  now: number,
): ReportedRecipient {
  const recipient = { localPart: `recipient${number}`, domain: 'example.net' }
  return {
    recipient,
    finalRecipient: recipient,
    parameters: {},
    action,
    reply: lastReply,
    remoteHost: 'mx.example.net',
    remotePlace: 'mx.example.net[192.0.2.25]:25',
    lastAttempt: now,
    willRetryUntil: now + 4 * day,
  }
}

const text = [
  `From: <${formatAddress(sampleSender)}>`,
  'To: <recipient1@example.net>',
  'Subject: Minutes of the meeting',
  'Message-ID: <sample@example.org>',
  '',
  'Hello,',
  'here they are.',
  '',
]
