import {
  bufferContent,
  createMessage,
  type Message,
  type RecipientAction,
  type RecipientParameters,
  type Reply,
  type ReportedRecipient,
  type StatusReport,
  statusNotifications,
} from 'mailwright'
import dsn, { type DsnInput } from 'mailwright/plugins/dsn'
import { addressOf, createTestHost } from 'mailwright/testing'

const hostname = 'relay.client.example'
const now = Date.UTC(2026, 10, 29, 16, 4)

/** What became of one recipient. */
export interface Fate {
  readonly to: string
  readonly action: RecipientAction
  readonly reply: Reply
  readonly parameters?: RecipientParameters
}

function reported({ to, action, reply, parameters = {} }: Fate): ReportedRecipient {
  const recipient = addressOf(to)
  const remote = { remoteHost: '127.0.0.1', remotePlace: '127.0.0.1[127.0.0.1]:25' }
  const facts = { recipient, finalRecipient: recipient, parameters, action, reply, ...remote }
  return { ...facts, lastAttempt: now, willRetryUntil: now + 345_600_000 }
}

/** A message that a Postfix has taken, in UTF-8. */
export const original: string = [
  'Received: from x.example (localhost [127.0.0.1])',
  '\tby relay.client.example (Postfix) with ESMTP id B42A421057E;',
  '\tSun, 29 Nov 2026 16:04:21 +0000 (UTC)',
  'From: a@client.example',
  'To: b@gone.example',
  'Subject: Lunch?',
  'Message-ID: <m1@client.example>',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Grüße',
  '',
].join('\r\n')

/** What a queue reports of it. */
export async function report(
  fates: readonly Fate[],
  given: Partial<StatusReport> = {},
): Promise<StatusReport> {
  return {
    id: 'B42A421057E',
    reversePath: addressOf('a@client.example'),
    parameters: {},
    arrivedAt: now - 2_000,
    message: await createMessage(bufferContent(Buffer.from(original))),
    recipients: fates.map(reported),
    ...given,
  }
}

/** The only notification of a report, by the plugin as a config has it. */
export async function notified(of: StatusReport, options: DsnInput = {}): Promise<Message> {
  await using host = await createTestHost({ hostname, plugins: [dsn({ timeZone: 'UTC', ...options })] })
  const [notification, ...others] = await host.service(statusNotifications).compose(of)
  if (notification === undefined || others.length > 0) throw new TypeError('one notification is expected')
  return notification.message
}
