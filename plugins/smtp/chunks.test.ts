import certificates from 'mailwright/plugins/certificates'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { SessionDouble } from '../../test/support/smtp/smtp-session.ts'
import smtp, { type SmtpInput } from './index.ts'

const envelope = ['EHLO client.example', 'MAIL FROM:<ann@client.example>', 'RCPT TO:<jo@example.org>']

async function opened(options: Record<string, unknown> = {}): Promise<SessionDouble> {
  const double = new SessionDouble(options)
  await double.say(...envelope)
  return double
}

describe('BDAT (RFC 3030 §2)', () => {
  test('makes a message of its pieces, and no dot means anything', async () => {
    const double = await opened()
    expect(await double.say('BDAT 14', 'Subject: x\r\n\r\n', 'bdat 5 last', '.\r\n.\r')).toEqual([
      '250 2.0.0',
      '554 5.6.0',
    ])
    await double.say('MAIL FROM:<ann@client.example>', 'RCPT TO:<jo@example.org>')
    expect(await double.say('BDAT 14', 'Subject: x\r\n\r\n', 'BDAT 6 LAST', '.\r\n.\r\n')).toEqual([
      '250 2.0.0',
      '250 2.0.0',
    ])
    expect(double.transactions.at(-1)?.message).toMatch(/\r\nSubject: x\r\n\r\n\.\r\n\.\r\n$/)
    expect(double.spooled).toBe(0)
    expect(await double.say('BDAT 1', 'x')).toEqual(['503 5.5.1'])
  })

  test('may end with nothing, and a CR may wait for the next chunk', async () => {
    const double = await opened()
    expect(await double.say('BDAT 3', 'a\r\n', 'BDAT 2', 'b\r', 'BDAT 1', '\n', 'BDAT 0 LAST', '')).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '250 2.0.0',
      '250 2.0.0',
    ])
    expect(double.transactions[0]?.message).toMatch(/\r\na\r\nb\r\n$/)
  })

  test.each([
    ['before MAIL', ['EHLO client.example'], '503 5.5.1'],
    ['before EHLO', [], '503 5.5.1'],
    ['before RCPT', envelope.slice(0, 2), '554 5.5.1'],
  ])('%s is refused when its octets have come', async (_, before, answer) => {
    const double = new SessionDouble()
    await double.say(...before)
    expect(await double.say('BDAT 6', 'QUIT\r\n', 'BDAT 6 LAST', 'RSET\r\n')).toEqual([answer, answer])
    expect(double.spooled).toBe(0)
    expect(double.records.filter((text) => text.includes('BDAT'))).toHaveLength(2)
  })

  test('keeps to one way: no DATA and no RCPT once it has begun, and RSET forgets it', async () => {
    const double = await opened()
    await double.say('BDAT 3', 'a\r\n')
    expect(await double.say('DATA', 'RCPT TO:<ann@example.org>', 'NOOP')).toEqual([
      '503 5.5.1',
      '503 5.5.1',
      '250 2.0.0',
    ])
    expect(double.spooled).toBe(1)
    expect(await double.say('RSET', 'BDAT 1 LAST', 'x')).toEqual(['250 2.0.0', '503 5.5.1'])
    expect(double.spooled).toBe(0)
    expect(double.transactions[0]).toMatchObject({ abandoned: true, message: '' })
  })

  test.each([
    ['too large', 'x'.repeat(65_537), '552 5.3.4'],
    ['a bare LF', 'a\nb\r\n', '554 5.6.0'],
    ['a NUL', 'a\0', '554 5.6.0'],
  ])('a message with %s is refused with the chunk and at the end', async (_, text, answer) => {
    const double = await opened({ maxSize: 65_536 })
    expect(await double.say(`BDAT ${text.length}`, text, 'BDAT 2', '\r\n', 'BDAT 0 LAST', '')).toEqual([
      answer,
      answer,
      answer,
    ])
    expect(double.spooled).toBe(0)
    expect(double.transactions[0]?.message).toBe('')
  })

  test('may end in a CR where line ends are made CRLF', async () => {
    const double = await opened({ lineEnds: 'normalise' })
    expect(await double.say('BDAT 3', 'a\n\r', 'BDAT 2 LAST', 'b\r')).toEqual(['250 2.0.0', '250 2.0.0'])
    expect(double.transactions[0]?.message).toMatch(/\r\na\r\n\r\nb\r\n$/)
  })

  test('takes the message of one chunk behind any white space', async () => {
    for (const command of ['BDAT 3  LAST', 'BDAT 3\tlast', 'BDAT  3 LAST ']) {
      const double = await opened()
      expect(await double.say(command, 'a\r\n')).toEqual(['250 2.0.0'])
    }
  })

  test.each(['BDAT 6 FIRST', 'BDAT 6 LAST now'])(
    '%s is refused with its octets, and all chunks of that message',
    async (line) => {
      const double = await opened()
      expect(await double.say('BDAT 3', 'a\r\n', line, 'QUIT\r\n', 'BDAT 1 LAST', 'x')).toEqual([
        '250 2.0.0',
        '501 5.5.4',
        '501 5.5.4',
      ])
      expect(double.transactions[0]).toMatchObject({ abandoned: true, message: '' })
      expect(double.spooled).toBe(0)
    },
  )

  test.each(['transfer', 'lmtp'])(
    'behind a refused last chunk another transaction begins: %s',
    async (role) => {
      const double = new SessionDouble({ role })
      // RFC 2033 §4.3: the last chunk has a reply for each recipient.
      const noRecipient = role === 'lmtp' ? [] : ['554 5.5.1']
      expect(
        await double.say(
          role === 'lmtp' ? 'LHLO a' : 'EHLO a',
          ...['MAIL FROM:<one@client.example>', 'RCPT TO:<nobody@example.org>', 'BDAT 3 LAST', 'a\r\n'],
          ...['MAIL FROM:<two@client.example>', 'RCPT TO:<jo@example.org>', 'BDAT 3 LAST', 'b\r\n'],
        ),
      ).toEqual(['250', '250 2.1.0', '550 5.1.1', ...noRecipient, '250 2.1.0', '250 2.1.5', '250 2.0.0'])
      expect(double.transactions).toMatchObject([
        { from: 'one@client.example', abandoned: true, message: '' },
        { from: 'two@client.example', message: expect.stringMatching(/\r\nb\r\n$/) },
      ])
    },
  )

  test.each(['RSET', 'EHLO again'])(
    'half a message is none: behind a refused chunk only %s helps',
    async (way) => {
      const double = new SessionDouble()
      await double.say(...envelope.slice(0, 2))
      expect(
        await double.say(
          ...['BDAT 3', 'a\r\n', 'RCPT TO:<jo@example.org>', 'DATA', 'BDAT 3', 'b\r\n'],
          ...['MAIL FROM:<>', way, 'BDAT 3', 'QUI', 'MAIL FROM:<>', 'RSET', ...envelope.slice(1)],
        ),
      ).toEqual([
        ...['554 5.5.1', '503 5.5.1', '503 5.5.1', '554 5.5.1'],
        ...['503 5.5.1', way === 'RSET' ? '250 2.0.0' : '250', '503 5.5.1', '503 5.5.1', '250 2.0.0'],
        ...['250 2.1.0', '250 2.1.5'],
      ])
      expect(await double.say('BDAT 3 LAST', 'c\r\n')).toEqual(['250 2.0.0'])
      expect(double.transactions.map(({ message }) => message.slice(-3))).toEqual(['', 'c\r\n'])
    },
  )

  test.each(['BDAT', 'BDAT x', 'BDAT -1', 'BDAT 1LAST', 'BDAT 9999999999999999'])(
    '%s ends the session: nobody knows where commands begin',
    async (line) => {
      const double = await opened()
      expect(await double.answer(line)).toMatchObject({ reply: { code: 501 }, next: 'close' })
    },
  )

  test('is not repeated for ever with nothing', async () => {
    const double = await opened({ maxIdleCommands: 10 })
    const nothing = Array.from({ length: 9 }, () => ['BDAT 0', '']).flat()
    expect((await double.say(...nothing)).every((reply) => reply === '250 2.0.0')).toBe(true)
    expect(await double.say('BDAT 0')).toEqual(['421 4.7.0'])
  })

  test('on a full disk is refused for now, and nothing of it stays', async () => {
    const double = await opened()
    double.spoolFault = 'write'
    expect(await double.say('BDAT 3', 'a\r\n', 'BDAT 0 LAST', '')).toEqual(['451 4.3.0', '451 4.3.0'])
    expect(double.spooled).toBe(0)
    double.spoolFault = undefined
    await double.say('MAIL FROM:<ann@client.example>', 'RCPT TO:<jo@example.org>')
    expect(await double.say('BDAT 3 LAST', 'a\r\n')).toEqual(['250 2.0.0'])
  })

  test('whose connection ends between chunks, or within one, leaves nothing', async () => {
    for (const within of [false, true]) {
      const double = await opened()
      await double.say('BDAT 3', 'a\r\n')
      if (within) await (await double.answer('BDAT 9 LAST')).incoming?.push(Buffer.from('b\r\n'))
      double.session.end('the client closed the connection')
      expect(double.spooled).toBe(0)
      expect(double.transactions[0]).toMatchObject({ abandoned: true, message: '' })
    }
  })

  test('has a reply for each recipient by LMTP, behind the last chunk', async () => {
    const double = new SessionDouble({ role: 'lmtp' })
    await double.say(
      'LHLO client.example',
      'MAIL FROM:<>',
      'RCPT TO:<jo@example.org>',
      'RCPT TO:<ann@example.org>',
    )
    expect(await double.say('BDAT 3', 'a\r\n', 'BDAT 0 LAST', '')).toEqual([
      '250 2.0.0',
      '250 2.0.0',
      '250 2.0.0',
    ])
  })
})

describe('a refused last chunk by LMTP (RFC 2033 §4.3)', () => {
  async function begun(...more: string[]): Promise<SessionDouble> {
    const double = new SessionDouble({ role: 'lmtp', maxErrors: 5 })
    await double.say('LHLO client.example', ...more)
    return double
  }

  test('has a reply for each recipient', async () => {
    const double = await begun('MAIL FROM:<>', 'RCPT TO:<jo@example.org>', 'RCPT TO:<ann@example.org>')
    expect(await double.say('BDAT 3 FOO', 'a\r\n', 'BDAT 5 LAST', 'QUIT\r', 'NOOP')).toEqual([
      '501 5.5.4',
      '501 5.5.4',
      '501 5.5.4',
      '250 2.0.0',
    ])
  })

  test.each([
    ['with nobody taken', ['MAIL FROM:<>', 'RCPT TO:<nobody@example.org>']],
    ['with no transaction', []],
  ])('has none %s', async (_, before) => {
    const double = await begun(...before)
    expect(await double.say('BDAT 3', 'a\r\n')).toEqual(['503 5.5.1'])
    expect(await double.say('BDAT 5 LAST', 'QUIT\r', 'BDAT 0 LAST', '')).toEqual([])
    expect(double.records.filter((text) => text.startsWith('refused: BDAT: 503'))).toHaveLength(3)
  })

  test('is an error, though nothing is said to it', async () => {
    const double = await begun()
    const last = Array.from({ length: 5 }, () => ['BDAT 0 LAST', '']).flat()
    expect(await double.say(...last)).toEqual(['421 4.7.0'])
  })
})

let host: TestHost | undefined
afterEach(() => host?.stop())

async function connected(input: SmtpInput = {}) {
  const plugins = [
    memory({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    localDelivery(),
    certificates(),
    smtp({ port: 2525, ...input }),
  ]
  host = await createTestHost({ hostname: 'mx.example.org', plugins })
  const client = await host.connect('smtp')
  await client.readLine()
  return client
}

describe('on the wire', () => {
  test('all may be sent at once, and commands in chunks are none', async () => {
    const client = await connected()
    client.sendOctets(
      Buffer.from(
        'EHLO c.example\r\nMAIL FROM:<ann@c.example>\r\nBDAT 6\r\nQUIT\r\nRSET\r\nMAIL FROM:<ann@c.example>\r\nRCPT TO:<jo@example.org>\r\nBDAT 14\r\nSubject: x\r\n\r\n' +
          'BDAT 7 LAST\r\n.\r\nQUITBDAT 0 LAST\r\nMAIL FROM:<ann@c.example>\r\nRCPT TO:<jo@example.org>\r\nBDAT 0 LAST\r\nBDAT x\r\nNOOP\r\n',
      ),
    )
    const replies: string[] = []
    for (let line = await client.readLine(); line !== undefined; line = await client.readLine())
      if (!line.startsWith('250-')) replies.push(line.slice(0, 9))
    expect(replies).toEqual([
      '250 START',
      '250 2.1.0',
      '554 5.5.1',
      '250 2.0.0',
      '250 2.1.0',
      '250 2.1.5',
      '250 2.0.0',
      '250 2.0.0',
      '503 5.5.1',
      '250 2.1.0',
      '250 2.1.5',
      '250 2.0.0',
      '501 5.5.4',
    ])
  })

  test('octet by octet', async () => {
    const client = await connected()
    const text =
      'EHLO c.example\r\nMAIL FROM:<ann@c.example>\r\nRCPT TO:<jo@example.org>\r\nBDAT 4\r\na\r\nbBDAT 2 LAST\r\n\r\nQUIT\r\n'
    for (const octet of Buffer.from(text)) {
      client.sendOctets(Buffer.from([octet]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const replies: string[] = []
    for (let line = await client.readLine(); line !== undefined; line = await client.readLine())
      if (!line.startsWith('250-')) replies.push(line.slice(0, 9))
    expect(replies.slice(1)).toEqual(['250 2.1.0', '250 2.1.5', '250 2.0.0', '250 2.0.0', '221 2.0.0'])
  })

  test('by LMTP nothing is said to a last chunk for nobody, and the next message is taken', async () => {
    const client = await connected({ role: 'lmtp' })
    client.sendOctets(
      Buffer.from(
        'LHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\nBDAT 9 LAST\r\nMAIL FROMMAIL FROM:<ann@c.example>\r\nRCPT TO:<jo@example.org>\r\nBDAT 3 LAST\r\na\r\nQUIT\r\n',
      ),
    )
    const replies: string[] = []
    for (let line = await client.readLine(); line !== undefined; line = await client.readLine())
      if (!line.startsWith('250-')) replies.push(line.slice(0, 9))
    expect(replies.slice(1)).toEqual([
      '250 2.1.0',
      '550 5.1.1',
      '250 2.1.0',
      '250 2.1.5',
      '250 2.0.0',
      '221 2.0.0',
    ])
  })

  test('before TLS where that is required its octets are passed over', async () => {
    const client = await connected({ tls: 'required' })
    client.sendOctets(Buffer.from('BDAT 6\r\nQUIT\r\nNOOP\r\n'))
    expect((await client.readLine())?.slice(0, 9)).toBe('530 5.7.0')
    expect((await client.readLine())?.slice(0, 9)).toBe('250 2.0.0')
  })
})
