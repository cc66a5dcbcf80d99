import { Readable } from 'node:stream'
import { bufferContent, createMessage } from 'mailwright'
import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { answering, type HostScript, startSmtpHost } from '../support/smtp/smtp-host.ts'
import { type SendingPair, startPair, startSender, told } from '../support/smtp/smtp-sending.ts'

// Hosts that do one thing each, and what becomes of mail for them.

let stack = new AsyncDisposableStack()
afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

function withHost(script: HostScript = {}, options: SmtpOutInput = {}): Promise<SendingPair> {
  return startPair(stack, script, options)
}

describe('a transaction', () => {
  test('says what has to be said, and the outcome what the host said', async () => {
    const { host, sender } = await withHost()
    const outcomes = await sender.send({
      to: ['jo@there.example', 'anna@there.example'],
      text: 'Subject: x\n\n.dot\n',
    })
    expect(outcomes.map(told)).toEqual(
      Array(2).fill(
        `delivered mx.there.example[127.0.0.1]:${host.port} said 250 2.0.0 queued as M1, in clear`,
      ),
    )
    expect(outcomes[0]).toMatchObject({
      reached: 'relayed',
      host: 'mx.there.example',
      place: expect.stringContaining('mx.there.example['),
      reply: { code: 250 },
    })
    expect(host.said).toEqual([
      'EHLO mx.here.example',
      'MAIL FROM:<a@here.example> SIZE=20',
      'RCPT TO:<jo@there.example>',
      'RCPT TO:<anna@there.example>',
      'DATA',
      'Subject: x\r\n\r\n..dot',
    ])
  })

  test.each([[['SIZE']], [['PIPELINING', 'SIZE']]])('with %j', async (extensions) => {
    const { host, sender } = await withHost({ extensions })
    expect(told((await sender.send())[0])).toMatch(/^delivered /)
    expect(host.messages).toHaveLength(1)
  })

  test('an octet at a time', async () => {
    const { sender } = await withHost({ trickles: true })
    expect(told((await sender.send())[0])).toMatch(/^delivered .* said 250 2\.0\.0 queued as M1/)
  })

  test('only CRLF leaves, and nothing ends a message before its end', async () => {
    const { host, sender } = await withHost()
    const octets = Buffer.from('Subject: x\r\n\r\na\n.\nMAIL FROM:<b@x>\r.\rb\r\n.\r\nc')
    await sender.send({ message: await createMessage(bufferContent(octets)) })
    expect(host.messages).toEqual(['Subject: x\r\n\r\na\r\n..\r\nMAIL FROM:<b@x>\r\n..\r\nb\r\n..\r\nc'])
  })

  test('each recipient has its own outcome', async () => {
    const { host, sender } = await withHost(
      answering({
        'RCPT TO:<no@': '550 5.1.1 no such user',
        'RCPT TO:<full@': '452 4.2.2 over quota',
        'RCPT TO:<grey@': '450 4.2.0 Greylisted, try again in 5 minutes',
      }),
    )
    const to = ['jo', 'no', 'full', 'grey'].map((name) => `${name}@there.example`)
    const place = `mx.there.example[127.0.0.1]:${host.port}`
    const outcomes = await sender.send({ to })
    expect(outcomes.slice(1).map(told)).toEqual([
      'failed 550 5.1.1 no such user',
      'deferred 452 4.2.2 over quota',
      'deferred 450 4.2.0 Greylisted, try again in 5 minutes',
    ])
    expect(outcomes).toMatchObject([
      { kind: 'delivered' },
      { cause: 'no-such-address', concerns: 'recipient', host: 'mx.there.example', place },
      { cause: 'mailbox-full', concerns: 'recipient' },
      { cause: 'greylisted', concerns: 'recipient', retryAfter: 300_000 },
    ])
  })

  test('all or none', async () => {
    const { host, sender } = await withHost(answering({ 'RCPT TO:<no@': '550 5.1.1 no' }))
    const to = ['jo@there.example', 'no@there.example']
    expect((await sender.send({ to, atomic: true })).map(told)).toEqual([
      'deferred 451 4.3.0 Not delivered because another recipient could not be',
      expect.stringMatching(/^failed 550 5\.1\.1 /),
    ])
    expect(host.messages).toEqual([])
  })

  test('all or none of more than one transaction takes, as far as that can be had', async () => {
    const { host, sender } = await withHost(answering({ 'RCPT TO:<u70@': '550 5.1.1 no' }))
    const names = Array.from({ length: 120 }, (_, index) => `u${index}@there.example`)
    const kinds = (await sender.send({ to: names, atomic: true })).map(({ kind }) => kind)
    // The second of three; the first has been sent.
    expect(kinds.filter((kind) => kind === 'delivered')).toHaveLength(50)
    expect(kinds.indexOf('failed')).toBe(70)
    expect(kinds.filter((kind) => kind === 'deferred')).toHaveLength(69)
    const others = names.filter((name) => !name.startsWith('u70@'))
    const outcomes = await sender.send({ to: others, atomic: true })
    expect(outcomes.every(({ kind }) => kind === 'delivered')).toBe(true)
    expect(host.messages).toHaveLength(1 + 3)
  })

  test.each([
    ['MAIL', '550 5.7.1 not you', 'failed', 'message'],
    ['DATA', '554 5.5.1 no', 'failed', 'message'],
    ['DATA', '421 4.3.2 going down', 'deferred', 'destination'],
  ])('%s refused with %s', async (command, answer, kind, concerns) => {
    const { sender } = await withHost(answering({ [command]: answer }))
    expect(await sender.send()).toMatchObject([
      { kind, concerns, reply: { code: Number(answer.slice(0, 3)) } },
    ])
  })

  test.each([
    ['554 5.7.1 spam', { kind: 'failed', cause: 'policy', concerns: 'message' }],
    ['451 4.3.0 later', { kind: 'deferred', concerns: 'message' }],
    ['421 4.7.0 too many messages', { kind: 'deferred', cause: 'rate-limited', concerns: 'destination' }],
    ['close', { kind: 'deferred', cause: 'unreachable', reply: { enhanced: '4.4.2' } }],
    ['hello', { kind: 'deferred', cause: 'protocol', reply: { enhanced: '4.5.0' } }],
    ['354 more', { kind: 'deferred', cause: 'protocol' }],
    ['550-5.7.1 no\r\n250 2.0.0 yes', { kind: 'deferred', cause: 'protocol', reply: { enhanced: '4.5.0' } }],
  ])('the message answered with %s', async (answer, outcome) => {
    const { host, sender } = await withHost({ behindDot: () => answer })
    expect(await sender.send()).toMatchObject([outcome])
    // Whoever may have it does not get it again at once.
    expect(host.messages).toHaveLength(1)
  })

  test('a host that refuses a message before its end gets no more of it', async () => {
    const { sender } = await withHost({ early: { after: 100_000, answer: '552 5.3.4 too large' } })
    const text = `Subject: x\n\n${`${'x'.repeat(70)}\n`.repeat(300_000)}`
    expect(await sender.send({ text })).toMatchObject([
      { kind: 'failed', reply: { code: 552, enhanced: '5.3.4' } },
    ])
  })

  test('more recipients than a host takes at once go in further transactions', async () => {
    const { host, sender } = await withHost({
      extensions: ['PIPELINING', 'LIMITS RCPTMAX=2 MAILMAX=2'],
    })
    const to = Array.from({ length: 5 }, (_, index) => `u${index}@there.example`)
    expect((await sender.send({ to })).map(({ kind }) => kind)).toEqual(Array(5).fill('delivered'))
    expect(host.messages).toHaveLength(3)
    expect(host.connections).toBe(2)
    expect(host.said.filter((line) => line === 'QUIT')).toHaveLength(1)
  })

  test('"too many recipients" is no refusal of the recipient', async () => {
    let taken = 0
    const { host, sender } = await withHost({
      answer(command) {
        if (command.startsWith('MAIL')) taken = 0
        if (!command.startsWith('RCPT')) return undefined
        taken += 1
        return taken > 2 ? '452 4.5.3 Too many recipients' : undefined
      },
    })
    const to = Array.from({ length: 5 }, (_, index) => `u${index}@there.example`)
    expect((await sender.send({ to })).map(({ kind }) => kind)).toEqual(Array(5).fill('delivered'))
    expect(host.messages).toHaveLength(3)
    expect(host.connections).toBe(1)
  })
})

test('"too many recipients" is no refusal for good where nobody was taken, either', async () => {
  let taken = 0
  const { host, sender } = await withHost({
    answer(command) {
      if (!command.startsWith('RCPT')) return undefined
      taken += 1
      return taken > 2 ? '552 too many recipients' : undefined
    },
  })
  const to = Array.from({ length: 4 }, (_, index) => `u${index}@there.example`)
  const outcomes = await sender.send({ to })
  expect(outcomes).toMatchObject([
    { kind: 'delivered' },
    { kind: 'delivered' },
    ...Array(2).fill({
      kind: 'deferred',
      concerns: 'recipient',
      reply: { code: 452, enhanced: '4.5.3', lines: ['552 too many recipients'] },
    }),
  ])
  expect(outcomes[2]).not.toHaveProperty('cause')
  expect(host.messages).toHaveLength(1)
})

describe('what is offered', () => {
  test.each(['500 what?', '501 5.5.4 what?', '502 5.5.1 what?', '503 5.5.1 not now', '504 5.5.4 what?'])(
    'HELO where EHLO is answered with %s',
    async (answer) => {
      const { host, sender } = await withHost(answering({ EHLO: answer }))
      expect(told((await sender.send())[0])).toMatch(/^delivered/)
      expect(host.said.slice(0, 3)).toEqual([
        'EHLO mx.here.example',
        'HELO mx.here.example',
        'MAIL FROM:<a@here.example>',
      ])
    },
  )

  test.each([
    ['550 5.7.1 who are you?', 'deferred 451 4.3.2 550 5.7.1 who are you?'],
    ['554 no', 'deferred 451 4.3.2 554 no'],
    ['451 4.3.0 later', 'deferred 451 4.3.0'],
    ['close', 'deferred 451 4.4.2'],
  ])('EHLO answered with %s', async (answer, outcome) => {
    const { host, sender } = await withHost(answering({ EHLO: answer }))
    expect(told((await sender.send())[0]).startsWith(outcome)).toBe(true)
    expect(host.said.some((line) => line.startsWith('HELO'))).toBe(false)
  })

  test('HELO that is refused is for now, too', async () => {
    const { sender } = await withHost(answering({ EHLO: '501 what?', HELO: '501 5.5.4 who?' }))
    expect(await sender.send()).toMatchObject([
      { kind: 'deferred', concerns: 'destination', reply: { code: 451, lines: ['501 5.5.4 who?'] } },
    ])
  })

  test.each([
    ['a message above SIZE', ['SIZE 100'], { text: `Subject: x\n\n${'x'.repeat(200)}\n` }, '5.3.4'],
    ['an address beyond ASCII', ['SIZE'], { to: 'jö@there.example' }, '5.6.7'],
    [
      'a header beyond ASCII',
      ['8BITMIME'],
      { text: 'Subject: ü\n\n', parameters: { smtpUtf8: true } },
      '5.6.7',
    ],
    ['REQUIRETLS', ['SIZE'], { parameters: { requireTls: true } }, '5.7.30'],
  ])('%s is not given to a host that cannot have it', async (_, extensions, mail, enhanced) => {
    const { host, sender } = await withHost({ extensions })
    expect(await sender.send(mail)).toMatchObject([{ kind: 'failed', reply: { enhanced } }])
    expect(host.said.some((line) => line.startsWith('MAIL'))).toBe(false)
  })

  test('what the host can take is said to it', async () => {
    const { host, sender } = await withHost({ extensions: ['8BITMIME', 'SMTPUTF8', 'DSN'] })
    const outcomes = await sender.send({
      to: 'jö@there.example',
      parameters: { smtpUtf8: true, body: '8BITMIME', ret: 'HDRS', envelopeId: 'a+b=c d' },
      recipientParameters: { notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;jo=x@there.example' },
    })
    expect(host.said.slice(1, 3)).toEqual([
      'MAIL FROM:<a@here.example> BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+2Bb+3Dc+20d',
      Buffer.from(
        'RCPT TO:<jö@there.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;jo+3Dx@there.example',
      ).toString('latin1'),
    ])
    expect(outcomes).toMatchObject([{ kind: 'delivered', reached: 'passed-on' }])
  })

  test.each([
    [['8BITMIME', 'SMTPUTF8', 'DSN'], true, 'utf-8;jö@there.example'],
    [['8BITMIME', 'SMTPUTF8', 'DSN'], false, String.raw`utf-8;j\x{F6}@there.example`],
    [['DSN'], false, String.raw`utf-8;j\x{F6}@there.example`],
  ])('whom the sender meant goes on beyond ASCII, too: %j', async (extensions, smtpUtf8, original) => {
    const { host, sender } = await withHost({ extensions })
    const recipientParameters = { originalRecipient: 'utf-8;jö@there.example' }
    await sender.send({ parameters: { smtpUtf8 }, recipientParameters })
    expect(host.said[2]).toBe(Buffer.from(`RCPT TO:<jo@there.example> ORCPT=${original}`).toString('latin1'))
  })
})

describe('hosts that speak no SMTP, or not now', () => {
  test.each([
    ['nonsense', 'hello'],
    ['an endless line', `250-${'x'.repeat(100_000)}`],
    ['endless lines', '250-x\r\n'.repeat(2_000)],
    ['an answer to another question', '354 go on'],
    ['two answers', '250 fine\r\n250 fine'],
    ['the end', 'close'],
  ])('%s at MAIL means later', async (_, answer) => {
    const { sender } = await withHost({ ...answering({ MAIL: answer }), extensions: ['SIZE'] })
    expect(await sender.send()).toMatchObject([{ kind: 'deferred', concerns: 'destination' }])
  })

  test.each([
    ['554 5.7.1 no service for you', '451', '4.3.2'],
    ['421 4.3.2 too busy', '421', '4.3.2'],
    ['450 4.3.2 later', '450', '4.3.2'],
    ['close', '451', '4.4.2'],
    ['SSH-2.0-OpenSSH_9.2', '451', '4.5.0'],
    ['220 mx.test\r\n250 already', '451', '4.5.0'],
  ])('a greeting of %s is for now', async (greeting, code, enhanced) => {
    const { sender } = await withHost({ greeting })
    expect(await sender.send()).toMatchObject([
      { kind: 'deferred', concerns: 'destination', reply: { code: Number(code), enhanced } },
    ])
  })

  test.each([
    ['the greeting', { greeting: '' }, 300_000],
    ['EHLO', answering({ EHLO: '' }), 300_000],
    ['MAIL', answering({ MAIL: '' }), 300_000],
    ['RCPT', answering({ RCPT: '' }), 300_000],
    ['DATA', answering({ DATA: '' }), 120_000],
    ['the message', { behindDot: () => '' }, 600_000],
  ] as const)('silence after %s means later', async (step, script, timeout) => {
    const clock = fakeClock()
    const host = stack.use(await startSmtpHost({ ...script, extensions: ['SIZE'] }))
    const sender = stack.use(await startSender({ port: host.port }, undefined, clock))
    const outcomes = sender.send()
    const sign = { 'the greeting': '', 'the message': 'Subject' }[step as string] ?? step
    await expect
      .poll(() => host.connections === 1 && (sign === '' || host.said.some((line) => line.startsWith(sign))))
      .toBe(true)
    await expect.poll(() => clock.waiting).toBeGreaterThan(1)
    clock.advance(timeout - 1_000)
    expect(await Promise.race([outcomes, new Promise((resolve) => setTimeout(resolve, 50, 'waits'))])).toBe(
      'waits',
    )
    clock.advance(1_000)
    expect(await outcomes).toMatchObject([
      { kind: 'deferred', cause: 'unreachable', reply: { enhanced: '4.4.2' } },
    ])
    expect(host.messages.length).toBeLessThan(2)
  })

  test.each(['EHLO', 'MAIL', 'RCPT', 'DATA'])(
    '421 at %s means later, and the connection is over',
    async (command) => {
      const { host, sender } = await withHost(answering({ [command]: '421 4.3.2 closing' }))
      expect(await sender.send()).toMatchObject([
        { kind: 'deferred', concerns: 'destination', reply: { code: 421, enhanced: '4.3.2' } },
      ])
      await expect.poll(() => host.open).toBe(0)
      expect(host.said.filter((line) => line === 'QUIT')).toEqual([])
    },
  )

  test('what takes too long altogether is given up', async () => {
    const clock = fakeClock()
    const host = stack.use(await startSmtpHost(answering({ MAIL: '' })))
    const sender = stack.use(
      await startSender({ port: host.port, timeouts: { delivery: '1m' } }, undefined, clock),
    )
    const outcomes = sender.send()
    await expect.poll(() => host.said.some((line) => line.startsWith('MAIL'))).toBe(true)
    clock.advance(60_000)
    expect(await outcomes).toMatchObject([{ kind: 'deferred' }])
  })

  test('nobody there', async () => {
    const sender = stack.use(await startSender({ port: await freePort() }))
    const [outcome] = await sender.send()
    expect(told(outcome)).toMatch(
      /^deferred 451 4\.4\.1 mx\.there\.example\[127\.0\.0\.1\]:\d+ cannot be reached \(ECONNREFUSED\)$/,
    )
    expect(outcome).toMatchObject({ cause: 'unreachable', concerns: 'destination', host: 'mx.there.example' })
  })

  test('whoever waits no longer ends it', async () => {
    const { host, sender } = await withHost(answering({ MAIL: '' }))
    const waiting = new AbortController()
    const outcomes = sender.send({ signal: waiting.signal })
    await expect.poll(() => host.said.some((line) => line.startsWith('MAIL'))).toBe(true)
    waiting.abort()
    expect(await outcomes).toMatchObject([{ kind: 'deferred' }])
    await expect.poll(() => host.open).toBe(0)
  })

  test('a message that cannot be read is not sent by half', async () => {
    const { host, sender } = await withHost()
    const good = bufferContent(Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(100)}\r\n`))
    let reads = 0
    const message = await createMessage({
      ...good,
      stream(start, end) {
        reads += 1
        if (reads === 1) return good.stream(start, end)
        return Readable.from(
          (async function* () {
            yield Buffer.from('Subject: x\r\n')
            throw new Error('the disk is gone')
          })(),
          { objectMode: false },
        )
      },
    })
    expect(await sender.send({ message })).toMatchObject([{ kind: 'deferred', reply: { enhanced: '4.3.0' } }])
    expect(host.messages).toEqual([])
  })
})

describe('hosts without 8BITMIME', () => {
  const text = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\ngrüße\n'

  test('get 7 bits', async () => {
    const { host, sender } = await withHost({ extensions: ['SIZE'] })
    expect(told((await sender.send({ text }))[0])).toMatch(/^delivered/)
    expect(host.messages[0]).toMatch(/Content-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BC=C3=9Fe$/)
  })

  test('whose size is said as it is then, and may be too large', async () => {
    const { host, sender } = await withHost({ extensions: ['SIZE 300'] })
    await sender.send({ text })
    const [message = ''] = host.messages
    expect(host.said[1]).toBe(`MAIL FROM:<a@here.example> SIZE=${message.length + 2}`)
    expect(await sender.send({ text: text.replace('grüße', 'ü'.repeat(80)) })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.3.4' } },
    ])
    expect(host.messages).toHaveLength(1)
  })

  test('and nothing that cannot be made so', async () => {
    const { host, sender } = await withHost({ extensions: ['SIZE'] })
    const partial =
      'Content-Type: message/partial; id=a; number=1\nContent-Transfer-Encoding: 8bit\n\nx\n\nü\n'
    expect(await sender.send({ text: partial })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.6.3' } },
    ])
    expect(host.messages).toEqual([])
  })

  test('and nothing whose signature would be broken', async () => {
    const { host, sender } = await withHost({ extensions: ['SIZE'] })
    const signed = `Content-Type: multipart/signed; boundary=b\n\n--b\n${text}\n--b--\n`
    expect(await sender.send({ text: signed })).toMatchObject([
      { kind: 'failed', reply: { enhanced: '5.6.3' } },
    ])
    expect(host.messages).toEqual([])
  })
})
