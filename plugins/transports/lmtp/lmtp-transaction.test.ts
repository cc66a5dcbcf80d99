import { type BatchItem, createLog } from 'mailwright'
import { afterEach, describe, expect, test } from 'vitest'
import {
  client,
  endLmtpServer,
  item,
  lmtpServer,
  three,
  two,
} from '../../../test/support/smtp/lmtp-exchange.ts'
import { LmtpDelivery } from './lmtp-delivery.ts'
import { LmtpTls } from './lmtp-tls.ts'

afterEach(endLmtpServer)

/** A part that nobody may encode otherwise. */
const signed = [
  'MIME-Version: 1.0',
  'Content-Type: multipart/signed; boundary=b',
  '',
  '--b',
  'Content-Transfer-Encoding: 8bit',
  '',
  '\u00fc',
  '--b--',
  '',
].join('\r\n')

describe('a transaction of LMTP', () => {
  test('refusals of MAIL and DATA are everybody’s', async () => {
    const mail = await lmtpServer({
      answer: (command) => (command.startsWith('MAIL') ? '451 4.7.1 not that one' : undefined),
    })
    expect(await client().deliver(mail.destination, await two())).toMatchObject([
      { reply: { code: 451 }, concerns: 'message' },
      { reply: { code: 451 }, concerns: 'message' },
    ])
    endLmtpServer()
    const data = await lmtpServer({ answer: (command) => (command === 'DATA' ? '554 no' : undefined) })
    expect(await client().deliver(data.destination, await two())).toMatchObject([
      { kind: 'failed', reply: { code: 554, enhanced: undefined, lines: ['no'] } },
      { kind: 'failed' },
    ])
  })

  test.each([
    ['more octets than are taken', 'x'.repeat(20_000), ['SIZE 10000', '8BITMIME'], {}, 'jo', '5.3.4'],
    ['8-bit octets that are signed', signed, ['SIZE'], {}, 'jo', '5.6.3'],
    ['an address beyond ASCII', 'Subject: x\r\n\r\n', ['8BITMIME'], { smtpUtf8: true }, 'jö', '5.6.7'],
  ] as const)(
    '%s are not sent to a server that cannot take them',
    async (_, text, extensions, parameters, name, enhanced) => {
      const { destination, said } = await lmtpServer({ extensions })
      const found = await client().deliver(destination, [await item(`${name}@here.example`, text)], {
        parameters,
      })
      expect(found).toMatchObject([{ kind: 'failed', reply: { enhanced } }])
      expect(said.some((line) => line.startsWith('MAIL'))).toBe(false)
    },
  )

  test('what asks for TLS (RFC 8689) goes on through a Unix socket, or to who has to prove itself', async () => {
    const { destination, said } = await lmtpServer({ extensions: ['REQUIRETLS'] })
    const parameters = { requireTls: true }
    const items = [await item('jo@here.example')]
    expect(await client().deliver(destination, items, { parameters })).toMatchObject([
      { kind: 'failed', reply: { code: 550, enhanced: '5.7.30' } },
    ])
    const nobody = { kind: 'lmtp', socket: '/nowhere/lmtp' } as const
    expect(await client().deliver(nobody, items, { parameters })).toMatchObject([
      { kind: 'deferred', reply: { enhanced: '4.4.1' } },
    ])
    const strict = client({ level: 'verify' })
    expect(await strict.deliver(destination, items, { parameters })).toMatchObject([
      { kind: 'deferred', reply: { enhanced: '4.7.5' }, concerns: 'destination' },
    ])
    expect(said.some((line) => line.startsWith('MAIL'))).toBe(false)
  })

  test('a notification goes to who proves itself, whether or not REQUIRETLS is offered (RFC 8689 §5)', async () => {
    const { destination } = await lmtpServer({})
    const parameters = { requireTls: true }
    const [jo] = await two()
    if (jo === undefined) throw new Error('two are two')
    const proven = client().pool
    const tls = new LmtpTls({ level: 'verify', levels: new Map(), authorities: undefined })
    const delivery = new LmtpDelivery(proven, tls, createLog('silent'))
    const { signal } = new AbortController()
    const deliver = (item: BatchItem) =>
      delivery.deliver(
        destination,
        [item],
        { id: 'q1', parameters, kind: 'handler', items: [item], atomic: true, signal },
        signal,
      )
    expect(await deliver(jo)).toMatchObject([{ kind: 'failed', reply: { enhanced: '5.7.30' } }])
    expect(await deliver({ ...jo, reversePath: null })).toMatchObject([{ kind: 'delivered' }])
  })

  test('what the server can take is said to it', async () => {
    const { destination, said } = await lmtpServer({ extensions: ['8BITMIME', 'SMTPUTF8'] })
    const parameters = { body: '8BITMIME', smtpUtf8: true } as const
    await client().deliver(destination, [await item('jö@here.example')], { parameters })
    expect(said[1]).toBe('MAIL FROM:<a@else.example> BODY=8BITMIME SMTPUTF8')
  })

  const eightBit = 'Subject: x\r\n\r\n\u00fc\r\n'
  test.each([
    ['announced though nobody said so', ['8BITMIME'], ' BODY=8BITMIME', eightBit],
    [
      'encoded for a server that takes none',
      ['SIZE'],
      ' SIZE=86',
      'Subject: x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC\r\n',
    ],
  ])('8-bit octets are %s (RFC 6152)', async (_, extensions, words, text) => {
    const { destination, said } = await lmtpServer({ extensions })
    const found = await client().deliver(destination, [await item('jo@here.example', eightBit)])
    expect(found).toMatchObject([{ kind: 'delivered' }])
    expect(said[1]).toBe(`MAIL FROM:<a@else.example>${words}`)
    expect(said[4]).toBe(Buffer.from(text).toString('latin1').slice(0, -2))
  })

  test('binary octets are encoded: there is no BDAT', async () => {
    const { destination, said } = await lmtpServer({ extensions: ['8BITMIME', 'BINARYMIME', 'CHUNKING'] })
    const text = 'MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\na\nb'
    const parameters = { body: 'BINARYMIME' } as const
    await client().deliver(destination, [await item('jo@here.example', text)], { parameters })
    expect(said[1]).toBe('MAIL FROM:<a@else.example>')
    expect(said[4]).toContain(Buffer.from('a\nb').toString('base64'))
  })

  test.each([
    [['DSN'], ' RET=HDRS ENVID=x', ' NOTIFY=SUCCESS ORCPT=rfc822;asked@here.example', 'passed-on'],
    [[], '', '', 'arrived'],
  ])(
    'who offers %j is told what the sender wants to know (RFC 3461)',
    async (extensions, of, to, reached) => {
      const { destination, said } = await lmtpServer({ extensions: ['8BITMIME', ...extensions] })
      const parameters = { ret: 'HDRS', envelopeId: 'x' } as const
      const jo = {
        ...(await item('jo@here.example')),
        parameters: { notify: ['SUCCESS'], originalRecipient: 'rfc822;asked@here.example' } as const,
      }
      expect(await client().deliver(destination, [jo], { parameters })).toMatchObject([
        { kind: 'delivered', reached },
      ])
      expect(said.slice(1, 3)).toEqual([`MAIL FROM:<a@else.example>${of}`, `RCPT TO:<jo@here.example>${to}`])
    },
  )

  test.each([false, true])(
    'who is one too many comes in the next transaction, all or none: %s',
    async (atomic) => {
      let taken = 0
      const { destination, said } = await lmtpServer({
        answer(command) {
          if (command.startsWith('MAIL')) taken = 0
          if (!command.startsWith('RCPT')) return undefined
          return ++taken > 1 ? '552 5.5.3 Too many recipients' : undefined
        },
      })
      expect(await client().deliver(destination, await three(), { atomic })).toMatchObject([
        { kind: 'delivered' },
        { kind: 'delivered' },
        { kind: 'delivered' },
      ])
      expect(said.filter((line) => line === 'DATA')).toHaveLength(3)
    },
  )

  test('a server that takes nobody as one too many takes them later', async () => {
    const { destination } = await lmtpServer({
      answer: (command) => (command.startsWith('RCPT') ? '552 Too many recipients' : undefined),
    })
    expect(await client().deliver(destination, [await item('jo@here.example')])).toMatchObject([
      { kind: 'deferred', reply: { code: 452, enhanced: '4.5.3' } },
    ])
  })

  test.each([
    ['451 4.2.1 <anna> Too many messages', 'deferred', 'recipient', 'recipient'],
    ['452 4.3.1 Insufficient system storage', 'deferred', 'recipient', 'destination'],
    ['421 4.3.2 shutting down', 'deferred', 'recipient', 'destination'],
    ['close', 'deferred', 'recipient', 'destination'],
    ['550 No such user here', 'failed', 'recipient', 'recipient'],
    ['552 Message for too many recipients', 'failed', 'recipient', 'recipient'],
  ] as const)(
    '%s behind the dot concerns one recipient (RFC 2033 §4.2), and the server where nobody has the message',
    async (answer, kind, withOthers, alone) => {
      const both = await lmtpServer({ behindDot: ['250 2.1.5 stored', answer] })
      expect(await client().deliver(both.destination, await two(), { atomic: false })).toMatchObject([
        { kind: 'delivered' },
        { kind, concerns: withOthers },
      ])
      endLmtpServer()
      const one = await lmtpServer({ behindDot: [answer] })
      expect(await client().deliver(one.destination, [await item('anna@here.example')])).toMatchObject([
        { kind, concerns: alone },
      ])
    },
  )

  test.each(['MAIL', 'RCPT', 'DATA'])('421 to %s is said to all who were not answered', async (verb) => {
    const { destination, connections } = await lmtpServer({
      answer: (command) => (command.startsWith(verb) ? '421 4.3.2 shutting down' : undefined),
    })
    const { deliver, pool } = client()
    const gone = { kind: 'deferred', reply: { code: 421, lines: ['shutting down'] }, concerns: 'destination' }
    expect(await deliver(destination, await two(), { atomic: false })).toMatchObject([gone, gone])
    await deliver(destination, await two(), { atomic: false })
    expect(connections()).toBe(2)
    pool.close()
  })
})
