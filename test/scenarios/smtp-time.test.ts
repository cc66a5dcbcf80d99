import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { type SmtpServer, type SmtpServerOptions, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { type WatchedClock, watchedClock } from '../support/watched-clock.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const minute = 60_000
const wires: Wire[] = []
let server: SmtpServer | undefined
let clock: WatchedClock

async function start(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  clock = watchedClock()
  server = await startSmtpServer({ clock, ...options })
  return server
}

async function greeted(port: number): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  await wire.line()
  return wire
}

/** From EHLO to behind 354. */
async function inData(wire: Wire): Promise<void> {
  wire.send('EHLO a\r\n')
  await wire.until('STARTTLS\r\n')
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>', 'DATA']) await wire.ask(command)
}

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server?.stop()
  server = undefined
})

describe('a client that takes its time', () => {
  const goodbye = '421 4.4.2 Timeout\r\n'

  test('with a command', async () => {
    const { port, closed } = await start()
    const wire = await greeted(port)
    await clock.armed(5 * minute)
    clock.advance(5 * minute - 1)
    expect(await wire.ask('NOOP')).toBe('250 2.0.0 OK')
    await clock.armed(5 * minute)
    clock.advance(5 * minute)
    expect(await wire.rest()).toBe(goodbye)
    expect(await closed(1)).toEqual(['timeout'])
  })

  test('sending it octet by octet', async () => {
    const { port } = await start()
    const wire = await greeted(port)
    await clock.armed(5 * minute)
    clock.advance(4 * minute)
    wire.send('NOO')
    clock.advance(minute)
    expect(await wire.rest()).toBe(goodbye)
  })

  test('with a block of a message', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    await inData(wire)
    await clock.armed(3 * minute)
    wire.send('Subject: x\r\n')
    await clock.armed(3 * minute)
    clock.advance(3 * minute)
    expect(await wire.rest()).toBe(goodbye)
    await current.closed(1)
    expect(current.taken).toEqual([])
  })

  test('with a whole message, however steadily it trickles', async () => {
    const current = await start({ options: { timeouts: { message: '270s', dataBlock: '3m' } } })
    const wire = await greeted(current.port)
    await inData(wire)
    await clock.armed(3 * minute)
    clock.advance(2 * minute)
    wire.send('Subject: x\r\n')
    await clock.armed(3 * minute)
    clock.advance(2 * minute)
    wire.send('X: y\r\n')
    await clock.armed(3 * minute)
    clock.advance(minute / 2)
    expect(await wire.rest()).toBe(goodbye)
  })

  test('with a TLS handshake', async () => {
    const { port, tlsPort, closed } = await start()
    const wire = await greeted(port)
    await wire.ask('STARTTLS')
    await clock.armed(minute)
    clock.advance(minute)
    await wire.rest()
    expect(await closed(1)).toEqual(['TLS handshake failed: timeout'])
    const silent = wireTo(tlsPort)
    wires.push(silent)
    await clock.armed(minute)
    clock.advance(minute)
    expect(await silent.rest()).toBe('')
  })

  test('is not late while we are at work', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<undefined>()
    current.checks.recipient = () => {
      asked.resolve()
      return answer.promise
    }
    wire.send('EHLO a\r\n')
    await wire.until('STARTTLS\r\n')
    await wire.ask('MAIL FROM:<>')
    wire.send('RCPT TO:<b@example.org>\r\n')
    await asked.promise
    clock.advance(20_000)
    answer.resolve(undefined)
    expect(await wire.line()).toBe('250 2.1.5 Recipient OK')
  })
})

describe('a session that lasts too long', () => {
  const goodbye = '421 4.4.2 This session has lasted too long, connect again\r\n'
  const limited = { options: { timeouts: { session: '10m', message: '30m' } } }

  test('is ended where it is idle, in a transaction too', async () => {
    const current = await start(limited)
    const idle = await greeted(current.port)
    const busy = await greeted(current.port)
    busy.send('EHLO a\r\n')
    await busy.until('STARTTLS\r\n')
    await busy.ask('MAIL FROM:<>')
    for (let part = 0; part < 3; part++) {
      await clock.armed(5 * minute)
      clock.advance(3 * minute)
      for (const wire of [idle, busy]) expect(await wire.ask('RSET')).toBe('250 2.0.0 OK')
    }
    await busy.ask('MAIL FROM:<>')
    clock.advance(minute)
    expect(await idle.rest()).toBe(goodbye)
    expect(await busy.rest()).toBe(goodbye)
    expect(await current.closed(2)).toEqual(Array(2).fill('the session took too long'))
  })

  test('may finish its message', async () => {
    const current = await start(limited)
    const wire = await greeted(current.port)
    await inData(wire)
    for (let block = 0; block < 5; block++) {
      wire.send('X: y\r\n')
      await clock.armed(3 * minute)
      clock.advance(2 * minute)
    }
    expect(await wire.send('\r\n.\r\nMAIL FROM:<>\r\n').rest()).toMatch(
      /^250 2\.0\.0 Taken as \w+\r\n421 4\.4\.2 This/,
    )
    expect(current.taken).toHaveLength(1)
  })
})

test('a message in chunks has no more time than another', async () => {
  const current = await start({ options: { timeouts: { message: '10m' } } })
  const wire = await greeted(current.port)
  wire.send('EHLO a\r\n')
  await wire.until('STARTTLS\r\n')
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<b@example.org>']) await wire.ask(command)
  for (let chunk = 0; chunk < 4; chunk++) {
    expect(await wire.ask('BDAT 6\r\nX: y')).toBe('250 2.0.0 6 octets received')
    await clock.armed(5 * minute)
    clock.advance(3 * minute)
  }
  wire.send('BDAT 6\r\nX')
  await clock.armed(0)
  clock.advance(0)
  expect(await wire.rest()).toBe('421 4.4.2 Timeout\r\n')
})

describe('a stop', () => {
  test('ends sessions that are idle, at once', async () => {
    const current = await start()
    const wires = await Promise.all([greeted(current.port), greeted(current.port)])
    await current.stop()
    server = undefined
    for (const wire of wires)
      expect(await wire.rest()).toBe('421 4.3.2 Server is stopping, try again later\r\n')
  })

  test('lets a message that is under way come to its end', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    await inData(wire)
    wire.send('Subject: x\r\n')
    const stopped = current.stop()
    server = undefined
    await clock.armed(20_000)
    expect(await wire.send('\r\nbody\r\n.\r\n').rest()).toMatch(
      /^250 2\.0\.0 Taken as \w+\r\n421 4\.3\.2 Server is stopping, try again later\r\n$/,
    )
    await stopped
    expect(current.taken).toHaveLength(1)
  })

  test('ends handshakes that are under way', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    await wire.ask('STARTTLS')
    wire.send('\x16\x03\x01\x02\x00\x01')
    const silent = wireTo(current.tlsPort)
    wires.push(silent)
    await clock.armed(minute)
    await current.stop()
    server = undefined
    expect(await wire.rest()).toBe('')
    expect(await silent.rest()).toBe('')
  })

  test('does not wait for ever', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    await inData(wire)
    const stopped = current.stop()
    server = undefined
    await clock.armed(20_000)
    clock.advance(20_000)
    await stopped
    await wire.rest()
    expect(current.taken).toEqual([])
  })

  test('takes nobody any more', async () => {
    const current = await start()
    const wire = await greeted(current.port)
    await inData(wire)
    const stopped = current.stop()
    server = undefined
    await clock.armed(20_000)
    const late = wireTo(current.port)
    const [error] = await once(late.socket, 'error')
    expect(error).toMatchObject({ code: 'ECONNREFUSED' })
    wire.socket.destroy()
    await stopped
  })
})
