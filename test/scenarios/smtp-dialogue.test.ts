import { connect } from 'node:net'
import { reply } from 'mailwright'
import { liveMemory } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  login,
  password,
  type SmtpServer,
  type SmtpServerOptions,
  startSmtpServer,
} from '../support/smtp/smtp-server.ts'
import { watchedClock } from '../support/watched-clock.ts'
import { tlsWireTo, Wire, wireTo } from '../support/wire.ts'

let server: SmtpServer
const wires: Wire[] = []

async function start(options: SmtpServerOptions = {}): Promise<void> {
  server = await startSmtpServer(options)
}

async function greeted(port = server.port): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  expect(await wire.line()).toBe('220 mx.example.org ESMTP Mailwright')
  return wire
}

/** Asks, and answers the last line of the reply. */
async function ask(wire: Wire, command: string): Promise<string> {
  wire.send(`${command}\r\n`)
  return await lastLine(wire)
}

async function lastLine(wire: Wire): Promise<string> {
  for (;;) {
    const line = await wire.line()
    if (line[3] !== '-') return line
  }
}

/** From EHLO to behind 354. */
async function inData(wire: Wire, mail = 'MAIL FROM:<a@client.example>'): Promise<void> {
  await ask(wire, 'EHLO client.example')
  await ask(wire, mail)
  await ask(wire, 'RCPT TO:<b@example.org>')
  expect(await ask(wire, 'DATA')).toMatch(/^354 /)
}

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

describe('a message', () => {
  beforeEach(() => start())

  test('is taken octet for octet, under its trace field', async () => {
    const wire = await greeted()
    await inData(wire)
    const body = Buffer.from('Subject: \xff\x80\r\n\r\n\x01..\t \r\n\r\n', 'latin1')
    wire.send(body)
    expect(await ask(wire, '..two\r\n...\r\n.')).toMatch(/^250 2\.0\.0 Taken as \w+$/)
    expect(await ask(wire, 'QUIT')).toBe('221 2.0.0 Bye')
    expect(await wire.rest()).toBe('')
    const [message] = server.taken
    expect(message?.octets).toEqual(Buffer.concat([body, Buffer.from('.two\r\n..\r\n')]))
    expect(message?.text).toMatch(
      /^Received: from client\.example \(localhost \[127\.0\.0\.1\]\)\r\n\tby mx\.example\.org with ESMTP\r\n\tid \w+\r\n\tfor <b@example\.org>;/,
    )
  })

  test('may come in one packet with everything else, and so may the next one', async () => {
    const wire = await greeted()
    const one = 'MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n'
    wire.send(`EHLO a\r\n${one}`)
    await wire.until('354 ')
    wire.send(`Subject: 1\r\n\r\n.\r\n${one}`)
    await wire.until('354 ')
    wire.send('Subject: 2\r\n\r\n.\r\nNOOP\r\nQUIT\r\n')
    const replies = (await wire.rest()).split('\r\n').filter((line) => /^2/.test(line))
    expect(replies.map((line) => line.slice(0, 9))).toEqual(['250 2.0.0', '250 2.0.0', '221 2.0.0'])
    expect(server.taken.map(({ octets }) => octets.toString())).toEqual([
      'Subject: 1\r\n\r\n',
      'Subject: 2\r\n\r\n',
    ])
  })

  test('is answered also where the client has closed its side already', async () => {
    const wire = await greeted()
    await inData(wire)
    wire.send('Subject: x\r\n\r\n.\r\nQUIT\r\n')
    wire.socket.end()
    expect(await wire.rest()).toMatch(/^250 2\.0\.0 Taken[^\r]*\r\n221 2\.0\.0 Bye\r\n$/)
  })

  test('that is cut off is never taken', async () => {
    const wire = await greeted()
    await inData(wire)
    wire.send('Subject: x\r\n\r\nhalf\r\n.\r')
    wire.socket.end()
    await wire.rest()
    const other = await greeted()
    await inData(other)
    other.send('Subject: y\r\n\r\n')
    other.socket.resetAndDestroy()
    expect(await server.closed(2)).toHaveLength(2)
    expect(server.taken).toEqual([])
  })

  test('whose client has gone is not taken behind its back', async () => {
    const wire = await greeted()
    const here = Promise.withResolvers<void>()
    const gone = Promise.withResolvers<void>()
    server.checks.taking = () => {
      here.resolve()
      return gone.promise
    }
    await inData(wire)
    wire.send('Subject: x\r\n\r\n.\r\n')
    await here.promise
    wire.socket.resetAndDestroy()
    await server.closed(1)
    gone.resolve()
    expect(await ask(await greeted(), 'NOOP')).toBe('250 2.0.0 OK')
    expect(server.taken).toEqual([])
  })
})

describe('smuggling', () => {
  const endings = [
    '\n.\n',
    '\n.\r\n',
    '\r.\r',
    '\r.\r\n',
    '\r\n.\n',
    '\r\n.\r',
    '\r\n.\r\r\n',
    '\n\n.\r\n',
    '\r\n\0.\r\n',
    '\r\r\n.\r\r\n',
  ]
  const hidden =
    'MAIL FROM:<admin@example.org>\r\nRCPT TO:<victim@example.org>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n'

  test.each(endings)('%j neither ends a message nor gets into one', async (ending) => {
    await start()
    const wire = await greeted()
    await inData(wire)
    expect(await ask(wire, `Subject: a\r\n\r\nfirst${ending}${hidden}.`)).toMatch(/^554 5\.6\.0 /)
    expect(await ask(wire, 'NOOP')).toBe('250 2.0.0 OK')
    expect(server.taken).toEqual([])
    const refusals = (await server.history()).filter(({ verb }) => verb === 'refused')
    expect(refusals.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^554 5\.6\.0 Message refused: .* \((bare-lf|bare-cr|nul)\)$/),
    ])
  })

  test.each(endings.filter((ending) => !ending.includes('\0')))(
    '%j normalised is one message with CRLF only',
    async (ending) => {
      await start({ options: { lineEnds: 'normalise' } })
      const wire = await greeted()
      await inData(wire)
      expect(await ask(wire, `Subject: a\r\n\r\nfirst${ending}${hidden}.`)).toMatch(/^250 2\.0\.0 /)
      expect(server.taken).toHaveLength(1)
      const text = server.taken[0]?.octets.toString() ?? ''
      expect(text).toContain('Subject: smuggled')
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
    },
  )

  test('a command that ends with LF is no command, nor is what stands behind it', async () => {
    await start()
    const wire = await greeted()
    expect(await ask(wire, 'NOOP x\nMAIL FROM:<>')).toBe('500 5.5.2 Lines must end with CR LF')
    expect(await wire.line()).toBe('500 5.5.2 Lines must end with CR LF')
    expect(await ask(wire, 'NOOP')).toBe('250 2.0.0 OK')
  })

  test.each(['BDAT 6 LAST\x01\r\n', `BDAT 6 LAST${' '.repeat(3000)}\r\n`, 'BDAT 12 LAST\n', 'x\nBDAT 6\r\n'])(
    'what stands behind %j is no command',
    async (line) => {
      await start()
      const wire = await greeted()
      await ask(wire, 'EHLO client.example')
      wire.send(`${line}RSET\r\nMAIL FROM:<admin@example.org>\r\n`)
      expect(await wire.rest()).toMatch(/^(?:500 5\.5\.2 [^\r]*\r\n){1,2}$/)
      expect((await server.history()).filter(({ verb }) => verb === 'sender')).toEqual([])
    },
  )
})

describe('sizes', () => {
  beforeEach(() => start({ options: { maxSize: '64k', maxLineLength: 2000 } }))

  test('too large, announced', async () => {
    const wire = await greeted()
    await ask(wire, 'EHLO a')
    expect(await ask(wire, 'MAIL FROM:<> SIZE=65537')).toBe('552 5.3.4 Message too large')
  })

  test('too large, unannounced: read to its end, then refused, and the next one is taken', async () => {
    const wire = await greeted()
    await inData(wire)
    for (let count = 0; count < 100; count++) wire.send(`${'x'.repeat(998)}\r\n`.repeat(10))
    expect(await ask(wire, '.')).toBe('552 5.3.4 Message too large')
    await inData(wire)
    expect(await ask(wire, `${'x'.repeat(998)}\r\n`.repeat(65).concat('.'))).toMatch(/^250 /)
    expect(server.taken).toHaveLength(1)
  })

  test('a line that is too long', async () => {
    const wire = await greeted()
    await inData(wire)
    expect(await ask(wire, `${'x'.repeat(1998)}\r\n.`)).toMatch(/^250 /)
    await inData(wire)
    expect(await ask(wire, `${'x'.repeat(1999)}\r\n.`)).toBe(
      '554 5.6.0 Message refused: a line in it is too long',
    )
  })

  test('a command line without end costs no memory', async () => {
    const wire = await greeted()
    const before = liveMemory()
    for (let count = 0; count < 400; count++) wire.send('x'.repeat(65_536))
    expect(await ask(wire, '')).toBe('500 5.5.2 Line too long')
    expect(liveMemory() - before).toBeLessThan(20_000_000)
  })
})

describe('the beginning', () => {
  test('input before the greeting is refused', async () => {
    await start()
    const held = Promise.withResolvers<void>()
    server.checks.client = async () => {
      await held.promise
      return undefined
    }
    const wire = wireTo(server.port)
    wires.push(wire)
    await new Promise<void>((resolve) => wire.socket.write('EHLO early\r\n', () => resolve()))
    held.resolve()
    expect(await wire.rest()).toBe('554 Protocol error: input before the greeting\r\n')
    expect(await server.closed(1)).toEqual(['input before the greeting'])
  })

  test('a refused client hears why, and no more', async () => {
    await start()
    server.checks.client = async () => reply(550, '5.7.1', ['Not you', 'Nor yours'])
    const wire = wireTo(server.port)
    wires.push(wire)
    expect(await wire.until('Nor yours\r\n')).toBe('554-5.7.1 Not you\r\n554 5.7.1 Nor yours\r\n')
    for (const command of ['EHLO a', 'MAIL FROM:<>', 'AUTH PLAIN', 'STARTTLS', 'x'])
      expect(await ask(wire, command)).toBe('503 5.5.1 You were refused; only QUIT is left')
    expect(await wire.send('quit\r\nEHLO a\r\n').rest()).toBe('221 2.0.0 Bye\r\n')
    expect(await server.closed(1)).toEqual(['the client was refused'])
  })

  test('a refused client does not stay for long', async () => {
    await start()
    server.checks.client = async () => reply(521, '5.3.2', 'No mail here')
    const [busy, silent] = [wireTo(server.port), wireTo(server.port)]
    wires.push(busy, silent)
    expect(await busy.line()).toBe('521 5.3.2 No mail here')
    expect(await busy.send('NOOP\r\n'.repeat(50)).rest()).toMatch(
      /^(?:503 5\.5\.1 [^\r]*\r\n){19}421 4\.7\.0 Too many errors\r\n$/,
    )
    expect(await silent.rest()).toBe('521 5.3.2 No mail here\r\n421 4.4.2 Timeout\r\n')
    expect(await server.closed(2)).toEqual(['the client was refused', 'the client was refused'])
  })

  test('a refused client that does not close its side is cut when its time is over', async () => {
    const clock = watchedClock()
    await start({ clock })
    server.checks.client = async () => reply(550, '5.7.1', 'Not you')
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    const wire = new Wire(socket)
    wires.push(wire)
    expect(await wire.line()).toBe('554 5.7.1 Not you')
    const begun = performance.now()
    clock.advance(5_000)
    expect(await server.closed(1)).toEqual(['the client was refused'])
    expect(performance.now() - begun).toBeLessThan(4_000)
  })

  test('where little room is left a refused client may say nothing', async () => {
    await start({ options: { maxConnections: 2 } })
    await greeted()
    server.checks.client = async () => reply(550, '5.7.1', 'Not you')
    const refused = wireTo(server.port)
    wires.push(refused)
    expect(await refused.rest()).toBe('554 5.7.1 Not you\r\n')
    expect(await server.closed(1)).toEqual(['the client was refused'])
  })

  test('a client that may come back later hears why, and no more', async () => {
    await start()
    server.checks.client = async () => reply(451, '4.7.1', 'Not now')
    const wire = wireTo(server.port)
    wires.push(wire)
    expect(await wire.rest()).toBe('421 4.7.1 Not now\r\n')
  })

  test('too many clients', async () => {
    await start({ options: { maxConnections: 2 } })
    await greeted()
    const second = await greeted()
    const third = wireTo(server.port)
    wires.push(third)
    expect(await third.rest()).toBe('421 4.3.2 Too many connections, try again later\r\n')
    expect(await ask(second, 'QUIT')).toBe('221 2.0.0 Bye')
    await second.rest()
    await server.closed(1)
    await greeted()
  })

  test('a browser is sent away', async () => {
    await start()
    const wire = await greeted()
    expect(await wire.send('POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<>\r\n').rest()).toBe(
      '421 4.7.0 This is not an HTTP server\r\n',
    )
  })
})

describe('hooks', () => {
  test('every refusal reaches the client word for word', async () => {
    await start()
    const wire = await greeted()
    server.checks.hello = reply(550, '5.7.1', 'Not that name')
    expect(await ask(wire, 'EHLO bad')).toBe('550 5.7.1 Not that name')
    delete server.checks.hello
    await ask(wire, 'EHLO good')
    server.checks.sender = reply(451, '4.7.1', ['Greylisted', 'in two lines'])
    wire.send('MAIL FROM:<>\r\n')
    expect(await wire.until('lines\r\n')).toBe('451-4.7.1 Greylisted\r\n451 4.7.1 in two lines\r\n')
    delete server.checks.sender
    expect(await ask(wire, 'MAIL FROM:<>')).toBe('250 2.1.0 Sender OK')
    expect(await ask(wire, 'RCPT TO:<nobody@example.org>')).toMatch(/^550 5\.7\.1 /)
    server.checks.recipient = async () => {
      throw new Error('a bug')
    }
    expect(await ask(wire, 'RCPT TO:<b@example.org>')).toMatch(/^451 4\.3\.0 /)
    delete server.checks.recipient
    expect(await ask(wire, 'RCPT TO:<b@example.org>')).toBe('250 2.1.5 Recipient OK')
    server.checks.message = reply(550, '5.7.1', 'Spam')
    await ask(wire, 'DATA')
    expect(await ask(wire, 'Subject: x\r\n.')).toBe('550 5.7.1 Spam')
    expect(server.taken).toEqual([])
  })
})

test.each([
  [['later', 'b'], '451 4.3.2 Come back later\r\n250 2.0.0 Taken as ID\r\n421 4.3.2 Come back later\r\n'],
  [['b', 'later'], '250 2.0.0 Taken as ID\r\n451 4.3.2 Come back later\r\n421 4.3.2 Come back later\r\n'],
  [['later', 'later'], '451 4.3.2 Come back later\r\n'.repeat(2).concat('421 4.3.2 Come back later\r\n')],
])('by LMTP 421 for one of %j keeps no reply from the others', async (names, replies) => {
  await start()
  const wire = wireTo(server.lmtpPort)
  wires.push(wire)
  await wire.line()
  await ask(wire, 'LHLO client.example')
  await ask(wire, 'MAIL FROM:<>')
  for (const name of names) await ask(wire, `RCPT TO:<${name}@example.org>`)
  expect(await ask(wire, 'DATA')).toMatch(/^354 /)
  wire.send('Subject: x\r\n\r\n.\r\n')
  expect((await wire.rest()).replace(/Taken as \S+/, 'Taken as ID')).toBe(replies)
  expect(await server.closed(1)).toEqual(['421 4.3.2 Come back later'])
})

describe('submission', () => {
  test('over TLS from the first octet, with a login', async () => {
    await start()
    const wire = await tlsWireTo(server.tlsPort)
    wires.push(wire)
    expect(await wire.line()).toMatch(/^220 /)
    await ask(wire, 'EHLO laptop')
    expect(await ask(wire, 'MAIL FROM:<tim@example.org>')).toBe('530 5.7.0 Authentication required')
    const secret = Buffer.from(`\0${login}\0${password}`).toString('base64')
    expect(await ask(wire, `AUTH PLAIN ${secret}`)).toBe('235 2.7.0 Authentication successful')
    await inData(wire, 'MAIL FROM:<tim@example.org> SMTPUTF8')
    expect(await ask(wire, 'Subject: x\r\n\r\n.')).toMatch(/^250 /)
    expect(server.taken[0]?.text).toMatch(
      /with UTF8SMTPSA\r\n[\s\S]*\r\nDate: .*\r\nFrom: <tim@example\.org>\r\nMessage-ID: /,
    )
  })

  test('in clear no password is taken', async () => {
    await start()
    const wire = await greeted(server.submissionPort)
    expect(await ask(wire, 'EHLO laptop')).toBe('250 STARTTLS')
    expect(await ask(wire, 'AUTH PLAIN')).toBe('538 5.7.11 Encryption required for authentication')
    expect(await ask(wire, 'MAIL FROM:<>')).toBe('530 5.7.0 Authentication required')
  })
})
