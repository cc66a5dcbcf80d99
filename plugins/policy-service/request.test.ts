import type { Session, Transaction } from 'mailwright'
import { fakeResolver } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { clientNames, formatRequest } from './request.ts'

const signal = new AbortController().signal
const session: Session = {
  id: 's1',
  role: 'transfer',
  listener: 'smtp',
  startedAt: new Date(0),
  local: { address: '192.0.2.9', port: 25 },
  remote: { address: '192.0.2.1', port: 4000 },
  tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
  hello: { name: 'client.example', extended: true },
  account: undefined,
  ownClient: undefined,
  internal: false,
  signal,
}
const recipient = { forwardPath: { localPart: 'b', domain: 'here.example' }, parameters: {} }
const transaction: Transaction = {
  id: 'q1',
  session,
  startedAt: new Date(0),
  reversePath: { localPart: 'odd one', domain: 'there.example' },
  parameters: { size: 12_345 },
  recipients: [],
  signal,
}
const client = { name: 'mx.client.example', reverseName: 'mx.client.example', mechanism: '' }

function attributes(text: string): Record<string, string> {
  expect(text.endsWith('\n\n')).toBe(true)
  return Object.fromEntries(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

describe('a request', () => {
  it('has what Postfix sends at RCPT', () => {
    const question = { stage: 'recipient', session, transaction, recipient } as const
    expect(attributes(formatRequest(question, client, 'inbound'))).toEqual({
      request: 'smtpd_access_policy',
      protocol_state: 'RCPT',
      protocol_name: 'ESMTP',
      helo_name: 'client.example',
      queue_id: 'q1',
      sender: 'odd one@there.example',
      recipient: 'b@here.example',
      recipient_count: '0',
      size: '12345',
      client_address: '192.0.2.1',
      client_name: 'mx.client.example',
      reverse_client_name: 'mx.client.example',
      client_port: '4000',
      instance: 'q1',
      sasl_method: '',
      sasl_username: '',
      sasl_sender: '',
      ccert_subject: '',
      ccert_issuer: '',
      ccert_fingerprint: '',
      ccert_pubkey_fingerprint: '',
      encryption_protocol: 'TLSv1.3',
      encryption_cipher: 'TLS_AES_256_GCM_SHA384',
      encryption_keysize: '256',
      etrn_domain: '',
      stress: '',
      policy_context: 'inbound',
      server_address: '192.0.2.9',
      server_port: '25',
    })
  })

  it('counts the recipients when the message is here, and names the only one', () => {
    const one = { ...recipient, claimedBy: 'x/y', routes: [] }
    const sent = (recipients: Transaction['recipients']) =>
      attributes(
        formatRequest(
          { stage: 'message', session, transaction: { ...transaction, recipients }, size: 999 },
          client,
          '',
        ),
      )
    expect(sent([one])).toMatchObject({
      protocol_state: 'END-OF-MESSAGE',
      recipient: 'b@here.example',
      recipient_count: '1',
      size: '999',
    })
    expect(sent([one, one])).toMatchObject({ recipient: '', recipient_count: '2' })
  })

  it('knows little of a client that has just connected', () => {
    const before = { ...session, tls: undefined, hello: undefined, remote: { address: '/run/x', port: 0 } }
    expect(attributes(formatRequest({ stage: 'client', session: before }, client, ''))).toMatchObject({
      protocol_state: 'CONNECT',
      helo_name: '',
      queue_id: '',
      sender: '',
      client_address: 'unknown',
      instance: 's1',
      encryption_protocol: '',
      encryption_keysize: '0',
    })
  })

  it('says who has logged in, and how', () => {
    const account = { id: 'jo', address: { localPart: 'jo', domain: 'here.example' } }
    const known = { ...session, account, hello: { name: 'x', extended: false } }
    const asked = { ...client, mechanism: 'PLAIN' }
    expect(attributes(formatRequest({ stage: 'hello', session: known }, asked, ''))).toMatchObject({
      protocol_state: 'HELO',
      protocol_name: 'SMTP',
      sasl_method: 'PLAIN',
      sasl_username: 'jo@here.example',
    })
  })

  it('says which certificate the client has shown', () => {
    const fingerprint256 = 'ab'.repeat(32)
    const of = (verified: boolean) => {
      const clientCertificate = { fingerprint256, subject: 'O=A\\, B, CN=Wietse V\\+x', verified }
      const tls = { version: 'TLSv1.3', cipher: 'TLS_CHACHA20_POLY1305_SHA256', clientCertificate }
      return attributes(formatRequest({ stage: 'client', session: { ...session, tls } }, client, ''))
    }
    expect(of(true)).toMatchObject({
      ccert_subject: 'Wietse+20V+2Bx',
      ccert_fingerprint: Array(32).fill('AB').join(':'),
      encryption_keysize: '256',
    })
    expect(of(false)).toMatchObject({ ccert_subject: '', ccert_fingerprint: expect.stringMatching(/^AB:/) })
  })

  it('has no attribute of the client’s choice', () => {
    const hostile = { ...session, hello: { name: 'x\nrecipient=a\r\n\n\0', extended: true } }
    const text = formatRequest({ stage: 'hello', session: hostile }, client, 'a\nb')
    expect(attributes(text)).toMatchObject({
      helo_name: 'x?recipient=a????',
      recipient: '',
      policy_context: 'a?b',
    })
    expect(text.indexOf('\n\n')).toBe(text.length - 2)
  })
})

describe('the names of a client', () => {
  const resolver = fakeResolver({
    '192.0.2.1': { ptr: ['mx.client.example'] },
    'mx.client.example': { a: ['192.0.2.1'] },
    '192.0.2.2': { ptr: ['mx.client.example'] },
    '192.0.2.3': { failure: 'SERVFAIL' },
  })

  it.each([
    ['192.0.2.1', 'mx.client.example', 'mx.client.example'],
    ['192.0.2.2', 'unknown', 'mx.client.example'],
    ['192.0.2.3', 'unknown', 'unknown'],
    ['192.0.2.4', 'unknown', 'unknown'],
    ['127.0.0.1', 'localhost', 'localhost'],
    ['/run/lmtp', 'unknown', 'unknown'],
  ])('%s is %s, and says %s', async (address, name, reverseName) => {
    expect(await clientNames(resolver, { address, port: 0 })).toEqual({ name, reverseName })
  })

  it.each([
    ['told.example', 'told.example'],
    [null, 'unknown'],
  ])('that somebody has stated, %s, are not looked up', async (stated, name) => {
    const remote = { address: '192.0.2.1', port: 0, name: stated }
    expect(await clientNames(resolver, remote)).toEqual({ name, reverseName: name })
  })
})
