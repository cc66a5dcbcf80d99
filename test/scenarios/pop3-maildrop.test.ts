import { Readable } from 'node:stream'
import { UnavailableError } from 'mailwright'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { faultyStore, type StoreFaults } from '../support/faults/faulty-store.ts'
import { askMany, loggedIn } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { type WatchedClock, watchedClock } from '../support/watched-clock.ts'
import { wireTo } from '../support/wire.ts'

const first = 'A: 1\r\n\r\none\r\n'
// A dot line, and no CRLF at its end.
const second = 'A: 2\r\n\r\n.\r\ntwo'

let server: Pop3Server
let clock: WatchedClock
let faults: StoreFaults

beforeEach(async () => {
  clock = watchedClock()
  faults = {}
  server = await startPop3Server({
    clock,
    options: { allowPlaintextLogin: true },
    storage: faultyStore(faults),
  })
  await server.deliver(first, second)
})

afterEach(() => server.stop())

describe('TRANSACTION', () => {
  test('STAT, LIST and UIDL follow the marks', async () => {
    const wire = await loggedIn(server)
    const uidValidity = (await wire.ask('UIDL 1')).slice('+OK 1 '.length, -'.1'.length)
    expect(uidValidity).toMatch(/^\d+$/)
    expect(await wire.ask('STAT')).toBe('+OK 2 27')
    expect(await askMany(wire, 'LIST')).toEqual(['+OK 2 messages (27 octets)', '1 13', '2 14'])
    expect((await askMany(wire, 'UIDL')).slice(1)).toEqual([`1 ${uidValidity}.1`, `2 ${uidValidity}.2`])
    expect(await wire.ask('DELE 1')).toBe('+OK Message 1 deleted')
    expect(await wire.ask('STAT')).toBe('+OK 1 14')
    expect(await askMany(wire, 'LIST')).toEqual(['+OK 1 messages (14 octets)', '2 14'])
    expect((await askMany(wire, 'UIDL')).slice(1)).toEqual([`2 ${uidValidity}.2`])
    for (const command of ['LIST 1', 'UIDL 1', 'RETR 1', 'TOP 1 0', 'DELE 1'])
      expect(await wire.ask(command)).toBe('-ERR Message 1 is deleted')
    expect(await wire.ask('RSET')).toBe('+OK 2 messages (27 octets)')
    expect(await wire.ask('LIST 1')).toBe('+OK 1 13')
    expect(await wire.ask('NOOP')).toBe('+OK')
  })

  test('RETR and TOP', async () => {
    const wire = await loggedIn(server)
    expect(await askMany(wire, 'RETR 1')).toEqual(['+OK 13 octets', 'A: 1', '', 'one'])
    expect(await askMany(wire, 'retr 2')).toEqual(['+OK 14 octets', 'A: 2', '', '.', 'two'])
    expect(await askMany(wire, 'TOP 2 0')).toEqual(['+OK', 'A: 2', ''])
    expect(await askMany(wire, 'TOP 2 1')).toEqual(['+OK', 'A: 2', '', '.'])
    expect(await askMany(wire, 'TOP 2 9999999999')).toEqual(['+OK', 'A: 2', '', '.', 'two'])
  })

  test.each([
    ['LIST 0', '-ERR No such message, only 2 in the maildrop'],
    ['RETR 3', '-ERR No such message, only 2 in the maildrop'],
    ['DELE 4294967297', '-ERR No such message, only 2 in the maildrop'],
    ['RETR', '-ERR One message number is expected'],
    ['RETR 1 2', '-ERR One message number is expected'],
    ['DELE -1', '-ERR A message number is expected'],
    ['DELE 01', '-ERR A message number is expected'],
    ['RETR 1.0', '-ERR A message number is expected'],
    ['RETR __proto__', '-ERR A message number is expected'],
    ['UIDL 1 2', '-ERR One message number is expected at most'],
    ['TOP 1', '-ERR A message number and a number of lines are expected'],
    ['TOP 1 -1', '-ERR A message number and a number of lines are expected'],
    ['STAT 1', '-ERR No argument is expected'],
    ['LAST', '-ERR Unknown command'],
    ['USER tim', '-ERR Unknown command'],
    ['AUTH PLAIN', '-ERR Unknown command'],
    ['STLS', '-ERR Unknown command'],
  ])('%s is an error', async (command, answer) => {
    const wire = await loggedIn(server)
    expect(await wire.ask(command)).toBe(answer)
    expect(await wire.ask('STAT')).toBe('+OK 2 27')
  })

  test('commands that come together are answered in their order', async () => {
    const wire = wireTo(server.port)
    wire.send(
      `USER ${login}\r\nPASS ${password}\r\nSTAT\nDELE 2\r\nLIST\r\nRETR 1\r\nRSET\r\nQUIT\r\nSTAT\r\n`,
    )
    expect((await wire.rest()).split('\r\n')).toEqual([
      '+OK mail.example.org POP3 server ready',
      '+OK',
      '+OK 2 messages (27 octets)',
      '+OK 2 27',
      '+OK Message 2 deleted',
      '+OK 1 messages (13 octets)',
      '1 13',
      '.',
      '+OK 13 octets',
      'A: 1',
      '',
      'one',
      '.',
      '+OK 2 messages (27 octets)',
      '+OK Bye',
      '',
    ])
  })

  test('a client that closes its side after its commands gets its answers', async () => {
    const wire = await loggedIn(server)
    wire.send('DELE 1\r\nQUIT\r\n').socket.end()
    expect(await wire.rest()).toBe('+OK Message 1 deleted\r\n+OK Bye\r\n')
    expect(await server.uids()).toEqual([2])
  })

  test('an empty maildrop', async () => {
    const inbox = await server.mailboxes.openMailbox('INBOX')
    await inbox.expunge([1, 2])
    const wire = await loggedIn(server)
    expect(await wire.ask('STAT')).toBe('+OK 0 0')
    expect(await askMany(wire, 'LIST')).toEqual(['+OK 0 messages (0 octets)'])
    expect(await askMany(wire, 'UIDL')).toEqual(['+OK 0 messages (0 octets)'])
    expect(await wire.ask('RETR 1')).toBe('-ERR No such message, only 0 in the maildrop')
  })

  test('many messages', async () => {
    await server.deliver(...Array.from({ length: 2998 }, () => 'x\r\n'))
    const wire = await loggedIn(server)
    const list = await askMany(wire, 'LIST')
    expect(list).toHaveLength(3001)
    expect(list.at(-1)).toBe('3000 3')
    expect((await askMany(wire, 'UIDL')).at(1000)).toMatch(/^1000 \d+\.1000$/)
  })

  test('what others deliver and remove meanwhile changes no number', async () => {
    const wire = await loggedIn(server)
    await server.deliver('x\r\n')
    const inbox = await server.mailboxes.openMailbox('INBOX')
    await inbox.expunge([1])
    expect(await wire.ask('STAT')).toBe('+OK 2 27')
    expect(await wire.ask('RETR 1')).toBe('-ERR Message 1 is no longer there')
    expect(await wire.ask('TOP 1 0')).toBe('-ERR Message 1 is no longer there')
    expect(await askMany(wire, 'RETR 2')).toContain('two')
    await wire.ask('DELE 1')
    await wire.ask('DELE 2')
    expect(await wire.ask('QUIT')).toBe('+OK Bye')
    expect(await server.uids()).toEqual([3])
  })

  test('a message that cannot be read now', async () => {
    const wire = await loggedIn(server)
    faults.content = async () => {
      throw new UnavailableError('EIO /secret')
    }
    expect(await wire.ask('RETR 1')).toBe('-ERR [SYS/TEMP] Local error, try again later')
    delete faults.content
    expect(await askMany(wire, 'RETR 1')).toContain('one')
  })

  test('a message that breaks off is never taken for whole', async () => {
    const wire = await loggedIn(server)
    async function* broken() {
      yield Buffer.from(first)
      throw new UnavailableError('EIO')
    }
    faults.content = async () => ({
      size: 100_000,
      read: () => expect.fail('read'),
      stream: () => Readable.from(broken()),
    })
    wire.send('DELE 2\r\nRETR 1\r\nQUIT\r\n')
    expect(await wire.rest()).not.toContain('\r\n.\r\n')
    await server.closed(1)
    expect(await server.uids()).toEqual([1, 2])
    expect(await server.locked()).toBe(false)
  })

  test('a large message comes as it is', async () => {
    const text = '.line of a large message\r\n'.repeat(20_000)
    await server.deliver(text)
    const [, ...lines] = await askMany(await loggedIn(server), 'RETR 3')
    expect(`${lines.join('\r\n')}\r\n`).toBe(text)
  })

  test('a client that does not read is given up in the end', async () => {
    const wire = await loggedIn(server)
    wire.socket.pause()
    async function* endless() {
      for (;;) yield Buffer.alloc(65_536, 'x')
    }
    faults.content = async () => ({
      size: 2 ** 40,
      read: () => expect.fail('read'),
      stream: () => Readable.from(endless()),
    })
    wire.send('RETR 1\r\n')
    await clock.armed(300_000)
    clock.advance(300_000)
    expect(await server.closed(1)).toEqual(['connection lost'])
    expect(await server.locked()).toBe(false)
  })

  test('idle time starts anew with each command, not with each octet', async () => {
    const wire = await loggedIn(server)
    await wire.ask('DELE 1')
    for (let round = 0; round < 3; round++) {
      await clock.armed(600_000)
      clock.advance(599_999)
      expect(await wire.ask('NOOP')).toBe('+OK')
    }
    wire.send('QUI')
    await clock.armed(600_000)
    clock.advance(600_000)
    expect(await wire.rest()).toBe('')
    expect(await server.closed(1)).toEqual(['idle for too long'])
    expect(await server.uids()).toEqual([1, 2])
    expect(await server.locked()).toBe(false)
  })
})

describe('UPDATE', () => {
  test('QUIT removes what is marked and nothing else, and frees the maildrop before it answers', async () => {
    const wire = await loggedIn(server)
    await wire.ask('DELE 2')
    expect(await wire.ask('QUIT')).toBe('+OK Bye')
    expect(await server.locked()).toBe(false)
    expect(await server.uids()).toEqual([1])
    expect(await server.closed(1)).toEqual(['QUIT'])
  })

  test('where the store fails the client hears it, and nothing is removed', async () => {
    const wire = await loggedIn(server)
    await wire.ask('DELE 1')
    faults.expunge = async () => {
      throw new UnavailableError('disk full')
    }
    expect(await wire.ask('QUIT')).toBe('-ERR [SYS/TEMP] some deleted messages not removed')
    expect(await server.uids()).toEqual([1, 2])
    expect(await server.locked()).toBe(false)
  })

  test('a connection that is cut at any octet before the end of QUIT removes nothing', async () => {
    const dialogue = 'DELE 1\r\nDELE 2\r\nQUIT\r\n'
    for (let length = 0; length < dialogue.length; length++) {
      const wire = await loggedIn(server)
      wire.send(dialogue.slice(0, length))
      if (length % 2 === 0) wire.socket.resetAndDestroy()
      else wire.socket.end()
      await server.closed(length + 1)
      expect(await server.uids()).toEqual([1, 2])
      expect(await server.locked()).toBe(false)
    }
  })

  test('stopping waits for deletions that have begun', async () => {
    const wire = await loggedIn(server)
    await wire.ask('DELE 1')
    const begun = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    faults.expunge = async () => {
      begun.resolve()
      await finish.promise
    }
    wire.send('QUIT\r\n')
    await begun.promise
    const stopped = server.stop()
    finish.resolve()
    await stopped
    expect(await wire.rest()).toBe('+OK Bye\r\n')
    expect(await server.uids()).toEqual([2])
  })

  test('stopping lets a message that is under way arrive, and nothing after it', async () => {
    const wire = await loggedIn(server)
    const begun = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    async function* slow() {
      yield Buffer.from(first)
      begun.resolve()
      await finish.promise
      yield Buffer.from('last\r\n')
    }
    faults.content = async () => ({
      size: 100_000,
      read: () => expect.fail('read'),
      stream: () => Readable.from(slow()),
    })
    wire.send('DELE 2\r\nRETR 1\r\nQUIT\r\n')
    await begun.promise
    const stopped = server.stop()
    finish.resolve()
    expect(await wire.rest()).toBe(`+OK Message 2 deleted\r\n+OK 13 octets\r\n${first}last\r\n.\r\n`)
    await stopped
    expect(await server.uids()).toEqual([1, 2])
  })

  test('stopping is no QUIT', async () => {
    const wire = await loggedIn(server)
    await wire.ask('DELE 1')
    await server.stop()
    expect(await wire.rest()).toBe('')
    expect(await server.uids()).toEqual([1, 2])
    expect(await server.locked()).toBe(false)
  })
})
