import {
  bufferContent,
  createMessage,
  type Message,
  parseHeader,
  type ReportedRecipient,
  readAll,
  type StatusReport,
} from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { Notifications } from './notifications.ts'
import { surveyOctets } from './octet-survey.ts'
import { parseOptions } from './options.ts'

// Whatever comes from elsewhere, a notification stays a message of three parts with our own fields.

const messageFields = new Set([
  'date',
  'from',
  'to',
  'subject',
  'message-id',
  'in-reply-to',
  'references',
  'auto-submitted',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
])
const statusFields = new Set([
  'reporting-mta',
  'received-from-mta',
  'original-envelope-id',
  'x-mailwright-queue-id',
  'arrival-date',
])
const recipientFields = new Set([
  'final-recipient',
  'original-recipient',
  'x-mailwright-forward-path',
  'action',
  'status',
  'remote-mta',
  'diagnostic-code',
  'last-attempt-date',
  'will-retry-until',
])

const scraps = [
  '\r\nBcc: eve@evil.example\r\n',
  '\r\n\r\nbody',
  '\n.\r\n',
  '\r',
  '\0',
  '--=_',
  '\r\n--=_00000000-0000-4000-8000-000000000000--\r\n',
  'Content-Type: multipart/report; boundary=x',
  '=?utf-8?B?DQpCY2M6IGV2ZQ==?=',
  '=?utf-8?Q?=0D=0ABcc:_eve?=',
  '\u202e\u2066\u2028',
  '\ud800',
  '\udfff\ud83d',
  'ü😀',
  '"\\<>()[];:,@',
  '{subject}{host}',
  ' ',
  '\t\v\f',
  'x'.repeat(1_500),
  '€'.repeat(900),
  '\\x{0D}\\x{0A}Bcc: eve',
]

function randomness(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function hostile(random: (below: number) => number): string {
  return Array.from({ length: 1 + random(5) }, () => scraps[random(scraps.length)]).join('')
}

async function hostileReport(random: (below: number) => number): Promise<StatusReport> {
  const text = () => hostile(random)
  const fields = ['Subject', 'Message-ID', 'References', 'Received', 'Accept-Language', 'Content-Type']
  const header = fields.map((name) => `${name}: ${text().replaceAll('\r\n', random(2) ? '\r\n ' : ' ')}`)
  const octets = Buffer.from(`${header.join('\r\n')}\r\n\r\n${text()}`, random(3) === 0 ? 'latin1' : 'utf8')
  const recipient = (): ReportedRecipient => ({
    recipient: { localPart: text(), domain: text() },
    finalRecipient: { localPart: text(), domain: random(2) ? 'example.net' : text() },
    parameters: random(2) ? {} : { originalRecipient: `${random(2) ? 'utf-8;' : ''}${text()}` },
    action: (['failed', 'failed', 'delayed'] as const)[random(3)] ?? 'failed',
    reply: { code: 550, enhanced: random(2) ? '5.1.1' : undefined, lines: [text(), text()] },
    remoteHost: text(),
    lastAttempt: 2e12,
    willRetryUntil: 3e12,
  })
  return {
    id: text(),
    reversePath: random(4) === 0 ? null : { localPart: text(), domain: text() },
    parameters: { envelopeId: text(), smtpUtf8: random(2) === 0 },
    arrivedAt: 1e12,
    message: await createMessage(bufferContent(octets)),
    recipients: Array.from({ length: 1 + random(4) }, recipient),
  }
}

async function expectSound(message: Message, recipients: number): Promise<void> {
  const octets = await readAll(message.content)
  expect(octets.length).toBe(message.size)
  expect(message.size).toBeLessThan(300_000)
  expect(surveyOctets(octets)).not.toBe('binary')
  for (const name of message.header.names) expect(messageFields).toContain(name)
  expect(message.header.fields.length).toBe(message.header.names.length)
  expect(message.header.hasStrayLines).toBe(false)
  const { root } = await message.structure()
  expect(root.children).toHaveLength(3)
  const [, status] = root.children
  const blocks = octets
    .subarray(status?.bodyStart, status?.bodyEnd)
    .toString('latin1')
    .split('\r\n\r\n')
    .map((block) => parseHeader(Buffer.from(`${block}\r\n\r\n`, 'latin1')))
  expect(blocks).toHaveLength(recipients + 1)
  for (const [index, block] of blocks.entries()) {
    expect(block.hasStrayLines).toBe(false)
    for (const name of block.names) expect(index === 0 ? statusFields : recipientFields).toContain(name)
    expect(block.fields).toHaveLength(block.names.length)
  }
}

test('nothing from elsewhere breaks the structure, adds a field, or is without bounds', async () => {
  const options = parseOptions({ followLanguage: true, timeZone: 'UTC' })
  const log = capturedLog()
  const notifications = new Notifications(options, { hostname: 'mail.example.org', clock: fakeClock(), log })
  for (let seed = 1; seed <= 300; seed += 1) {
    const report = await hostileReport(randomness(seed))
    const composed = await notifications.compose(report)
    for (const { message } of composed) {
      const text = (await readAll(message.content)).toString('latin1')
      await expectSound(message, text.match(/^Final-Recipient: /gm)?.length ?? 0)
      expect(message.header.first('bcc')).toBeUndefined()
    }
  }
  expect(log.lines.filter(({ event }) => event !== 'bounced')).toEqual([])
})

test('fifty thousand recipients are told of in messages of bounded size', async () => {
  const long = 'x'.repeat(100_000)
  const recipients = Array.from({ length: 50_000 }, (_, index): ReportedRecipient => {
    const recipient = { localPart: `r${index}`, domain: 'example.net' }
    const reply = { code: 550, enhanced: '5.1.1', lines: [long] }
    return {
      recipient,
      finalRecipient: recipient,
      parameters: {},
      action: 'failed',
      reply,
      lastAttempt: 2e12,
    }
  })
  const surroundings = { hostname: 'mail.example.org', clock: fakeClock(), log: capturedLog() }
  const composed = await new Notifications(parseOptions({}), surroundings).compose({
    id: 'q',
    reversePath: { localPart: 'a', domain: 'example.org' },
    parameters: {},
    arrivedAt: 1e12,
    message: await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\n'))),
    recipients,
  })
  expect(composed).toHaveLength(25)
  for (const { message } of composed) expect(message.size).toBeLessThan(3_000_000)
})
