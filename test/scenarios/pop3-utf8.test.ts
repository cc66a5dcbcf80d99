import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askMany, greeted, loggedIn } from '../support/smtp/pop3-client.ts'
import { login, type Pop3Server, password, startPop3Server } from '../support/smtp/pop3-server.ts'

let server: Pop3Server

beforeEach(async () => {
  server = await startPop3Server({ options: { allowPlaintextLogin: true } })
})

afterEach(() => server.stop())

// RFC 6856: the sentence that each asks for stands beside it.

const ascii = 'Subject: plain\r\n\r\nbody: ü\r\n'
const international = 'From: Jörg <jörg@example.org>\r\nSubject: Grüße\r\n\r\nbody: ü\r\n'
const asLatin1 = (text: string) => Buffer.from(text).toString('latin1')

describe('UTF8', () => {
  test('is a command of the AUTHORIZATION state, without parameters (§2, §2.1)', async () => {
    const wire = await greeted(server)
    expect(await wire.ask('UTF8 x')).toBe('-ERR No argument is expected')
    expect(await wire.ask('utf8')).toBe('+OK UTF-8 from now on')
    await wire.ask(`USER ${login}`)
    await wire.ask(`PASS ${password}`)
    expect(await wire.ask('UTF8')).toBe('-ERR Unknown command')
  })

  test('messages are sent as they are in UTF-8 mode (§2.1)', async () => {
    await server.deliver(ascii, international)
    const wire = await greeted(server)
    await wire.ask('UTF8')
    await wire.ask(`USER ${login}`)
    await wire.ask(`PASS ${password}`)
    expect(await wire.send('RETR 2\r\n').until('\r\n.\r\n')).toBe(
      `+OK ${Buffer.byteLength(international)} octets\r\n${asLatin1(international)}.\r\n`,
    )
    // "The octet count … SHOULD match the actual number of octets sent in a RETR response."
    expect(await wire.ask('LIST 2')).toBe(`+OK 2 ${Buffer.byteLength(international)}`)
  })

  test('otherwise what is not ASCII in a header has a surrogate (§2.1)', async () => {
    await server.deliver(ascii, international)
    const wire = await loggedIn(server)
    expect(await wire.send('RETR 1\r\n').until('\r\n.\r\n')).toContain(asLatin1(ascii))
    const retrieved = await wire.send('RETR 2\r\n').until('\r\n.\r\n')
    const [header = '', body] = retrieved.split('\r\n\r\n')
    expect(header).toMatch(/^[\r\n\x20-\x7e]*$/)
    expect(header).toContain('\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=')
    expect(header).toContain('<invalid@internationalized-address.invalid>')
    expect(body).toBe(asLatin1('body: ü\r\n.\r\n'))
    expect(await wire.send('TOP 2 0\r\n').until('\r\n.\r\n')).toContain(
      '=?utf-8?B?R3LDvMOfZQ==?=\r\n\r\n.\r\n',
    )
  })

  test('STLS after it is refused (§2.1), and not announced', async () => {
    const wire = await greeted(server)
    await wire.ask('UTF8')
    expect(await wire.ask('STLS')).toBe('-ERR STLS comes before UTF8')
    expect(await askMany(wire, 'CAPA')).not.toContain('STLS')
  })

  test('names and passwords in UTF-8 are taken before it too, and what is prohibited is refused (§2.2)', async () => {
    const wire = await greeted(server)
    expect(await wire.ask(asLatin1('USER jörg@example.org'))).toBe('+OK')
    for (const text of ['a\u200eb', 'a\ue000', '\u00ad'])
      expect(await wire.ask(asLatin1(`USER ${text}`)), JSON.stringify(text)).toBe('-ERR Not a name')
    await wire.ask(`USER ${login}`)
    expect(await wire.ask(asLatin1('PASS a\u2028b'))).toBe('-ERR Not a password')
    // "The server MUST reject UTF-8 usernames or passwords that fail to comply with the formal syntax in UTF-8."
    expect(await wire.ask('USER j\xf6rg')).toBe('-ERR Not a command')
  })
})

describe('LANG', () => {
  test('lists languages, in both states (§3.1, §3.2)', async () => {
    const list = ['+OK Languages', 'en English', 'i-default English']
    const wire = await greeted(server)
    expect(await askMany(wire, 'LANG')).toEqual(list)
    await wire.ask(`USER ${login}`)
    await wire.ask(`PASS ${password}`)
    expect(await askMany(wire, 'lang')).toEqual(list)
  })

  test.each([
    ['LANG en', '+OK en This is the language now'],
    ['LANG EN-us', '+OK en This is the language now'],
    ['LANG *', '+OK en This is the language now'],
    ['LANG i-default', '+OK i-default This is the language now'],
    ['LANG MUL', '-ERR That language is not known here'],
    ['LANG en de', '-ERR Not a language range'],
    ['LANG e_n', '-ERR Not a language range'],
  ])('%s is answered %s', async (command, answer) => {
    expect(await (await greeted(server)).ask(command)).toBe(answer)
  })
})
