import { gunzipSync } from 'node:zlib'
import { ConfigError, definePlugin, noOptions, readAll } from 'mailwright'
import databasePlugin from 'mailwright/plugins/database'
import queue from 'mailwright/plugins/queue'
import smtpOut from 'mailwright/plugins/smtp-out'
import { addressOf, createTestHost, fakeClock, fakeResolver } from 'mailwright/testing'
import { afterEach, expect, test } from 'vitest'
import { databaseUnderTest } from '../support/database-under-test.ts'
import { startSmtpHost } from '../support/smtp/smtp-host.ts'
import { messageOf } from '../support/smtp/smtp-sending.ts'

// Reports of TLS that the server sends by itself.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const handedIn: string[] = []

/** What `relay` says of mail from this machine; and what is handed in. */
const claims = definePlugin({
  name: 'claims',
  parseOptions: noOptions,
  setup({ hooks }) {
    hooks.envelope.claimRecipient.tap('claim', async () => ({ reason: 'ours' }))
    hooks.delivery.route.tap('route', async (question) => ({ kind: 'remote', address: question.address }))
    hooks.data.checkMessage.tap('keep', async (_, { content }) => {
      handedIn.push((await readAll(content)).toString())
      return undefined
    })
    return undefined
  },
})

test('a domain that wants a report has it on the next day', async () => {
  const base = stack.use(await databaseUnderTest())
  const there = stack.use(await startSmtpHost())
  const clock = fakeClock(Date.UTC(2026, 0, 31, 12))
  const resolver = fakeResolver({
    'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }] },
    'mx.there.example': { a: ['127.0.0.1'] },
    '_smtp._tls.there.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@there.example'] },
  })
  const options = {
    ...({ addresses: 'ipv4', port: there.port, sendTlsReports: true } as const),
    ...{ organization: 'Example Organisation', contact: 'tls@here.example' },
  }
  const host = stack.use(
    await createTestHost({
      ...{ hostname: 'mx.here.example', resolver, clock },
      plugins: [databasePlugin(base.options), claims(), smtpOut(options), queue()],
    }),
  )
  const route = { kind: 'remote', address: addressOf('jo@there.example') } as const
  const item = {
    recipient: route.address,
    parameters: {},
    route,
    message: await messageOf('Subject: x\n\nx\n'),
  }
  await host.flow.delivery.attempt({
    ...{ id: 'q1', reversePath: addressOf('a@here.example'), parameters: {}, atomic: false },
    ...{ signal: new AbortController().signal, items: [item] },
  })
  expect(there.messages).toHaveLength(1)
  await expect
    .poll(
      () => {
        clock.advance(10 * 60_000)
        return handedIn.length
      },
      { interval: 20, timeout: 30_000 },
    )
    .toBe(1)
  expect(clock.now()).toBeGreaterThan(Date.UTC(2026, 1, 1))
  const [report = ''] = handedIn
  expect(report).toContain('From: <tls@here.example>\r\nTo: <tls@there.example>\r\n')
  expect(report).toContain('\r\nTLS-Report-Submitter: here.example\r\n')
  const [, packed = ''] = /\.json\.gz"\r\n\r\n([\w+/=\r\n]*)\r\n--/.exec(report) ?? []
  expect(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString())).toMatchObject({
    'organization-name': 'Example Organisation',
    'contact-info': 'tls@here.example',
    'date-range': { 'start-datetime': '2026-01-31T00:00:00Z' },
    policies: [{ policy: { 'policy-domain': 'there.example' }, 'failure-details': expect.any(Array) }],
  })
  expect(handedIn).toHaveLength(1)
})

test('nobody can report what nobody counts', async () => {
  const failed = createTestHost({ plugins: [smtpOut({ sendTlsReports: true })] })
  await expect(failed).rejects.toBeInstanceOf(ConfigError)
  await expect(failed).rejects.toThrow(/sendTlsReports/)
})
