import {
  bufferContent,
  createMessage,
  formatAddress,
  type Message,
  type RecipientAction,
  type RecipientParameters,
  type ReportedRecipient,
  readAll,
  reply,
  type StatusNotification,
  type StatusReport,
} from 'mailwright'
import { addressOf, capturedLog, fakeClock } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import { Notifications } from './notifications.ts'
import { type DsnInput, parseOptions } from './options.ts'

const clock = fakeClock()
const hostname = 'mail.example.org'
const anna = addressOf('anna@example.org')

const replies = {
  failed: reply(550, '5.1.1', 'No such user'),
  delayed: reply(451, '4.4.1', 'No answer'),
  delivered: reply(250, '2.0.0', 'Ok'),
  relayed: reply(250, '2.0.0', 'Ok'),
  expanded: reply(250, '2.0.0', 'Ok'),
}

function recipient(
  text: string,
  action: RecipientAction,
  parameters: RecipientParameters = {},
): ReportedRecipient {
  const to = addressOf(text)
  const lastAttempt = clock.now()
  return { recipient: to, finalRecipient: to, parameters, action, reply: replies[action], lastAttempt }
}

const original =
  'From: anna@example.org\r\nSubject: Lunch\r\nMessage-ID: <m1@example.org>\r\n\r\nAt noon?\r\n'

function messageOf(text: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(text)))
}

async function report(
  recipients: readonly ReportedRecipient[],
  given: Partial<StatusReport> & { readonly text?: string } = {},
): Promise<StatusReport> {
  const { text = original, ...rest } = given
  return {
    id: 'q1',
    reversePath: anna,
    parameters: {},
    arrivedAt: clock.now() - 7_200_000,
    message: await messageOf(text),
    recipients,
    ...rest,
  }
}

function system(options: DsnInput = {}) {
  const log = capturedLog()
  const notifications = new Notifications(parseOptions({ timeZone: 'UTC', ...options }), {
    hostname,
    clock,
    log,
  })
  return { log, notifications, compose: (of: StatusReport) => notifications.compose(of) }
}

async function octetsOf({ message }: StatusNotification): Promise<string> {
  return (await readAll(message.content)).toString('latin1')
}

/** To whom, and of how many recipients with which actions. */
async function told(notifications: readonly StatusNotification[]) {
  return Promise.all(
    notifications.map(async (one) => {
      const text = await octetsOf(one)
      const actions = [...text.matchAll(/^Action: (\w+)\r$/gm)].map(([, action]) => action)
      return `${formatAddress(one.to)}: ${actions.join(' ')}`
    }),
  )
}

describe('who is told', () => {
  test.each<[RecipientAction, RecipientParameters['notify'], boolean]>([
    ['failed', undefined, true],
    ['failed', ['FAILURE'], true],
    ['failed', ['SUCCESS', 'DELAY'], false],
    ['failed', ['NEVER'], false],
    ['delayed', undefined, true],
    ['delayed', ['DELAY'], true],
    ['delayed', ['FAILURE'], false],
    ['delayed', ['NEVER'], false],
    ['delivered', undefined, false],
    ['delivered', ['SUCCESS'], true],
    ['delivered', ['FAILURE', 'DELAY'], false],
    ['relayed', undefined, false],
    ['relayed', ['SUCCESS'], true],
    ['relayed', ['NEVER'], false],
    ['expanded', ['SUCCESS'], true],
    ['expanded', ['FAILURE'], false],
  ])('of %s with NOTIFY %s: %s', async (action, notify, expected) => {
    const parameters = notify === undefined ? {} : { notify }
    const notifications = await system().compose(
      await report([recipient('bob@example.net', action, parameters)]),
    )
    expect(await told(notifications)).toEqual(expected ? [`anna@example.org: ${action}`] : [])
  })

  test.each<[readonly RecipientAction[], RegExp, RegExp]>([
    [['delivered', 'delivered'], /^Subject: Delivered: Lunch\r$/m, /^Your message has been delivered\./m],
    [['relayed'], /^Subject: Passed on: Lunch\r$/m, /^Your message has been passed on\./m],
    [
      ['delivered', 'relayed'],
      /^Subject: Passed on: Lunch\r$/m,
      /^ {4}The message was handed on to a mail system/m,
    ],
    [['expanded'], /^Subject: Passed on: Lunch\r$/m, /^ {4}The address stands for several others/m],
  ])('only what is where it should be is called delivered: %j', async (actions, subject, text) => {
    const asked: RecipientParameters = { notify: ['SUCCESS'] }
    const [notification] = await system().compose(
      await report(actions.map((action, index) => recipient(`b${index}@example.net`, action, asked))),
    )
    const octets = await readAll((notification as StatusNotification).message.content)
    expect(octets.toString()).toMatch(subject)
    expect(octets.toString()).toMatch(text)
  })

  test('each kind has a message of its own', async () => {
    const asked: RecipientParameters = { notify: ['SUCCESS', 'FAILURE', 'DELAY'] }
    const notifications = await system().compose(
      await report([
        recipient('a@example.net', 'delivered', asked),
        recipient('b@example.net', 'failed', asked),
        recipient('c@example.net', 'delayed', asked),
        recipient('d@example.net', 'failed', { notify: ['NEVER'] }),
        recipient('e@example.net', 'relayed', asked),
        recipient('f@example.net', 'failed'),
      ]),
    )
    expect(await told(notifications)).toEqual([
      'anna@example.org: failed failed',
      'anna@example.org: delayed',
      'anna@example.org: delivered relayed',
    ])
    const ids = notifications.map(({ message }) => message.header.text('message-id'))
    expect(new Set(ids).size).toBe(3)
  })

  test('of delays only who asked, where warnings are off or the message is from a list or a program', async () => {
    const delayed = [
      recipient('bob@example.net', 'delayed'),
      recipient('eve@example.net', 'delayed', { notify: ['DELAY'] }),
    ]
    const off = await system({ delayWarnings: false }).compose(await report(delayed))
    expect(await told(off)).toEqual(['anna@example.org: delayed'])
    for (const field of ['Precedence: bulk', 'List-Id: <a.example>', 'Auto-Submitted: auto-generated']) {
      const automatic = await system().compose(await report(delayed, { text: `${field}\r\n\r\n` }))
      expect(await told(automatic)).toEqual(['anna@example.org: delayed'])
    }
    const person = await report(delayed, { text: 'Auto-Submitted: no\r\n\r\n' })
    expect(await told(await system().compose(person))).toEqual(['anna@example.org: delayed delayed'])
  })

  test('a copy goes to whom the config names, of failures only, whatever NOTIFY says, and without the text', async () => {
    const { compose } = system({ copyTo: 'watch@example.org' })
    const both = [
      recipient('bob@example.net', 'failed', { notify: ['NEVER'] }),
      recipient('eve@example.net', 'delayed'),
    ]
    const notifications = await compose(await report(both))
    expect(await told(notifications)).toEqual(['anna@example.org: delayed', 'watch@example.org: failed'])
    const copy = notifications[1] && (await octetsOf(notifications[1]))
    expect(copy).toContain('Content-Type: text/rfc822-headers\r\n')
    expect(copy).not.toContain('At noon?')
  })

  test('very many recipients are told of in several messages', async () => {
    const many = Array.from({ length: 4_001 }, (_, index) => recipient(`r${index}@example.net`, 'failed'))
    const notifications = await system().compose(await report(many))
    const counts = await Promise.all(
      notifications.map(async (one) => (await octetsOf(one)).match(/^Action: failed\r$/gm)?.length),
    )
    expect(counts).toEqual([2_000, 2_000, 1])
  })
})

describe('what has no return address', () => {
  const lost = { reversePath: null }

  test('goes to the postmaster where it is lost, and nowhere else', async () => {
    const { compose } = system()
    const all = (['failed', 'delayed', 'delivered', 'relayed'] as const).map((action) =>
      recipient(`${action}@example.net`, action, { notify: ['SUCCESS', 'FAILURE', 'DELAY'] }),
    )
    const [notification, ...others] = await compose(await report(all, lost))
    expect(others).toEqual([])
    expect(notification?.to).toEqual({ localPart: 'postmaster', domain: '' })
    expect(notification?.message.header.text('to')).toBe('<postmaster@mail.example.org>')
    expect(notification?.message.header.text('subject')).toBe('Neither delivered nor returned: Lunch')
    // Some send their notifications with NOTIFY=NEVER.
    const never = [recipient('bob@example.net', 'failed', { notify: ['NEVER'] })]
    expect(await told(await compose(await report(never, lost)))).toEqual(['postmaster: failed'])
  })

  test('another address, or nobody', async () => {
    const failed = [recipient('bob@example.net', 'failed')]
    const other = system({ doubleBounces: 'lost@example.org' })
    expect(await told(await other.compose(await report(failed, lost)))).toEqual(['lost@example.org: failed'])
    const nobody = system({ doubleBounces: false })
    expect(await nobody.compose(await report(failed, lost))).toEqual([])
    expect(nobody.log.lines).toMatchObject([
      { level: 'warn', event: 'bounced', transaction: 'q1', recipients: 1 },
    ])
  })

  test('a report of a loss that is lost itself is told to the log, whatever it was led to', async () => {
    const { compose, log } = system({ doubleBounces: 'lost@example.org' })
    const [first] = await compose(await report([recipient('bob@example.net', 'failed')], lost))
    const again = { ...lost, message: first?.message ?? (await messageOf('')) }
    const target = recipient('lost@example.org', 'failed')
    expect(await compose(await report([target], lost))).toEqual([])
    const expanded = { ...target, finalRecipient: addressOf('me@elsewhere.example') }
    expect(await compose(await report([expanded], lost))).toEqual([])
    const rewritten = recipient('me@elsewhere.example', 'failed')
    expect(await compose(await report([rewritten], again))).toEqual([])
    expect(log.lines.filter(({ event }) => event === 'bounced')).toHaveLength(3)
  })

  test('an ordinary notification that is lost is told of', async () => {
    const { compose } = system()
    const [first] = await compose(await report([recipient('bob@example.net', 'failed')]))
    const again = { ...lost, message: first?.message ?? (await messageOf('')) }
    const notifications = await compose(await report([recipient('anna@example.org', 'failed')], again))
    expect(notifications.map(({ to }) => formatAddress(to))).toEqual(['postmaster'])
  })

  test('a message that asked for TLS does not go back whole, nor to the postmaster (RFC 8689 §5)', async () => {
    const { compose } = system()
    const failed = [recipient('bob@example.net', 'failed')]
    const parameters = { requireTls: true, ret: 'FULL' } as const
    for (const from of [{}, lost]) {
      const [notification] = await compose(await report(failed, { ...from, parameters }))
      const text = String(notification && (await readAll(notification.message.content)))
      expect(text).toContain('Subject: Lunch')
      expect(text).not.toContain('At noon?')
    }
  })
})
