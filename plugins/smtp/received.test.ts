import { type Header, parseDate, parseHeader, type Session } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { receivedField, type TraceFacts } from './received.ts'

const recipient = { localPart: 'ann', domain: 'example.org' }

function facts(session: Partial<Session>, more: Partial<TraceFacts> = {}): TraceFacts {
  const whole = {
    id: 's1',
    role: 'transfer',
    listener: 'smtp',
    startedAt: new Date(0),
    local: { address: '192.0.2.9', port: 25 },
    remote: { address: '192.0.2.1', port: 4000 },
    tls: undefined,
    hello: { name: 'relay.example.com', extended: true },
    account: undefined,
    ownClient: undefined,
    internal: false,
    signal: new AbortController().signal,
    ...session,
  } as const
  return {
    session: whole,
    clientName: undefined,
    hostname: 'mx.example.org',
    id: 'q1',
    smtpUtf8: false,
    recipients: [recipient],
    date: new Date(Date.UTC(2026, 10, 23, 10)),
    ...more,
  }
}

/** The field's body, unfolded; fails where there is more than one field in it. */
function body(given: TraceFacts): string {
  const text = receivedField(given)
  const header: Header = parseHeader(Buffer.from(text))
  expect(text).toMatch(/^(?:[^\r\n]{1,990}\r\n)+$/)
  expect(header.fields.map((field) => field.name)).toEqual(['Received'])
  return (header.first('Received')?.body ?? '').replace(/\s+/g, ' ')
}

test('names both ends, the protocol, the queue id, the recipient and the date', () => {
  const text = body(facts({}))
  expect(text).toBe(
    'from relay.example.com ([192.0.2.1]) by mx.example.org with ESMTP id q1 for <ann@example.org>; Mon, 23 Nov 2026 10:00:00 +0000',
  )
  expect(parseDate(text.slice(text.indexOf(';') + 1))).toEqual(new Date(Date.UTC(2026, 10, 23, 10)))
})

test('the name of the client in DNS, where it is known', () => {
  expect(body(facts({}, { clientName: 'host.example.net' }))).toContain(
    'from relay.example.com (host.example.net [192.0.2.1]) by ',
  )
})

test('several recipients are not told of each other', () => {
  const other = { localPart: 'tim', domain: 'example.org' }
  expect(body(facts({}, { recipients: [recipient, other] }))).not.toContain('for ')
})

describe('the protocol', () => {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }
  const account = { id: 'jo', address: recipient }
  test.each([
    [{ hello: { name: 'a', extended: false } }, false, 'SMTP'],
    [{}, false, 'ESMTP'],
    [{ tls }, false, 'ESMTPS'],
    [{ account }, false, 'ESMTPA'],
    [{ tls, account }, false, 'ESMTPSA'],
    [{}, true, 'UTF8SMTP'],
    [{ tls }, true, 'UTF8SMTPS'],
    [{ tls, account }, true, 'UTF8SMTPSA'],
  ])('%j, SMTPUTF8 %s: %s', (session, smtpUtf8, protocol) => {
    expect(body(facts(session, { smtpUtf8 }))).toContain(` with ${protocol} id `)
  })

  test('the facts of TLS are a comment', () => {
    expect(body(facts({ tls }))).toContain('([192.0.2.1]) (TLSv1.3 TLS_AES_128_GCM_SHA256) by ')
  })
})

describe('what the client says', () => {
  test.each([
    'a.example\r\nX-Evil: 1',
    'a) by mx.example.org with ESMTPSA (',
    '\\',
    '<script>',
    '例え',
    'x'.repeat(5000),
    '192.0.2.1',
    '',
    '\u0000',
    'a\u2028b',
  ])('%j stays inside', (name) => {
    const text = body(facts({ hello: { name, extended: true } }))
    expect(text).toMatch(
      /^from \S+ \((?:HELO )?[^()\\]+\) by mx\.example\.org with ESMTP id q1 for <ann@example\.org>; /,
    )
    expect(text).toContain('[192.0.2.1]')
  })

  test('an international name is written with A-labels', () => {
    expect(body(facts({ hello: { name: 'MÜNCHEN.example', extended: true } }))).toContain(
      'from xn--mnchen-3ya.example (',
    )
  })
})

test.each([
  ['192.0.2.1', 'from relay.example.com ([192.0.2.1]) by', 'from [192.0.2.1] (HELO a_?) by'],
  ['2001:db8::1', 'from relay.example.com ([IPv6:2001:db8::1]) by', 'from [IPv6:2001:db8::1] (HELO a_?) by'],
  [
    '/run/mail:x.sock',
    'from relay.example.com (Unix socket) by',
    'from localhost (HELO a_?, Unix socket) by',
  ],
  ['', 'from relay.example.com (unknown) by', 'from localhost (HELO a_?, unknown) by'],
])('a client at %j', (address, named, unnamed) => {
  const remote = { address, port: 0 }
  expect(body(facts({ remote }))).toContain(named)
  expect(body(facts({ remote, hello: { name: 'a_)', extended: true } }))).toContain(unnamed)
})
