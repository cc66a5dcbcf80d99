import { definePlugin, emptyQueue, noOptions, type PluginInstance, queue, reply } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import dsn from 'mailwright/plugins/dsn'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory, { memoryQueue } from 'mailwright/plugins/memory'
import { createTestHost, fakeResolver, runDialogue } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import smtp, { type SmtpInput } from './index.ts'

const base = [memory({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }), localDelivery()]
const jo = Buffer.from('\0jo@example.org\0secret').toString('base64')

/** Notes the Received fields of messages. */
function traced(traces: (string | undefined)[]): PluginInstance {
  return definePlugin({
    name: 'watcher',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.data.inspect.tap('trace', async (_, { header }) => {
        traces.push(header.first('Received')?.body)
        return undefined
      })
    },
  })()
}

describe('a dialogue', () => {
  test('of two servers, in clear and under TLS', async () => {
    const traces: (string | undefined)[] = []
    const plugins = [...base, certificates(), traced(traces), smtp({ port: 2525 })]
    const resolver = fakeResolver({
      'relay.example': { a: ['192.0.2.5'] },
      '192.0.2.5': { ptr: ['relay.example'] },
    })
    await using host = await createTestHost({ hostname: 'mx.example.org', plugins, resolver })
    await runDialogue(
      `S: 220 mx.example.org ESMTP Mailwright
C: EHLO client.example
S*: 250-<re:.*>
S: 250 STARTTLS
C: MAIL FROM:<ann@client.example>
S: 250 2.1.0 Sender OK
# It does not outlive what follows.
C: STARTTLS
S: 220 2.0.0 Ready to start TLS
TLS
C: RCPT TO:<jo@example.org>
S: 503 5.5.1 Send EHLO first
C: EHLO client.example
S*: 250-<re:.*>
S: 250 REQUIRETLS
C: MAIL FROM:<ann@client.example> REQUIRETLS
S: 250 2.1.0 Sender OK
C: RCPT TO:<nobody@example.org>
S: 550 5.1.1 <re:.*>
C: RCPT TO:<someone@elsewhere.example>
S: 550 5.7.1 <re:.*>
C: RCPT TO:<jo@example.org>
S: 250 2.1.5 Recipient OK
C: DATA
S: 354 <re:.*>
C: Subject: hello
C:
C: ..
C: .
S: 250 2.0.0 <re:.*>
C: QUIT
S: 221 2.0.0 Bye
S[end]`,
      await host.connect('smtp', { remote: { address: '192.0.2.5', port: 40_000 } }),
    )
    expect(traces).toEqual([expect.stringContaining('from client.example (relay.example [192.0.2.5])')])
  })

  test('of a user', async () => {
    const submission = smtp({ role: 'submission', port: 2587, allowPlaintextAuth: true, tls: 'none' })
    await using host = await createTestHost({ plugins: [...base, submission] })
    await runDialogue(
      `S: 220 <re:.*>
C: EHLO laptop
S*: 250-<re:.*>
S: 250 AUTH SCRAM-SHA-256 PLAIN LOGIN
C: MAIL FROM:<jo@example.org>
S: 530 5.7.0 Authentication required
C: AUTH SCRAM-SHA-256 ${Buffer.from('p=tls-unique,,n=jo,r=abc').toString('base64')}
S: 535 5.7.8 Authentication failed
C: AUTH PLAIN ${jo}
S: 235 2.7.0 Authentication successful
C: MAIL FROM:<jo@example.org> AUTH=a+0D
S: 501 5.5.4 <re:.*>
C: MAIL FROM:<jo@example.org>
S: 250 2.1.0 Sender OK`,
      await host.connect('smtp'),
    )
  })
})

describe('LMTP', () => {
  const people = memory({
    accounts: [
      { address: 'jo@example.org', password: 'secret' },
      { address: 'full@example.org', password: 'secret', quotaBytes: 10 },
    ],
  })
  const start = (options: SmtpInput = {}, received: (string | undefined)[] = []) =>
    createTestHost({
      hostname: 'mx.example.org',
      plugins: [people, localDelivery(), traced(received), smtp({ role: 'lmtp', port: 2524, ...options })],
    })

  test('answers for each recipient', async () => {
    const received: (string | undefined)[] = []
    await using host = await start({}, received)
    await runDialogue(
      `S: 220 mx.example.org LMTP Mailwright
# RFC 2033 §4.1
C: EHLO mta
S: 500 5.5.1 This is LMTP: send LHLO
C: HELO mta
S: 500 5.5.1 This is LMTP: send LHLO
C: MAIL FROM:<>
S: 503 5.5.1 Send LHLO first
C: LHLO mta
S*: 250-<re:.*>
S: 250 ENHANCEDSTATUSCODES
C: MAIL FROM:<ann@client.example>
S: 250 2.1.0 Sender OK
# RFC 2033 §4.2: "If there were no previously successful RCPT commands in the mail transaction, then the DATA command
# must fail with a 503 reply code."
C: RCPT TO:<nobody@example.org>
S: 550 5.1.1 <re:.*>
C: DATA
S: 503 5.5.1 No valid recipients
C: RCPT TO:<full@example.org>
S: 250 2.1.5 Recipient OK
C: RCPT TO:<jo@example.org>
S: 250 2.1.5 Recipient OK
C: RCPT TO:<full@example.org>
S: 250 2.1.5 Recipient OK, named already
C: DATA
S: 354 <re:.*>
C: Subject: hello
C:
C: text
C: .
# "... one reply for each previously successful RCPT command in the mail transaction, in the order that the RCPT commands
# were issued."
S: 552 5.2.2 <re:.*>
S: 250 2.0.0 <re:.*>
S: 552 5.2.2 <re:.*>
C: NOOP
S: 250 2.0.0 OK`,
      await host.connect('smtp'),
    )
    expect(received).toEqual([expect.stringMatching(/ with LMTP\tid /)])
  })

  test('refuses a message as often as it has recipients', async () => {
    await using host = await start({ maxSize: '64k' })
    await runDialogue(
      `S: 220 <re:.*>
C: LHLO mta
S*: 250-<re:.*>
S: 250 ENHANCEDSTATUSCODES
C: MAIL FROM:<>
S: 250 2.1.0 Sender OK
C: RCPT TO:<full@example.org>
S: 250 2.1.5 Recipient OK
C: RCPT TO:<jo@example.org>
S: 250 2.1.5 Recipient OK
C: DATA
S: 354 <re:.*>
C: ${'x'.repeat(66_000)}
C: .
S: 552 5.3.4 Message too large
S: 552 5.3.4 Message too large
C: NOOP
S: 250 2.0.0 OK`,
      await host.connect('smtp'),
    )
  })

  test('is not spoken elsewhere', async () => {
    await using host = await createTestHost({ plugins: [people, localDelivery(), smtp({ port: 2525 })] })
    await runDialogue(
      'S: 220 <re:.*>\nC: LHLO mta\nS: 500 5.5.2 Command unrecognised',
      await host.connect('smtp'),
    )
  })
})

test('a listener on a Unix socket, without the file', async () => {
  const path = '/nowhere/lmtp.sock'
  await using host = await createTestHost({ plugins: [...base, smtp({ role: 'lmtp', path })] })
  expect(host.listeners).toMatchObject([{ plugin: 'smtp', path, port: 0 }])
  await runDialogue('S: 220 <re:.*> LMTP Mailwright', await host.connect('smtp'))
  const [connected] = await host.history({ text: 'lmtp from' })
  expect(connected?.facts).toMatchObject({ remote: { address: path, port: 0 } })
})

test('two listeners on one Unix socket', async () => {
  const plugins = [
    ...base,
    smtp({ path: '/run/mail' }, { as: 'one' }),
    smtp({ path: '/run/mail' }, { as: 'two' }),
  ]
  await expect(createTestHost({ plugins })).rejects.toThrow('one and two both listen on /run/mail')
})

describe('DSN', () => {
  /** A queue that takes what it will try again. */
  function retryingQueue(): PluginInstance {
    const plugin = definePlugin({
      name: 'retrying-queue',
      provides: [queue],
      parseOptions: noOptions,
      setup({ provide }) {
        provide(queue, {
          ...emptyQueue,
          supports: { retries: true, manageable: false },
          accept: async ({ transaction }) =>
            transaction.recipients.map(({ forwardPath: recipient }) => ({
              recipient,
              reply: reply(250, '2.0.0', 'Queued'),
            })),
        })
      },
    })
    return plugin()
  }

  test.each<[string, PluginInstance, readonly PluginInstance[], SmtpInput, boolean]>([
    ['a queue that retries, and notifications', retryingQueue(), [dsn()], {}, true],
    ['no notifications', retryingQueue(), [], {}, false],
    ['a queue that does not retry', memoryQueue(), [dsn()], {}, false],
    ['an option against it', retryingQueue(), [dsn()], { dsn: false }, false],
    ['an option for it', memoryQueue(), [], { dsn: true }, true],
    ['LMTP', retryingQueue(), [dsn()], { role: 'lmtp' }, false],
  ])('%s', async (_, mail, notifications, options, expected) => {
    const plugins = [mail, ...notifications, smtp({ port: 2525, ...options })]
    await using host = await createTestHost({ plugins })
    const greeting = options.role === 'lmtp' ? 'LHLO' : 'EHLO'
    await runDialogue(
      `S: 220 <re:.*>
C: ${greeting} client.example
S*: 250-<re:.*>
${expected ? 'S: 250 DSN' : 'S: 250 ENHANCEDSTATUSCODES'}
C: MAIL FROM:<ann@client.example> RET=HDRS
S: ${expected ? '250 2.1.0' : '555 5.5.4'} <re:.*>`,
      await host.connect('smtp'),
    )
  })
})

describe('what is missing', () => {
  const faults: readonly [string, SmtpInput, string][] = [
    ['keys for STARTTLS', { tls: 'required' }, 'tls: cannot be "required" without TLS keys'],
    ['keys for TLS', { implicitTls: true }, 'implicitTls: needs TLS keys'],
    ['keys for logins', { role: 'submission' }, 'auth: nobody could log in, for passwords need TLS'],
  ]
  test.each(faults)('%s', async (_, options, problem) => {
    await expect(createTestHost({ plugins: [...base, smtp({ port: 0, ...options })] })).rejects.toThrow(
      problem,
    )
  })
})

test('what a message was refused with at its end is in the history and the log, as the client was told', async () => {
  await using host = await createTestHost({ plugins: [...base, smtp({ port: 2525 })] })
  const client = await host.connect('smtp', { remote: { address: '192.0.2.5', port: 40_000 } })
  await runDialogue(
    `S: 220 <re:.*>
C: HELO client.example
S: 250 <re:.*>
C: MAIL FROM:<ann@client.example>
S: 250 <re:.*>
C: RCPT TO:<jo@example.org>
S: 250 <re:.*>
C: DATA
S: 354 <re:.*>
C: \x00
C: .
S: 554 5.6.0 Message refused: a NUL octet in it
C: QUIT
S: 221 <re:.*>
S[end]`,
    client,
  )
  const text = '554 5.6.0 Message refused: a NUL octet in it (nul)'
  expect(await host.history({ text: 'Message refused' })).toMatchObject([{ verb: 'refused', text }])
  const told = host.log.lines.filter(({ event }) => event === 'refused')
  expect(told).toMatchObject([{ sender: 'ann@client.example', remote: '192.0.2.5', text }])
})
