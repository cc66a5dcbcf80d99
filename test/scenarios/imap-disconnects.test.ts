import { readdirSync, readlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ImapServer, login, password, startImapServer } from '../support/imap/imap-server.ts'
import type { Wire } from '../support/wire.ts'

let server: ImapServer

beforeEach(async () => {
  server = await startImapServer({ options: { maxConnectionsPerUser: 1 } })
  await server.deliver(`Subject: large\r\n\r\n${'x'.repeat(30_000_000)}\r\n`)
})
afterEach(() => server[Symbol.asyncDispose]())

/** Files of this process that are open in the spool; they have no names. */
function spooled(): number {
  const folder = '/proc/self/fd'
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith(`${server.host.dataDir}/spool`)
    } catch {
      // It was closed meanwhile.
      return false
    }
  }).length
}

async function selected(): Promise<Wire> {
  const wire = await server.loggedIn()
  await wire.send('s SELECT INBOX\r\n').until('s OK')
  await wire.line()
  return wire
}

const half = 'x'.repeat(20_000)

/** Brings a session to where its client is lost; answers the wire. */
const phases: readonly (readonly [string, () => Promise<Wire>])[] = [
  ['before a word', () => server.greeted()],
  ['in a line before the login', async () => (await server.greeted()).send('a LOGIN tim')],
  ['in a literal before the login', async () => (await server.greeted()).send('a LOGIN {100+}\r\ntim')],
  [
    'in AUTHENTICATE',
    async () => {
      const wire = await server.greeted()
      await wire.ask('a AUTHENTICATE PLAIN')
      return wire.send('abc')
    },
  ],
  [
    'in a handshake',
    async () => {
      const wire = await server.greeted()
      await wire.ask('a STARTTLS')
      return wire.send('\x16\x03\x01\x02\x00\x01\x00')
    },
  ],
  [
    'while a wrong login waits',
    async () => (await server.greeted()).send(`a LOGIN ${login} wrong\r\nb NOOP\r\n`),
  ],
  ['between commands', () => selected()],
  ['in a line', async () => (await selected()).send('a FETCH 1 (FLAGS')],
  [
    'in the literal of an APPEND',
    async () => {
      const wire = await selected()
      expect(await wire.ask('a APPEND INBOX {50000}')).toBe('+ OK')
      return wire.send(half)
    },
  ],
  ['in one that nobody waits for', async () => (await selected()).send(`a APPEND INBOX {50000+}\r\n${half}`)],
  [
    'in the second of an APPEND',
    async () => (await selected()).send(`a APPEND INBOX {20000+}\r\n${half} {50000+}\r\n${half}`),
  ],
  ['in one that is thrown away', async () => (await selected()).send(`a APPEND No {50000+}\r\n${half}`)],
  [
    'in a large body',
    async () => {
      const wire = await selected()
      await wire.send('a FETCH 1 BODY.PEEK[]\r\n').until('Subject: large')
      return wire
    },
  ],
  [
    'in a large body that it does not read',
    async () => {
      const wire = await selected()
      wire.send('a FETCH 1 BODY.PEEK[]\r\nb FETCH 1 BODY.PEEK[]\r\n')
      await wire.until('Subject: large')
      wire.socket.pause()
      return wire
    },
  ],
  [
    'in IDLE',
    async () => {
      const wire = await selected()
      await wire.ask('a IDLE')
      return wire.send('DO')
    },
  ],
  [
    'compressed',
    async () => {
      const wire = await selected()
      await wire.ask('a COMPRESS DEFLATE')
      return wire
    },
  ],
]

describe.each([
  ['is reset', (wire: Wire) => wire.socket.resetAndDestroy()],
  ['is closed', (wire: Wire) => wire.socket.destroy()],
] as const)('a connection that %s', (_, end) => {
  test.each(phases)('%s leaves nothing behind', async (_phase, begin) => {
    end(await begin())
    await server.closed(1)
    expect(spooled()).toBe(0)
    const wire = await selected()
    expect(await wire.ask('z NOOP')).toBe('z OK Done')
    wire.socket.destroy()
    expect(server.host.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })
})

describe('a client that closes its side', () => {
  test('gets the answers to all it has sent', async () => {
    const wire = await selected()
    wire.send('a FETCH 1 RFC822.SIZE\r\nb APPEND INBOX {20000+}\r\n')
    wire.send(`${half}\r\nc NOOP\r\nd NO`).socket.end()
    const answers = await wire.rest()
    expect(answers.match(/^[a-d] .*$/gm)?.map((line) => line.slice(0, 4))).toEqual(['a OK', 'b OK', 'c OK'])
    await server.closed(1)
    expect(spooled()).toBe(0)
  })

  test('gets a large body in full', async () => {
    const wire = await selected()
    wire.send('a FETCH 1 BODY.PEEK[]\r\n').socket.end()
    const answer = await wire.rest()
    expect(answer.length).toBeGreaterThan(30_000_000)
    expect(answer.endsWith(')\r\na OK Fetched\r\n')).toBe(true)
  })

  test.each([
    ['in IDLE', 'a IDLE\r\n'],
    ['in AUTHENTICATE', 'a UNAUTHENTICATE\r\nb AUTHENTICATE PLAIN\r\n'],
    ['in a literal', `a APPEND INBOX {50000+}\r\n${half}`],
  ])('ends the session: %s', async (_, octets) => {
    const wire = await server.loggedIn()
    wire.send(octets).socket.end()
    expect(await wire.rest()).toMatch(/^(?:[ab+] [^\r\n]*\r\n)*$/)
    await server.closed(1)
    expect(spooled()).toBe(0)
    expect(await (await server.greeted()).ask(`l LOGIN ${login} "${password}"`)).toMatch(/^l OK/)
  })
})
