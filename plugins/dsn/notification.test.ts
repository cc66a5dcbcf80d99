import { bufferContent, createMessage, type Message, type StatusReport } from 'mailwright'
import { capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { Notifications } from './notifications.ts'
import { type DsnInput, parseOptions } from './options.ts'
import { sampleReport } from './sample-report.ts'

const clock = fakeClock()
const surroundings = { hostname: 'mail.example.org', clock, log: capturedLog() }

/** The only notification of a report. */
async function notified(report: StatusReport, options: DsnInput = {}): Promise<Message> {
  const all = await new Notifications(parseOptions(options), surroundings).compose(report)
  const [notification] = all
  if (notification === undefined || all.length !== 1) throw new TypeError('one notification is expected')
  return notification.message
}

const sample = () => sampleReport('failed', clock.now())

async function withHeader(fields: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(`${fields}\r\n\r\ntext\r\n`)))
}

test('a notification is a report of three parts, in answer to the original', async () => {
  const message = await notified(await sample())
  expect(message.header.names).toEqual([
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
  ])
  expect(message.header.text('from')).toBe('Mail Delivery System <postmaster@mail.example.org>')
  expect(message.header.text('to')).toBe('<anna@example.org>')
  expect(message.header.text('in-reply-to')).toBe('<sample@example.org>')
  expect(message.header.text('auto-submitted')).toBe('auto-replied')
  const { root, anomalies } = await message.structure()
  expect([...anomalies]).toEqual([])
  expect(root.contentType.parameters.get('report-type')).toBe('delivery-status')
  expect(root.children.map(({ contentType }) => `${contentType.type}/${contentType.subtype}`)).toEqual([
    'text/plain',
    'message/delivery-status',
    'message/rfc822',
  ])
  expect(root.children[2]?.message?.header.text('subject')).toBe('Minutes of the meeting')
})

test('it is from whom the config says', async () => {
  const message = await notified(await sample(), {
    from: '"Post, Abteilung für Mail" <daemon@example.net>',
  })
  expect(message.header.text('from')).toBe('Post, Abteilung für Mail <daemon@example.net>')
})

test('it refers to the thread, as far as ids are such', async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `<m${index}@x>`)
  const message = await withHeader(`Message-ID: <m99@x>\r\nReferences: ${ids.join('\r\n ')} junk <m99@x>`)
  const written = await notified({ ...(await sample()), message })
  expect(written.header.text('references')).toBe(`${ids.slice(-10).join(' ')} <m99@x>`)
  const odd = await withHeader(`Message-ID: none of <these are> ids<@${'x'.repeat(600)}>`)
  expect((await notified({ ...(await sample()), message: odd })).header.text('in-reply-to')).toBeUndefined()
})

test('it says that it is 8bit where a part is', async () => {
  const ascii = await notified({ ...(await sample()), message: await withHeader('Subject: x') })
  expect(ascii.header.text('content-transfer-encoding')).toBeUndefined()
  const message = await withHeader('Subject: Grüße')
  const eightBit = await notified({ ...(await sample()), message })
  expect(eightBit.header.text('content-transfer-encoding')).toBe('8bit')
  const reversePath = { localPart: 'käthe', domain: 'xn--bcher-kva.example' }
  const recipients = (await sample()).recipients.map((one) => ({ ...one, finalRecipient: reversePath }))
  const parameters = { smtpUtf8: true }
  const global = await notified({ ...(await sample()), reversePath, recipients, parameters })
  expect(global.header.text('to')).toBe('<käthe@xn--bcher-kva.example>')
  expect(global.header.text('content-transfer-encoding')).toBe('8bit')
  const { root } = await global.structure()
  expect(root.children[1]?.contentType.subtype).toBe('global-delivery-status')
  expect(root.children[1]?.header.text('content-transfer-encoding')).toBe('8bit')
})
