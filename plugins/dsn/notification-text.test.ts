import { reply, type StatusReport } from 'mailwright'
import { addressOf, capturedLog, fakeClock } from 'mailwright/testing'
import { expect, test } from 'vitest'
import { type DsnInput, parseOptions } from './options.ts'
import { sampleRecipient, sampleReport, sampleSender } from './sample-report.ts'
import { Writer } from './writer.ts'

const clock = fakeClock()

const sample = () => sampleReport('failed', clock.now())

/** What the notification says to people, and what to programs. */
async function written(report: StatusReport, options: DsnInput = {}) {
  const surroundings = { hostname: 'mail.example.org', clock, log: capturedLog() }
  const writer = new Writer(parseOptions({ timeZone: 'UTC', ...options }), surroundings)
  const { text, status } = await writer.draft(report, {
    to: sampleSender,
    kind: 'failed',
    recipients: report.recipients,
    whole: true,
  })
  return { text, status }
}

test('puts those together whom the same happened to, and what was said below', async () => {
  const now = clock.now()
  const recipients = [
    sampleRecipient(1, 'failed', reply(550, '5.1.1', 'No such user'), now),
    sampleRecipient(2, 'failed', reply(552, '5.2.2', 'Full'), now),
    {
      ...sampleRecipient(3, 'failed', reply(550, '5.1.1', 'Who?'), now),
      finalRecipient: addressOf('x@b.example'),
    },
  ]
  const { text } = await written({ ...(await sample()), recipients })
  expect(text).toContain('    Subject: Minutes of the meeting\n    Received: 27 December 2025 at 00:00 UTC\n')
  expect(text).toContain('\nrecipient1@example.net\nrecipient3@example.net\n    There is no such address')
  expect(text).toContain(
    '<recipient3@example.net>\n    leads to x@b.example\n    mx.example.net said:\n    550 5.1.1 Who?\n',
  )
  expect(text).toContain('\nYour message is attached.\n')
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(72)
})

test('says how long was tried only where something was', async () => {
  const tried = sampleRecipient(1, 'failed', reply(451, '4.4.1', 'No answer'), clock.now())
  const { lastAttempt: _, ...untried } = tried
  const textOf = async (one: StatusReport['recipients'][number]) =>
    (await written({ ...(await sample()), recipients: [one] })).text
  expect(await textOf(tried)).toMatch(/It\s+was\s+tried\s+for\s+5\s+days/)
  expect(await textOf(untried)).not.toMatch(/It\s+was\s+tried/)
})

test('leaves out what a config made empty', async () => {
  const empty = { labels: { subject: '', arrived: '' }, closing: '', details: { said: '' } }
  const texts = { en: { ...empty, reasons: { noSuchAddress: { advice: '' } }, attached: { message: '' } } }
  const refused = reply(550, '5.1.1', 'No such user')
  const report = { ...(await sample()), recipients: [sampleRecipient(1, 'failed', refused, 0)] }
  expect(
    (await written(report, { texts })).text,
  ).toBe(`Your message could not be delivered to the address below. There will be
no further attempts.

recipient1@example.net
    There is no such address at the mail system of the recipient.

--- Technical details (SAMPLE) ---

<recipient1@example.net>
    550 5.1.1 No such user
`)
})

test('says that it was the postmaster, in each language', async () => {
  const refused = reply(550, '5.0.0', 'The postmaster has given it up')
  const report = {
    ...(await sample()),
    recipients: [{ ...sampleRecipient(1, 'failed', refused, 0), cause: 'given-up' as const }],
  }
  const said = async (language: string) => (await written(report, { language })).text.replaceAll(/\s+/g, ' ')
  expect(await said('en')).toContain('The postmaster has taken the message out of the queue')
  expect(await said('de')).toContain('Der Postmaster hat die Nachricht aus der Warteschlange genommen')
})

test('names twenty at most', async () => {
  const refused = reply(550, '5.1.1', 'No such user')
  const recipients = Array.from({ length: 25 }, (_, index) => sampleRecipient(index, 'failed', refused, 0))
  const { text, status } = await written({ ...(await sample()), recipients })
  expect(text.match(/^recipient\d+@/gm)).toHaveLength(20)
  expect(text).toContain('And 5 further addresses, which the attached report lists.')
  expect(status.text.match(/^Final-Recipient: /gm)).toHaveLength(25)
})

test('shows addresses and domains as people read them', async () => {
  const recipient = { ...sampleRecipient(1, 'failed', reply(550, '5.1.1', 'x'), 0) }
  const bob = addressOf('bob@bücher.example')
  const { text } = await written({
    ...(await sample()),
    recipients: [{ ...recipient, recipient: bob, finalRecipient: bob }],
  })
  expect(text).toContain('\nbob@bücher.example\n')
})

test('says where help is to be had, in the language of the config', async () => {
  const { text } = await written(await sample(), { language: 'de', help: 'Telefon 123' })
  expect(text.replaceAll(/\s+/g, ' ')).toContain('leiten Sie sie an Telefon 123 weiter.')
})
