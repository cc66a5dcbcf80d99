import { type LoginAttempt, reply, UnavailableError } from 'mailwright'
import { afterEach, expect, test } from 'vitest'
import { faultyStore, type StoreFaults } from '../support/faults/faulty-store.ts'
import { askMany, greeted, loggedIn } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'
import { type WatchedClock, watchedClock } from '../support/watched-clock.ts'
import { type Wire, wireTo } from '../support/wire.ts'

let server: Pop3Server
let clock: WatchedClock
let faults: StoreFaults

async function start(options: object = {}): Promise<void> {
  clock = watchedClock()
  faults = {}
  server = await startPop3Server({
    clock,
    options: { allowPlaintextLogin: true, ...options },
    storage: faultyStore(faults),
  })
  await server.deliver('A: 1\r\n\r\none\r\n', 'A: 2\r\n\r\n.\r\ntwo')
}

afterEach(() => server.stop())

const encoded = (text: string) => Buffer.from(text).toString('base64')
const plain = encoded(`\0${login}\0${password}`)

test('a client that is refused hears why, and no more', async () => {
  await start()
  server.checks.client = reply(550, '5.7.1', 'Not from there')
  expect(await wireTo(server.port).rest()).toBe('-ERR [SYS/PERM] Not from there\r\n')
  expect(await server.closed(1)).toEqual(['refused'])
})

test('USER and PASS, in any case, with spaces in the password', async () => {
  await start()
  const wire = await greeted(server)
  expect(await wire.ask(`user ${login}`)).toBe('+OK')
  expect(await wire.ask(`pass ${password}`)).toBe('+OK 2 messages (27 octets)')
})

test('AUTH PLAIN with an initial response, and with a continuation', async () => {
  await start()
  const first = await greeted(server)
  expect(await first.ask(`AUTH PLAIN ${plain}`)).toBe('+OK 2 messages (27 octets)')
  await first.ask('QUIT')
  const second = await greeted(server)
  expect(await second.ask('auth plain')).toBe('+ ')
  expect(await second.ask(encoded(`${login}\0${login}\0${password}`))).toBe('+OK 2 messages (27 octets)')
})

test('AUTH can be cancelled, and its response is checked', async () => {
  await start()
  const wire = await greeted(server)
  expect(await wire.ask('AUTH PLAIN')).toBe('+ ')
  expect(await wire.ask('*')).toBe('-ERR Authentication cancelled')
  expect(await wire.ask('AUTH PLAIN =')).toBe('-ERR Not a PLAIN message')
  expect(await wire.ask('AUTH PLAIN')).toBe('+ ')
  expect(await wire.ask('x'.repeat(12_289))).toBe('-ERR The response is too long')
  expect(await wire.ask('AUTH CRAM-MD5')).toBe('-ERR That mechanism is not offered')
  expect(await askMany(wire, 'AUTH')).toEqual(['+OK Mechanisms', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
  expect(await wire.ask('AUTH PLAIN = =')).toBe(
    '-ERR A mechanism is expected, and an initial response at most',
  )
})

test('checks learn mechanism, login and whom to act as', async () => {
  await start()
  const attempts: LoginAttempt[] = []
  server.checks.login = (attempt) => {
    attempts.push(attempt)
    return reply(454, '4.7.0', 'Later')
  }
  const wire = await greeted(server)
  await wire.ask(`USER ${login}`)
  expect(await wire.ask('PASS x')).toBe('-ERR [SYS/TEMP] Later')
  await wire.ask(`AUTH PLAIN ${encoded('ursel\0kurt\0x')}`)
  expect(attempts).toEqual([
    { mechanism: 'USER', login },
    { mechanism: 'PLAIN', login: 'kurt', authorizationIdentity: 'ursel' },
  ])
})

test('no password in clear where that is not allowed', async () => {
  await start({ allowPlaintextLogin: false })
  server.checks.login = () => expect.fail('a password was looked at')
  const wire = await greeted(server)
  const refused = '-ERR [SYS/PERM] No login in clear text, use STLS first'
  expect(await wire.ask(`USER ${login}`)).toBe(refused)
  expect(await wire.ask(`PASS ${password}`)).toBe(refused)
  expect(await wire.ask(`AUTH PLAIN ${plain}`)).toBe(refused)
  const capabilities = await askMany(wire, 'CAPA')
  expect(capabilities.filter((line) => /^(USER|SASL)/.test(line))).toEqual([])
})

test('CAPA, before and after the login', async () => {
  await start()
  const wire = await greeted(server)
  const always = ['TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE NEVER']
  const login_ = ['USER', 'SASL SCRAM-SHA-256 PLAIN LOGIN']
  const last = ['UTF8 USER', 'LANG', 'IMPLEMENTATION Mailwright']
  expect(await askMany(wire, 'CAPA')).toEqual(['+OK Capabilities', ...always, ...login_, 'STLS', ...last])
  await wire.ask(`AUTH PLAIN ${plain}`)
  expect(await askMany(wire, 'CAPA')).toEqual(['+OK Capabilities', ...always, ...login_, ...last])
})

test.each([
  [`PASS ${password}`, '-ERR USER comes first'],
  ['USER', '-ERR A name is expected'],
  ['STLS now', '-ERR No argument is expected'],
  ['STAT', '-ERR Unknown command, or log in first'],
  ['NOOP', '-ERR Unknown command, or log in first'],
  ['APOP tim c4c9334bac560ecc979e58001b3e22fb', '-ERR Unknown command, or log in first'],
  ['QUIT now', '-ERR No argument is expected'],
  ['CAPA now', '-ERR No argument is expected'],
  ['', '-ERR Not a command'],
  ['STAT\0', '-ERR Not a command'],
  [`USER ${'x'.repeat(300)}`, '-ERR The line is too long'],
])('%s is an error', async (command, answer) => {
  await start()
  expect(await (await greeted(server)).ask(command)).toBe(answer)
})

/** Has a wrong login answered, which takes so long. */
async function fail(wire: Wire, delay: number): Promise<void> {
  expect(await wire.ask(`USER ${login}`)).toBe('+OK')
  wire.send('PASS wrong\r\n')
  await clock.armed(delay)
  clock.advance(delay)
  expect(await wire.line()).toBe('-ERR [AUTH] Authentication failed')
}

test('a wrong password takes the name with it', async () => {
  await start()
  const wire = await greeted(server)
  await fail(wire, 1000)
  expect(await wire.ask(`PASS ${password}`)).toBe('-ERR USER comes first')
})

test('failed logins are answered later and later, and then the connection ends', async () => {
  await start({ maxLoginFailures: 3 })
  const wire = await greeted(server)
  for (const delay of [1000, 2000, 4000]) await fail(wire, delay)
  expect(await wire.rest()).toBe('')
  expect(await server.closed(1)).toEqual(['too many failed logins'])
})

test('a client that leaves while it is kept waiting ends the wait', async () => {
  await start()
  const wire = await greeted(server)
  wire.send(`USER ${login}\r\nPASS wrong\r\n`)
  await clock.armed(1000)
  wire.socket.resetAndDestroy()
  expect(await server.closed(1)).toEqual(['connection lost'])
})

test('a maildrop in use can be had later on the same connection', async () => {
  await start()
  const first = await loggedIn(server)
  const second = await greeted(server)
  await second.ask(`USER ${login}`)
  expect(await second.ask(`PASS ${password}`)).toBe('-ERR [IN-USE] The maildrop is in use by another session')
  expect(await second.ask('STAT')).toMatch(/^-ERR/)
  expect(await first.ask('QUIT')).toBe('+OK Bye')
  expect(await second.ask(`AUTH PLAIN ${plain}`)).toMatch(/^\+OK/)
})

test('a store that cannot answer leaves no lock behind', async () => {
  await start()
  faults.openMailbox = async () => {
    throw new UnavailableError('disk full at /secret')
  }
  const wire = await greeted(server)
  expect(await wire.ask(`AUTH PLAIN ${plain}`)).toBe('-ERR [SYS/TEMP] Local error, try again later')
  expect(await server.locked()).toBe(false)
})

test('a login that may not read the mailbox', async () => {
  await start()
  server.checks.access = reply(550, '5.7.1', 'Only with IMAP')
  faults.openMailbox = () => expect.fail('it was opened')
  const wire = await greeted(server)
  expect(await wire.ask(`AUTH PLAIN ${plain}`)).toBe('-ERR [SYS/PERM] Only with IMAP')
})

test('who does not log in in time is sent away, however busy', async () => {
  await start()
  const wire = await greeted(server)
  for (let minute = 0; minute < 2; minute++) {
    await clock.armed(180_000 - minute * 60_000)
    clock.advance(60_000)
    await askMany(wire, 'CAPA')
  }
  await clock.armed(60_000)
  clock.advance(60_000)
  expect(await wire.rest()).toBe('')
  expect(await server.closed(1)).toEqual(['idle for too long'])
})

test('a browser is sent away', async () => {
  await start()
  const wire = await greeted(server)
  wire.send(`POST / HTTP/1.1\r\nUSER ${login}\r\nPASS ${password}\r\n`)
  expect(await wire.rest()).toBe('-ERR This is POP3\r\n')
})

test('too many errors', async () => {
  await start({ maxErrors: 3 })
  const wire = await greeted(server)
  expect(await wire.send(`A\r\nB\r\nC\r\nUSER ${login}\r\n`).rest()).toBe(
    `${'-ERR Unknown command, or log in first\r\n'.repeat(2)}-ERR Closing: too many errors\r\n`,
  )
  expect(await server.closed(1)).toEqual(['too many errors'])
})
