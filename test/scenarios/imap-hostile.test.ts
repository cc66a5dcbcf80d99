import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ImapServer, login, password, startImapServer } from '../support/imap/imap-server.ts'
import type { Wire } from '../support/wire.ts'

let server: ImapServer
const wires: Wire[] = []

async function greeted(): Promise<Wire> {
  const wire = await server.greeted()
  wires.push(wire)
  return wire
}

async function loggedIn(): Promise<Wire> {
  const wire = await server.loggedIn()
  wires.push(wire)
  return wire
}

/** The lines up to and with the tagged one. */
async function ask(wire: Wire, command: string): Promise<readonly string[]> {
  const tag = command.split(' ', 1)[0]
  wire.send(`${command}\r\n`)
  return linesTo(wire, `${tag} `)
}

async function linesTo(wire: Wire, start: string): Promise<readonly string[]> {
  for (const lines: string[] = []; ; ) {
    const line = await wire.line()
    lines.push(line)
    if (line.startsWith(start)) return lines
  }
}

/** The server serves others, and had no fault of its own. */
async function expectSound(): Promise<void> {
  const wire = await loggedIn()
  expect(await ask(wire, 'z NOOP')).toEqual(['z OK Done'])
  const faults = server.host.log.lines.filter(({ event }) => event === 'internal-error')
  expect(faults).toEqual([])
}

beforeEach(async () => {
  server = await startImapServer({ options: { maxErrors: 100_000, maxMessageSize: '128K' } })
})

afterEach(async () => {
  await expectSound()
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server[Symbol.asyncDispose]()
})

describe('literals before the login', () => {
  test('that are too large are refused before they are sent', async () => {
    const wire = await greeted()
    expect(await wire.ask('a LOGIN {16385}')).toBe('a NO [TOOBIG] The command is too long')
    expect(await wire.ask('b LOGIN {4294967296}')).toBe('b NO [TOOBIG] The command is too long')
    expect(await wire.ask('c LOGIN {9999999999999999}')).toBe('c NO [TOOBIG] The command is too long')
    expect(await wire.ask('d NOOP')).toBe('d OK Done')
  })

  test.each([
    ['20000', 'NO [TOOBIG] The command is too long'],
    ['00000000000000020000', 'NO [TOOBIG] The command is too long'],
    ['9'.repeat(20), 'BAD That is no size of a literal'],
    ['9'.repeat(400), 'BAD That is no size of a literal'],
  ])(
    'of {%s+} that nobody has waited for end the session, and are not taken for commands',
    async (size, answer) => {
      const wire = await greeted()
      wire.send(`a LOGIN {${size}+}\r\n${'x NOOP\r\n'.repeat(2500)}\r\nb NOOP\r\n`)
      expect(await wire.rest()).toBe(`a ${answer}\r\n* BYE The command cannot be read\r\n`)
    },
  )

  test.each([
    ['small ones without end', 'a LOGIN', ' {1+}\r\nx'],
    ['empty ones without end', 'a LOGIN', ' {0+}\r\n'],
    ['large ones', 'a LOGIN', ` {4096+}\r\n${'x'.repeat(4096)}`],
    ['for a command that does not exist', 'a XYZZY', ' {1+}\r\nx'],
    ['without a command', '', '{1+}\r\nx'],
    ['for a command that is not possible yet', 'a APPEND x', ' {10+}\r\n0123456789'],
  ])('end in a refusal: %s', async (_, start, piece) => {
    const wire = await greeted()
    wire.send(start)
    for (let sent = 0; sent < 200_000 && !wire.socket.destroyed; sent += piece.length) wire.send(piece)
    const answers = await wire.rest()
    expect(answers).toMatch(/^\S+ (?:NO|BAD) [^\r\n]*\r\n\* BYE [^\r\n]*\r\n$/)
  })

  test('of a password are taken', async () => {
    const wire = await greeted()
    wire.send(`a LOGIN {${login.length}+}\r\n${login} {${password.length}}\r\n`)
    expect(await wire.line()).toBe('+ OK')
    expect(await wire.ask(password)).toMatch(/^a OK/)
  })
})

describe('literals of commands that are refused', () => {
  const kept = ['* STATUS Kept (MESSAGES 0)', 'b OK That is all']
  const commands = 'x DELETE Kept\r\ny LOGOUT\r\n'.repeat(100)

  test.each([
    ['no such mailbox', 'a APPEND Nowhere {N+}', /^a NO \[TRYCREATE\]/],
    ['a mistake before it', 'a APPEND INBOX (\\Bogus {N+}', /^a BAD/],
    ['no such command', 'a XYZZY {N+}', /^a BAD/],
    ['not in this state', 'a FETCH 1 {N+}', /^a BAD/],
    ['no tag', '* {N+}', /^\* BAD/],
    ['in a place where there is none', 'a LOGOUT {N+}', /^a (?:BAD|NO \[TOOBIG\])/],
    ['a second one', 'a APPEND Nowhere {3+}\r\nabc {N+}', /^a NO/],
    ['one behind a large one', `a APPEND Nowhere {5000+}\r\n${'x'.repeat(5000)} {N+}`, /^a NO/],
  ])('are never taken for commands: %s', async (_, line, answer) => {
    const wire = await loggedIn()
    await ask(wire, 'm CREATE Kept')
    for (const size of [commands.length, 5_000, 70_000]) {
      const octets = commands.repeat(30).slice(0, size)
      wire.send(`${line.replace('{N', `{${octets.length}`)}\r\n${octets}\r\n`)
      expect(await wire.line()).toMatch(answer)
      expect(await ask(wire, 'b STATUS Kept (MESSAGES)')).toEqual(kept)
    }
  })

  test('are not taken for commands either where a message is too large', async () => {
    const wire = await loggedIn()
    await ask(wire, 'm CREATE Kept')
    const octets = commands.repeat(90).slice(0, 200_000)
    wire.send(`a APPEND INBOX {200000+}\r\n${octets} {3+}\r\nabc\r\n`)
    expect(await wire.line()).toBe('a NO [TOOBIG] The message is too large')
    expect(await ask(wire, 'b STATUS Kept (MESSAGES)')).toEqual(kept)
    // The client that waits is told before it sends, and goes on with its next command.
    expect(await wire.ask('c APPEND INBOX {200000}')).toBe('c NO [TOOBIG] The message is too large')
    expect(await ask(wire, 'd STATUS INBOX (MESSAGES)')).toEqual([
      '* STATUS INBOX (MESSAGES 0)',
      'd OK That is all',
    ])
  })

  test('end the session where they are larger than what can be thrown away', async () => {
    const wire = await loggedIn()
    await ask(wire, 'm CREATE Kept')
    wire.send(`a APPEND INBOX {10000000+}\r\n${commands.repeat(3)}`)
    expect(await wire.rest()).toBe(
      'a NO [TOOBIG] The message is too large\r\n* BYE The command cannot be read\r\n',
    )
    const other = await loggedIn()
    expect(await ask(other, 'b STATUS Kept (MESSAGES)')).toEqual(kept)
  })
})

describe('octets that have no place in a command', () => {
  const command = 'a STATUS "INBOX" (MESSAGES)'

  test('are a mistake wherever they stand, and the next command is heard', async () => {
    const wire = await loggedIn()
    for (const octet of ['\0', '\r', '\x01', '\x7f', '\x80', '\xff', '\t', '(', '"', '{', '%', '\\'])
      for (let at = 0; at <= command.length; at += 1) {
        wire.send(`${command.slice(0, at)}${octet}${command.slice(at)}\r\n`)
        const lines = await ask(wire, 'n NOOP')
        for (const line of lines) expect(line).toMatch(/^(?:a|\*|n|[!-~]+) (?:OK|NO|BAD|STATUS) ?[ -~]*$/)
      }
  })

  test('LF alone ends a line, CR alone does not', async () => {
    const wire = await loggedIn()
    expect(await wire.send('a NOOP\nb NOOP\rc NOOP\r\n').line()).toBe('a OK Done')
    expect(await wire.line()).toMatch(/^b BAD/)
    expect(await wire.ask('d NOOP')).toBe('d OK Done')
  })

  test.each(['A', ' ', '\0', '\r', '\xff', '(', '"', '{1}', 'a b '])('without end: %j', async (piece) => {
    for (const wire of [await greeted(), await loggedIn()]) {
      const chunk = piece.repeat(16_384 / piece.length)
      const writing = (): unknown => wire.socket.destroyed || wire.socket.write(chunk, 'latin1', writing)
      writing()
      expect(await wire.rest()).toMatch(/^(?:\S+ BAD [^\r\n]*\r\n\* BYE [^\r\n]*\r\n)?$/)
    }
  })

  test('a tag of a mebibyte', async () => {
    const wire = await greeted()
    wire.send(`${'t'.repeat(2 ** 20)} NOOP\r\n`)
    expect(await wire.rest()).toMatch(/^\* BAD \[TOOBIG\] [^\r\n]*\r\n\* BYE [^\r\n]*\r\n$/)
  })

  test('a tag that is longer than any client makes one is answered all the same', async () => {
    const wire = await greeted()
    expect(await wire.ask(`${'t'.repeat(1_000)} NOOP`)).toBe(`${'t'.repeat(1_000)} OK Done`)
    expect(await wire.ask(`${'t'.repeat(1_000)} ?`)).toBe(`${'t'.repeat(1_000)} BAD That is not a command`)
  })
})

describe('numbers', () => {
  test.each([
    'FETCH 0 FLAGS',
    'FETCH 4294967296 FLAGS',
    'FETCH 99999999999999999999 FLAGS',
    'FETCH 1 BODY[4294967296]',
    'FETCH 1 BODY[1.2.3.99999999999999999999]',
    'FETCH 1 BODY[]<1.0>',
    'FETCH 1 BODY[]<99999999999999999999999999.1>',
    'FETCH 1 (FLAGS) (CHANGEDSINCE 9223372036854775808)',
    'STORE 1 (UNCHANGEDSINCE 99999999999999999999) +FLAGS (\\Seen)',
    'SEARCH LARGER 99999999999999999999',
    'SEARCH UID 0',
    'SEARCH 1:99999999999999999999',
    'UID FETCH 1:4294967296 FLAGS',
    'SELECT INBOX (QRESYNC (1 99999999999999999999))',
    'UID SEARCH RETURN (PARTIAL 1:99999999999) ALL',
  ])('that no message can have are a mistake: %s', async (command) => {
    await server.deliver('Subject: one\r\n\r\nbody\r\n')
    const wire = await loggedIn()
    await ask(wire, 'e ENABLE QRESYNC')
    await ask(wire, 's SELECT INBOX')
    expect((await ask(wire, `a ${command}`)).at(-1)).toMatch(/^a BAD/)
  })

  test.each([
    ['UID FETCH 4294967295 FLAGS', 'a OK Fetched'],
    ['UID FETCH 4294967290:4294967295 FLAGS', 'a OK Fetched'],
    ['UID SEARCH UID 1:4294967295', 'a OK Searched'],
    ['SEARCH LARGER 9223372036854775807', 'a OK Searched'],
    ['FETCH 1 BODY.PEEK[]<4294967295.4294967295>', 'a OK Fetched'],
    ['FETCH 1 BODY.PEEK[4294967295]', 'a OK Fetched'],
  ])('that are the largest there are: %s', async (command, answer) => {
    await server.deliver('Subject: one\r\n\r\nbody\r\n')
    const wire = await loggedIn()
    await ask(wire, 's SELECT INBOX')
    expect((await ask(wire, `a ${command}`)).at(-1)).toBe(answer)
  })
})

describe('nesting and repetition', () => {
  test.each([
    ['SEARCH', 'SEARCH ', '(', 'ALL', ')'],
    ['SEARCH NOT', 'SEARCH ', 'NOT ', 'ALL', ''],
    ['SEARCH OR', 'SEARCH ', 'OR ALL ', 'ALL', ''],
    ['SEARCH OR of OR', 'SEARCH ', 'OR OR ', 'ALL', ' ALL ALL'],
    ['SORT', 'SORT (DATE) UTF-8 ', '(', 'ALL', ')'],
    ['THREAD', 'THREAD REFS UTF-8 ', '(', 'ALL', ')'],
    ['ESEARCH', 'ESEARCH IN (mailboxes INBOX) ', '(', 'ALL', ')'],
    ['FETCH', 'FETCH 1 ', '(', 'FLAGS', ')'],
    ['BODY[', 'FETCH 1 ', 'BODY[', 'TEXT', ']'],
    ['a section', 'FETCH 1 BODY[', '1.', 'MIME', ']'],
    ['STORE', 'STORE 1 ', '(', 'UNCHANGEDSINCE 1', ')'],
    ['LIST', 'LIST ', '(', 'SUBSCRIBED', ') "" *'],
    ['NOTIFY', 'NOTIFY SET ', '(', 'SELECTED (MessageNew)', ')'],
    ['SETMETADATA', 'SETMETADATA INBOX ', '(', '/private/comment NIL', ')'],
    ['GETMETADATA', 'GETMETADATA ', '(', 'DEPTH 1', ') INBOX /private/comment'],
    ['SELECT', 'SELECT INBOX ', '(', 'CONDSTORE', ')'],
    ['APPEND', 'APPEND INBOX ', '(', '\\Seen', ') {1+}\r\nx'],
    ['CATENATE', 'APPEND INBOX CATENATE ', '(', 'TEXT {1+}\r\nx', ')'],
    ['ID', 'ID ', '(', '"name" "x"', ')'],
  ])('of %s to any depth is answered', async (_, start, open, inner, close) => {
    await server.deliver('Subject: one\r\n\r\nbody\r\n')
    const wire = await loggedIn()
    await ask(wire, 's SELECT INBOX')
    for (const depth of [2, 49, 51, 1_000, Math.floor(60_000 / (open.length + close.length))]) {
      const command = `a ${start}${open.repeat(depth)}${inner}${close.repeat(depth)}`
      expect((await ask(wire, command)).at(-1)).toMatch(/^a (?:OK|NO|BAD)/)
    }
  })

  test('sets of many ranges are answered', async () => {
    await server.deliver(...Array.from({ length: 100 }, (_, at) => `Subject: ${at}\r\n\r\n`))
    const wire = await loggedIn()
    await ask(wire, 's SELECT INBOX')
    const all = '1:*,'.repeat(15_000)
    const one = `${Array.from({ length: 5_000 }, (_, at) => 2 * at + 1).join(',')},`
    for (const set of [`${all}1`, `${all}*`, `${one}1`, `${'*:1,'.repeat(15_000)}3`]) {
      expect(await ask(wire, `a UID FETCH ${set} UID`)).toHaveLength(set === `${one}1` ? 51 : 101)
      expect((await ask(wire, `a UID SEARCH UID ${set}`)).at(-1)).toBe('a OK Searched')
      expect((await ask(wire, `a UID STORE ${set} +FLAGS.SILENT (\\Seen)`)).at(-1)).toBe('a OK Stored')
    }
  })

  test('a set that is longer than a command may be ends the session', async () => {
    const wire = await loggedIn()
    await ask(wire, 's SELECT INBOX')
    wire.send(`a FETCH ${'1:2,'.repeat(50_000)}1 FLAGS\r\nb NOOP\r\n`)
    expect(await wire.rest()).toMatch(/^\* BAD \[TOOBIG\] [^\r\n]*\r\n\* BYE [^\r\n]*\r\n$/)
  })
})

describe('commands that come in pieces, or together', () => {
  const commands = [
    'a CREATE Work',
    `b APPEND Work (\\Seen) "29-Nov-2026 00:00:00 +0000" {20+}\r\nSubject: x\r\n\r\n1234\r\n`,
    'c SELECT Work',
    'd FETCH 1 (FLAGS BODY[HEADER.FIELDS ({7+}\r\nSUBJECT)])',
    'e SEARCH SUBJECT {1+}\r\nx',
    'f STORE 1 -FLAGS (\\Seen)',
    'g CLOSE',
    'h DELETE Work',
    'i LOGOUT',
  ].join('\r\n')

  /** What is different each time. */
  const plain = (text: string): string =>
    text.replaceAll(/(UIDVALIDITY|APPENDUID|HIGHESTMODSEQ) \d+|MAILBOXID \(\w+\)|Q\w+/g, '')

  test('are answered the same however they are cut', async () => {
    const whole = plain(await (await loggedIn()).send(`${commands}\r\n`).rest())
    expect(whole.split('\r\n').filter((line) => /^[a-i] OK/.test(line))).toHaveLength(9)
    for (const length of [1, 2, 3, 5, 8, 64]) {
      const wire = await loggedIn()
      for (let at = 0; at < commands.length + 2; at += length) {
        wire.send(`${commands}\r\n`.slice(at, at + length))
        if (at % (7 * length) === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      expect(plain(await wire.rest())).toBe(whole)
    }
  })

  test('ten thousand of them are answered one by one', async () => {
    const wire = await loggedIn()
    const tags = Array.from({ length: 10_000 }, (_, at) => `t${at}`)
    wire.send(`${tags.map((tag) => `${tag} NOOP\r\n`).join('')}z LOGOUT\r\n`)
    expect(await wire.rest()).toBe(
      `${tags.map((tag) => `${tag} OK Done\r\n`).join('')}* BYE Logging out\r\nz OK Bye\r\n`,
    )
  })

  test('behind STARTTLS they are never taken for commands under TLS', async () => {
    for (const rest of ['b LOGIN tim@example.org "correct horse"\r\nc CREATE Bad\r\n', 'b']) {
      const wire = await greeted()
      const answers = await wire.send(`a STARTTLS\r\n${rest}`).rest()
      expect(answers).toMatch(/^\* BYE [^\r\n]*\r\na BAD [^\r\n]*\r\n$/)
    }
    const late = await greeted()
    expect(await late.ask('a STARTTLS')).toBe('a OK Begin TLS now')
    late.send('b LOGIN tim@example.org "correct horse"\r\n')
    expect(await late.rest()).not.toContain('b ')
  })

  test('behind AUTHENTICATE they are its responses', async () => {
    const wire = await greeted()
    wire.send('a AUTHENTICATE PLAIN\r\nb NOOP\r\nc NOOP\r\n')
    expect(await linesTo(wire, 'c ')).toEqual(['+ ', expect.stringMatching(/^a BAD/), 'c OK Done'])
    wire.send('a AUTHENTICATE PLAIN\r\n*\r\nc NOOP\r\n')
    expect(await linesTo(wire, 'c ')).toEqual(['+ ', expect.stringMatching(/^a BAD/), 'c OK Done'])
    const long = await greeted()
    long.send(`a AUTHENTICATE PLAIN\r\n${'A'.repeat(200_000)}\r\nc NOOP\r\n`)
    expect(await long.rest()).not.toContain('c OK')
  })

  test('behind IDLE they end it', async () => {
    const wire = await loggedIn()
    wire.send('a IDLE\r\nb NOOP\r\nc NOOP\r\n')
    expect(await linesTo(wire, 'c ')).toEqual(['+ idling', expect.stringMatching(/^a BAD/), 'c OK Done'])
    wire.send('a IDLE\r\nDONE\r\nc NOOP\r\n')
    expect(await linesTo(wire, 'c ')).toEqual(['+ idling', 'a OK Idled', 'c OK Done'])
    const long = await loggedIn()
    long.send(`a IDLE\r\n${'D'.repeat(200_000)}\r\nc NOOP\r\n`)
    expect(await long.rest()).not.toContain('c OK')
  })

  test('behind COMPRESS they are what is to be inflated', async () => {
    const wire = await loggedIn()
    expect(await wire.send('a COMPRESS DEFLATE\r\nb NOOP\r\n').rest()).not.toContain('b OK')
  })
})
