import { reply } from 'mailwright'
import { liveMemory } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Random } from '../generator/random.ts'
import { greeted as greet, loggedIn as logIn } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

let server: Pop3Server
const wires: Wire[] = []

async function start(options: Parameters<typeof startPop3Server>[0] = {}): Promise<void> {
  server = await startPop3Server(options)
}

function open(): Wire {
  const wire = wireTo(server.port)
  wires.push(wire)
  return wire
}

async function greeted(): Promise<Wire> {
  const wire = await greet(server)
  wires.push(wire)
  return wire
}

async function loggedIn(): Promise<Wire> {
  const wire = await logIn(server)
  wires.push(wire)
  return wire
}

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server.stop()
})

describe('before TLS', () => {
  beforeEach(() => start())

  test('commands behind STLS are never taken for commands under TLS', async () => {
    const wire = await greeted()
    const rest = await wire.send(`STLS\r\nUSER ${login}\r\nPASS ${password}\r\n`).rest()
    expect(rest).toBe('-ERR Nothing may follow STLS before TLS\r\n')
  })

  test('half a command behind STLS is not either', async () => {
    const wire = await greeted()
    expect(await wire.send('STLS\r\nU').rest()).toBe('-ERR Nothing may follow STLS before TLS\r\n')
  })

  test('clear text after the answer to STLS ends the connection', async () => {
    const wire = await greeted()
    expect(await wire.ask('STLS')).toBe('+OK Begin TLS')
    wire.send(`USER ${login}\r\nPASS ${password}\r\n`)
    expect(await wire.rest()).not.toContain('+OK')
  })

  test('STLS works once; under TLS everything else does', async () => {
    const clear = await greeted()
    expect(await clear.send('CAPA\r\n').until('\r\n.\r\n')).toMatch(/\r\nSTLS\r\n/)
    await clear.ask('STLS')
    const wire = await clear.secure()
    expect(await wire.ask('STLS')).toBe('-ERR TLS is active already')
    const capabilities = await wire.send('CAPA\r\n').until('\r\n.\r\n')
    expect(capabilities).not.toMatch(/STLS/)
    expect(capabilities).toMatch(/\r\nUSER\r\nSASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n/)
    await wire.ask(`USER ${login}`)
    expect(await wire.ask(`PASS ${password}`)).toBe('+OK 0 messages (0 octets)')
    expect(await wire.ask('QUIT')).toBe('+OK Bye')
  })

  test('many handshakes that are begun and left hurt nobody', async () => {
    const lefts = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const wire = await greeted()
        await wire.ask('STLS')
        if (index % 3 === 0) wire.send('\x16\x03\x01\x02\x00\x01\x00')
        if (index % 3 === 1) wire.send('\x16\x03\x01\xff\xff')
        return wire
      }),
    )
    const wire = await tlsWireTo(server.tlsPort)
    expect(await wire.line()).toMatch(/^\+OK/)
    for (const left of lefts) left.socket.resetAndDestroy()
    expect(await wire.ask('QUIT')).toBe('+OK Bye')
  })

  test('clear text on the TLS port gets no answer in POP3', async () => {
    const wire = wireTo(server.tlsPort)
    expect(await wire.send('CAPA\r\n').rest()).not.toContain('OK')
  })

  test('a client of another protocol is turned away in the handshake', async () => {
    await expect(tlsWireTo(server.tlsPort, { ALPNProtocols: ['http/1.1'] })).rejects.toThrow()
    const wire = await tlsWireTo(server.tlsPort, { ALPNProtocols: ['http/1.1', 'pop3'] })
    expect(await wire.line()).toMatch(/^\+OK/)
    wire.socket.destroy()
  })
})

describe('a half-open handshake', () => {
  test('ends with the time for logging in', async () => {
    await start({ options: { loginTimeout: '1s' } })
    const wire = await greeted()
    await wire.ask('STLS')
    expect(await wire.rest()).toBe('')
  })
})

describe('in clear', () => {
  beforeEach(() => start({ options: { allowPlaintextLogin: true, maxErrors: 1_000 } }))

  test('STLS forgets what was said in clear', async () => {
    const clear = await greeted()
    expect(await clear.ask(`USER ${login}`)).toBe('+OK')
    await clear.ask('STLS')
    const wire = await clear.secure()
    expect(await wire.ask(`PASS ${password}`)).toBe('-ERR USER comes first')
    wire.socket.destroy()
  })

  test('a line without end ends the connection, whatever it is made of', async () => {
    for (const octet of ['A', ' ', '\0', '\r', '\xff']) {
      const wire = await greeted()
      const writing = () => wire.socket.destroyed || wire.socket.write(octet.repeat(16_384), () => writing())
      writing()
      expect(await wire.rest()).toMatch(/^(-ERR Closing: line without end\r\n)?$/)
    }
    expect(await (await loggedIn()).ask('QUIT')).toBe('+OK Bye')
  })

  test('noise gets nothing but well-formed answers', async () => {
    const random = new Random(20_261_123)
    // A wrong login would be answered late.
    server.checks.login = () => reply(454, '4.7.0', 'Later')
    const words = [
      'USER',
      'PASS',
      'CAPA',
      'AUTH PLAIN',
      '=',
      'AUTH',
      '\0',
      '\xff',
      'TOP',
      'AUTH SCRAM-SHA-256',
      'AUTH LOGIN',
      'UTF8',
      'LANG en',
      '-1',
      '+',
      '*',
      '\t',
      'é',
    ]
    for (let session = 0; session < 40; session++) {
      const wire = await greeted()
      for (let line = 0; line < 30; line++) {
        const parts = Array.from({ length: random.below(4) }, () => words[random.below(words.length)])
        wire.send(`${parts.join(' ')}${['\r\n', '\n', '\r\r\n', ' \r\n'][random.below(4)]}`)
      }
      // Whatever AUTH waits for is over by the second line.
      const answers = await wire.send('*\r\nQUIT\r\n').rest()
      const outsideLists = answers
        .replaceAll(/\+OK (?:Capabilities|Mechanisms)\r\n[\s\S]*?\r\n\.\r\n/g, '')
        .split('\r\n')
      expect(outsideLists.pop()).toBe('')
      for (const answer of outsideLists) expect(answer).toMatch(/^(\+OK|-ERR|\+ )[ -~]{0,508}$/)
    }
  })

  test('a flood of RETR that nobody reads waits, costs little memory, and is answered in full in the end', async () => {
    const size = 256 * 1024
    await server.deliver(`A: b\r\n\r\n${'x'.repeat(size)}\r\n`)
    const flooder = await loggedIn()
    flooder.socket.pause()
    const count = 400
    const before = liveMemory()
    flooder.send('RETR 1\r\n'.repeat(count))
    const other = await greeted()
    for (let round = 0; round < 200; round++) await other.ask('USER tim')
    expect(liveMemory() - before).toBeLessThan(32 * 1024 * 1024)
    flooder.socket.resume()
    let octets = 0
    for (let answer = 0; answer < count; answer++) octets += (await flooder.until('\r\n.\r\n')).length
    expect(octets).toBeGreaterThan(count * size)
    expect(await flooder.ask('QUIT')).toBe('+OK Bye')
  })

  test('a flood of commands is answered one by one', async () => {
    const wire = await loggedIn()
    const count = 20_000
    wire.send('NOOP\r\n'.repeat(count)).send('QUIT\r\n')
    expect(await wire.rest()).toBe(`${'+OK\r\n'.repeat(count)}+OK Bye\r\n`)
  })

  test('QUIT storms', async () => {
    const storms = Array.from({ length: 100 }, async (_, index) => {
      const wire = open().send(`USER ${login}\r\nPASS ${password}\r\n${'QUIT\r\n'.repeat(100)}`)
      if (index % 4 === 0) wire.socket.end()
      const lines = (await wire.rest()).split('\r\n')
      expect(lines.filter((line) => line === '+OK Bye')).toHaveLength(1)
      expect(lines.at(-2)).toBe('+OK Bye')
    })
    await Promise.all(storms)
    expect(await (await loggedIn()).ask('QUIT')).toBe('+OK Bye')
  })

  test('one client at a time has the maildrop, and it is free after every kind of end', async () => {
    await server.deliver('A: b\r\n\r\none\r\n')
    for (const end of ['QUIT', 'close', 'reset', 'browser'] as const) {
      const first = await loggedIn()
      expect(await first.ask('DELE 1')).toMatch(/^\+OK/)
      const second = await greeted()
      await second.ask(`USER ${login}`)
      expect(await second.ask(`PASS ${password}`)).toMatch(/^-ERR \[IN-USE\]/)
      if (end === 'close') first.socket.end()
      if (end === 'reset') first.socket.resetAndDestroy()
      if (end === 'browser') first.send('GET / HTTP/1.1\r\n')
      if (end === 'QUIT') await first.ask('RSET').then(() => first.ask('QUIT'))
      else await first.rest()
      let answer = ''
      while (!answer.startsWith('+OK')) {
        await second.ask(`USER ${login}`)
        answer = await second.ask(`PASS ${password}`)
      }
      expect(answer).toBe('+OK 1 messages (13 octets)')
      await second.ask('QUIT')
    }
  })
})

describe('too many connections', () => {
  test('one more is told to come later', async () => {
    await start({ options: { maxConnections: 2 } })
    const first = await greeted()
    await greeted()
    expect(await open().rest()).toBe('-ERR [SYS/TEMP] Too many connections, try again later\r\n')
    expect(await first.ask('QUIT')).toBe('+OK Bye')
  })
})
