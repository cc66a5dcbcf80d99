// Sessions of all commands at random. MAILWRIGHT_RANDOM_SECONDS makes it longer, MAILWRIGHT_RANDOM_SEED another one.
import { type Clock, systemClock } from 'mailwright'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shippedExtensions } from '../../plugins/imap/extensions/index.ts'
import { commandMailboxes, ImapCommandMaker } from '../generator/imap-commands.ts'
import { nastyMessage } from '../generator/nasty.ts'
import { Random } from '../generator/random.ts'
import {
  type Dialect,
  parseResponse,
  plainDialect,
  type Response,
  ResponseStream,
} from '../support/imap/grammar/index.ts'
import { type ImapAnswer, ImapClient } from '../support/imap/imap-client.ts'
import { type ImapServer, login, password, startImapServer } from '../support/imap/imap-server.ts'
import { wireTo } from '../support/wire.ts'

const seconds = Number(process.env.MAILWRIGHT_RANDOM_SECONDS ?? 8)
const seed = Number(process.env.MAILWRIGHT_RANDOM_SEED ?? 1)

let server: ImapServer

let hasStarted = false

/** Wrong logins are answered late: here all time is shorter, but that which a server has to start. */
const hastyClock: Clock = {
  ...systemClock,
  after: (milliseconds, run) => systemClock.after(hasStarted ? milliseconds / 50 : milliseconds, run),
}

const long = { loginTimeout: '24h', idleTimeout: '24h', writeTimeout: '24h' }
const small = { maxMessageSize: '64K', maxCommandSize: '32K' }

beforeAll(async () => {
  server = await startImapServer({
    clock: hastyClock,
    options: { ...long, ...small, maxErrors: 1_000_000, maxConnectionsPerUser: 1_000 },
  })
  hasStarted = true
  for (const name of commandMailboxes) if (name !== 'INBOX') await server.mail.createMailbox(name)
  const random = new Random(seed)
  await server.deliver(...Array.from({ length: 30 }, () => nastyMessage(random)))
})

afterAll(() => server[Symbol.asyncDispose]())

/** Nothing has gone wrong in the server itself. */
function expectNoFaults(): void {
  const faults = server.host.log.lines.filter(
    ({ event }) => event === 'internal-error' || event === 'unavailable',
  )
  expect(faults, `seed ${seed}`).toEqual([])
}

/** The mailboxes are there that commands are about, and none is too large. */
async function tidy(): Promise<void> {
  const { mail } = server
  const there = (await mail.mailboxes()).map(({ name }) => name)
  for (const name of commandMailboxes) if (!there.includes(name)) await mail.createMailbox(name)
  for (const name of there)
    if (!commandMailboxes.some((wanted) => wanted === name) && !/\//.test(name))
      await mail.deleteMailbox(name)
  for (const name of commandMailboxes) {
    const mailbox = await mail.openMailbox(name)
    if (mailbox.entries.length > 60) await mailbox.expunge(mailbox.entries.slice(30).map(({ uid }) => uid))
    await mailbox.close()
  }
}

test('all commands are among those that are tried', () => {
  const known = shippedExtensions.flatMap(({ commands }) => Object.keys(commands ?? {}))
  expect(new ImapCommandMaker(new Random(1)).names.toSorted()).toEqual([...new Set(known)].sort())
})

describe('commands that are as they should be, more or less', () => {
  /** With these the session is over, or its mailbox, or it is the checker's that nothing is known any more. */
  const endings = ['LOGOUT', 'UNAUTHENTICATE', 'DELETE', 'RENAME']
  const seldom = [...endings, 'LOGIN', 'AUTHENTICATE']

  // Whether a command that failed has asked for mod-sequences nobody can tell: some sessions ask for them at once, and of
  // others it is not demanded that they are told or not told.
  const aboutModSequences = /MODSEQ/
  // Other sessions delete mailboxes and make them anew.
  const aboutOneMailbox =
    /^(?:UIDVALIDITY|UIDNEXT|HIGHESTMODSEQ) of|was expunged and is back| of UID \d+ was /

  async function session(random: Random): Promise<number> {
    const asks = random.chance(0.5)
    const client = await ImapClient.open(server.port, login, password, {
      onViolation: (violation) => {
        const { message } = violation
        if (!aboutOneMailbox.test(message) && (asks || !aboutModSequences.test(message))) throw violation
      },
    })
    try {
      if (asks) await client.ok('ENABLE CONDSTORE')
      return await talk(client, random)
    } catch (error) {
      // It has said why: its mailbox was deleted by another session.
      if (client.checker.state.phase === 'logout') return 0
      const said = client.transcript.slice(-40).map((line) => line.slice(0, 500))
      throw new Error(`seed ${seed}: ${error}\n${said.join('\n')}`)
    } finally {
      client.close()
    }
  }

  async function talk(client: ImapClient, random: Random): Promise<number> {
    const make = new ImapCommandMaker(random)
    const all = nonEmpty(make.names)
    await client.command(make.commandOf('SELECT'))
    const most = random.between(5, 60)
    for (let count = 0; count < most; count += 1) {
      const name = random.pick(all)
      if (name === 'STARTTLS' || (seldom.includes(name) && !random.chance(0.1))) continue
      const { status } = await ask(client, `a${count}`, make.commandOf(name), random)
      expect(status.code?.name).not.toBe('SERVERBUG')
      if (endings.includes(name) && status.condition === 'OK') return count
    }
    expect((await client.command('NOOP')).status.condition).toBe('OK')
    return most
  }

  /** What goes on when the server asks for it is ended somehow. */
  async function ask(client: ImapClient, tag: string, text: string, random: Random): Promise<ImapAnswer> {
    client.send(`${tag} ${text}`)
    for (const responses: Response[] = []; ; ) {
      const response = await client.next()
      if (response.kind === 'continue')
        client.sendOctets(Buffer.from(`${random.pick(['DONE', '*', '=', 'AHgAeA==', 'x y'])}\r\n`))
      else if (response.kind === 'status' && response.tag === tag) return { status: response, responses }
      responses.push(response)
    }
  }

  test('are answered as the grammar says', { timeout: seconds * 1_000 + 60_000 }, async () => {
    const random = new Random(seed)
    const end = Date.now() + (seconds * 1_000) / 2
    let answered = 0
    while (Date.now() < end) {
      const some = Array.from({ length: 4 }, () => session(new Random(random.below(2 ** 32))))
      for (const count of await Promise.all(some)) answered += count
      expectNoFaults()
      await tidy()
    }
    expect(answered).toBeGreaterThan(100)
  })
})

function nonEmpty(names: readonly string[]): [string, ...string[]] {
  const [first = '', ...rest] = names
  return [first, ...rest]
}

describe('octets that were commands once', () => {
  const odd = [
    '\0',
    '\r',
    '\n',
    '\r\n',
    '\xff',
    '{',
    '}',
    '{5}',
    '{9+}\r\n',
    '(',
    ')',
    '"',
    '\\',
    ' ',
    '*',
    '%',
    '$',
  ] as const

  /** The octets of a session, with something wrong here and there. */
  function octetsOf(random: Random): Buffer {
    const make = new ImapCommandMaker(random)
    const lines = [`l LOGIN ${login} "${password}"`, `s ${make.commandOf('SELECT')}`]
    for (let count = random.between(1, 25); count > 0; count -= 1) {
      lines.push(`a${count} ${make.command()}`)
      if (/ (?:IDLE|AUTH)/.test(lines.at(-1) ?? '')) lines.push(random.pick(['DONE', '*', '=', '']))
    }
    let text = `${lines.join('\r\n')}\r\n`
    for (let count = random.below(6); count > 0; count -= 1) text = spoilt(random, text)
    return Buffer.from(text, 'latin1')
  }

  function spoilt(random: Random, text: string): string {
    const at = random.between(60, text.length)
    const length = random.below(random.chance(0.1) ? 400 : 8)
    const [before, piece, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)]
    switch (random.below(6)) {
      case 0:
        return before + after
      case 1:
        return before + piece + piece + after
      case 2:
        return before + random.octets(length).toString('latin1') + after
      case 3:
        return before + piece.repeat(random.between(1, 500)) + after
      default:
        return before + random.pick(odd) + piece + after
    }
  }

  async function play(random: Random): Promise<void> {
    const octets = octetsOf(random)
    const wire = wireTo(server.port)
    for (let at = 0; at < octets.length; ) {
      const length = random.chance(0.3) ? random.between(1, 20) : random.between(1, 5_000)
      wire.send(octets.subarray(at, at + length))
      at += length
      if (random.chance(0.2)) await new Promise((resolve) => setImmediate(resolve))
      if (random.chance(0.005)) wire.socket.destroy()
    }
    wire.socket.end()
    const answers = Buffer.from(await wire.rest(), 'latin1')
    const context = `seed ${seed}: ${JSON.stringify(octets.toString('latin1')).slice(0, 20_000)}`
    expectGrammar(answers, context)
  }

  /** The last response may be cut off where the connection was lost. */
  function expectGrammar(answers: Buffer, context: string): void {
    const stream = new ResponseStream()
    stream.push(answers)
    const dialect: Dialect = plainDialect()
    for (let octets = stream.next(); octets !== undefined; octets = stream.next()) {
      const text = octets.toString('latin1')
      expect(text, context).not.toContain('[SERVERBUG]')
      if (/^\* ENABLED .*IMAP4REV2/i.test(text)) dialect.rev2 = true
      if (/^\* ENABLED .*UTF8=ACCEPT/i.test(text)) dialect.utf8 = true
      if (/^\S+ OK Nobody is logged in now/.test(text)) Object.assign(dialect, plainDialect())
      // What is compressed cannot be read here.
      if (/^\S+ OK DEFLATE active/.test(text)) return
      try {
        const response = parseResponse(octets, dialect)
        if (response.kind === 'status' && response.code?.name === 'CAPABILITY')
          dialect.capabilities = new Set(response.code.words)
        if (response.kind === 'capability') dialect.capabilities = new Set(response.names)
      } catch (error) {
        throw new Error(`${error}\nin: ${text}\nafter ${context}`)
      }
    }
  }

  test('hurt nobody', { timeout: seconds * 1_000 + 60_000 }, async () => {
    const random = new Random(seed + 1_000_000)
    const end = Date.now() + (seconds * 1_000) / 2
    let sessions = 0
    for (; Date.now() < end; sessions += 4) {
      await Promise.all(Array.from({ length: 4 }, () => play(new Random(random.below(2 ** 32)))))
      expectNoFaults()
      await tidy()
    }
    expect(sessions).toBeGreaterThan(10)
    const client = await ImapClient.open(server.port, login, password)
    expect((await client.command('NOOP')).status.condition).toBe('OK')
    client.close()
  })
})
