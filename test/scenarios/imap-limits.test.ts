import { definePlugin, imapExtensions, noOptions, type PluginInstance } from 'mailwright'
import type { ImapExtension } from 'mailwright/imap'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type ImapServer,
  type ImapServerOptions,
  login,
  otherLogin,
  password,
  startImapServer,
} from '../support/imap/imap-server.ts'
import { type WatchedClock, watchedClock } from '../support/watched-clock.ts'
import { tlsWireTo, type Wire, wireTo } from '../support/wire.ts'

let server: ImapServer
let clock: WatchedClock
const wires: Wire[] = []

async function start(options: ImapServerOptions = {}): Promise<void> {
  clock = watchedClock()
  server = await startImapServer({ clock, ...options })
}

function kept(wire: Wire): Wire {
  wires.push(wire)
  return wire
}

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server[Symbol.asyncDispose]()
})

const idleBye = '* BYE You were idle for too long\r\n'
const minute = 60_000

describe('time', () => {
  test('for logging in is limited, however the octets trickle', async () => {
    await start()
    const [silent, trickling, busy] = [
      kept(await server.greeted()),
      kept(await server.greeted()),
      kept(await server.greeted()),
    ]
    await clock.armed(minute)
    clock.advance(minute / 2)
    trickling.send('a LOG')
    await busy.ask('a NOOP')
    await clock.armed(minute / 2)
    clock.advance(minute / 2)
    for (const wire of [silent, trickling, busy]) expect(await wire.rest()).toBe(idleBye)
    expect(await server.closed(3)).toEqual(Array(3).fill('idle for too long'))
  })

  test('for logging in is limited within literals, AUTHENTICATE and handshakes', async () => {
    await start()
    const tls = kept(wireTo(server.tlsPort))
    await clock.armed(minute)
    const literal = kept(await server.greeted())
    await literal.ask('a LOGIN {10}')
    literal.send('12345')
    const sasl = kept(await server.greeted())
    await sasl.ask('a AUTHENTICATE PLAIN')
    const handshake = kept(await server.greeted())
    await handshake.ask('a STARTTLS')
    clock.advance(minute)
    expect(await literal.rest()).toBe(idleBye)
    expect(await sasl.rest()).toMatch(/^\* BYE [^\r\n]*\r\na BAD [^\r\n]*\r\n$/)
    expect(await handshake.rest()).toBe('')
    expect(await tls.rest()).toBe('')
  })

  test('without a command is limited, in IDLE too', async () => {
    await start()
    const [silent, idling, sending] = [
      kept(await server.loggedIn()),
      kept(await server.loggedIn()),
      kept(await server.loggedIn()),
    ]
    expect(await idling.ask('a IDLE')).toBe('+ idling')
    expect(await sending.ask('a APPEND INBOX {10}')).toBe('+ OK')
    await clock.armed(30 * minute)
    clock.advance(30 * minute - 1)
    expect(await silent.ask('a NOOP')).toBe('a OK Done')
    clock.advance(1)
    expect(await idling.rest()).toMatch(/^\* BYE [^\r\n]*\r\na BAD [^\r\n]*\r\n$/)
    expect(await sending.rest()).toBe(idleBye)
    await clock.armed(30 * minute)
    clock.advance(30 * minute)
    expect(await silent.rest()).toBe(idleBye)
  })

  test('of a client that does not read is limited', async () => {
    await start()
    await server.deliver(`Subject: x\r\n\r\n${'x'.repeat(30_000_000)}\r\n`)
    const wire = kept(await server.loggedIn())
    wire.send('a SELECT INBOX\r\n')
    await wire.until('a OK')
    wire.socket.pause()
    wire.send('b FETCH 1 BODY.PEEK[]\r\n')
    await clock.armed(5 * minute)
    clock.advance(5 * minute)
    expect(await server.closed(1)).toEqual(['connection lost'])
  })
})

describe('connections', () => {
  test('are so many at a time', async () => {
    await start({ options: { maxConnections: 2 } })
    const first = kept(await server.greeted())
    kept(await server.greeted())
    expect(await kept(wireTo(server.port)).rest()).toBe(
      '* BYE [UNAVAILABLE] Too many connections, try again later\r\n',
    )
    expect(await first.send('a LOGOUT\r\n').rest()).toMatch(/a OK Bye/)
  })

  test('of an address are so many, and there is room again when one is over', async () => {
    await start({ options: { maxConnectionsPerAddress: 2 } })
    const first = kept(await server.greeted())
    kept(await server.greeted())
    expect(await kept(wireTo(server.port)).rest()).toMatch(/^\* BYE [^\r\n]*\r\n$/)
    await first.send('a LOGOUT\r\n').rest()
    await server.closed(2)
    kept(await server.greeted())
    // Each listener counts for itself.
    expect(await kept(await tlsWireTo(server.tlsPort)).line()).toMatch(/^\* OK/)
  })

  test('of an account are so many, whoever ends them and however', async () => {
    await start({ options: { maxConnectionsPerUser: 2 } })
    const refused = `a NO [LIMIT] Too many sessions of this account`
    const attempt = async (wire: Wire): Promise<string> => wire.ask(`a LOGIN ${login} "${password}"`)
    const first = kept(await server.loggedIn())
    const second = kept(await server.loggedIn())
    const third = kept(await server.greeted())
    expect(await attempt(third)).toBe(refused)
    expect(await attempt(third)).toBe(refused)
    // Another account is none of theirs.
    kept(await server.loggedIn(otherLogin))
    expect(await first.ask('b UNAUTHENTICATE')).toMatch(/^b OK/)
    expect(await attempt(third)).toMatch(/^a OK/)
    expect(await attempt(first)).toBe(refused)
    second.socket.resetAndDestroy()
    await server.closed(1)
    expect(await attempt(first)).toMatch(/^a OK/)
  })
})

describe('mistakes', () => {
  test('are so many, and then the session ends', async () => {
    await start({ options: { maxErrors: 3 } })
    const wire = kept(await server.greeted())
    expect(await wire.ask('a XYZZY')).toBe('a BAD Unknown command')
    expect(await wire.ask('b NOOP')).toBe('b OK Done')
    expect(await wire.ask('c LOGIN {99999}')).toMatch(/^c NO/)
    expect(await wire.send('*\r\nd FETCH\r\ne NOOP\r\n').rest()).toMatch(
      /^\* BAD [^\r\n]*\r\n(?:d BAD [^\r\n]*\r\n)?\* BYE Too many mistakes\r\n$/,
    )
    expect(await server.closed(1)).toEqual(['too many faults'])
  })

  test('do not add up where a client that has logged in works on', async () => {
    await start({ options: { maxErrors: 2 } })
    const wire = kept(await server.loggedIn())
    for (let round = 0; round < 3; round += 1) {
      expect(await wire.ask('a XYZZY')).toBe('a BAD Unknown command')
      expect(await wire.ask('b NOOP')).toBe('b OK Done')
    }
    wire.send('c XYZZY\r\nd XYZZY\r\n')
    expect(await wire.rest()).toMatch(/\* BYE Too many mistakes\r\n$/)
  })

  test('in logging in are answered later and later, and then no more; nothing is done meanwhile', async () => {
    await start({ options: { maxLoginFailures: 3, loginTimeout: '10m' } })
    const wire = kept(await server.greeted())
    for (const [at, wait] of [1_000, 2_000, 4_000].entries()) {
      const plain = Buffer.from(`\0${login}\0wrong`).toString('base64')
      wire.send(at === 1 ? `a${at} AUTHENTICATE PLAIN ${plain}\r\n` : `a${at} LOGIN ${login} wrong\r\n`)
      wire.send(`b${at} NOOP\r\n`)
      await clock.armed(wait)
      clock.advance(wait)
      if (at === 2) break
      expect(await wire.line()).toBe(`a${at} NO [AUTHENTICATIONFAILED] Wrong login or password`)
      expect(await wire.line()).toBe(`b${at} OK Done`)
    }
    expect(await wire.rest()).toBe(
      '* BYE too many failed logins\r\na2 NO [AUTHENTICATIONFAILED] Wrong login or password\r\n',
    )
  })

  test('in logging in end with a client that does not wait', async () => {
    await start()
    const wire = kept(await server.greeted())
    wire.send(`a LOGIN ${login} wrong\r\n`)
    await clock.armed(1_000)
    wire.socket.resetAndDestroy()
    expect(await server.closed(1)).toEqual(['connection lost'])
  })
})

describe('a server that stops', () => {
  let release: () => void
  let begun: Promise<void>

  /** A command that is answered when the test says so. */
  function slow(): PluginInstance {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    release = gate.resolve
    begun = started.promise
    const extension: ImapExtension = {
      name: 'slow',
      commands: {
        SLOW: {
          states: ['authenticated', 'selected'],
          async run({ args, session }) {
            args.end()
            started.resolve()
            await gate.promise
            session.out.untagged('OK Half of it')
            return { status: 'OK', text: 'Slow' }
          },
        },
      },
    }
    const plugin = definePlugin({
      name: 'slow',
      requires: [imapExtensions],
      parseOptions: noOptions,
      setup: (context) => {
        context.use(imapExtensions).add(extension)
        return undefined
      },
    })
    return plugin()
  }

  test('answers the command first, and says BYE to everybody', async () => {
    await start({ plugins: [slow()] })
    const working = kept(await server.loggedIn())
    const idling = kept(await server.loggedIn())
    await idling.ask('a IDLE')
    const silent = kept(await server.loggedIn())
    const strange = kept(await server.greeted())
    const halfway = kept(await server.loggedIn())
    await halfway.ask('a APPEND INBOX {100}')
    working.send('a SLOW\r\nb NOOP\r\n')
    await begun
    const stopping = server.host.stop()
    const bye = '* BYE mail.example.org stops\r\n'
    for (const wire of [idling, silent, strange, halfway]) expect(await wire.rest()).toBe(bye)
    release()
    expect(await working.rest()).toBe(`* OK Half of it\r\na OK Slow\r\n${bye}`)
    await stopping
  })
})
