import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { accounts, readAll, store } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import { memoryAccounts, memoryQueue, memoryStore } from 'mailwright/plugins/memory'
import smtp from 'mailwright/plugins/smtp'
import { memoryConnection } from 'mailwright/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ListenRequest } from '../../core/host/listeners.ts'
import { createHost } from '../../core/host.ts'
import { ask, type RelaySystem, startRelaySystem } from '../support/smtp/relay-system.ts'
import type { Wire } from '../support/wire.ts'

// A whole system, from the socket to the mailbox, and strangers who send what no honest client does.

let system: RelaySystem
const wires: Wire[] = []

beforeAll(async () => {
  system = await startRelaySystem({ smtp: { maxLineLength: 2_000_000 } })
})

afterEach(() => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
})

afterAll(() => system[Symbol.asyncDispose]())

async function client(listener = 'transfer'): Promise<Wire> {
  const wire = await system.client(listener)
  wires.push(wire)
  return wire
}

/** Behind RCPT, for jo. */
async function begun(from = '<a@client.example>'): Promise<Wire> {
  const wire = await client()
  await ask(wire, 'EHLO client.example')
  expect(await ask(wire, `MAIL FROM:${from}`)).toBe('250 2.1.0 Sender OK')
  expect(await ask(wire, 'RCPT TO:<jo@here.example>')).toBe('250 2.1.5 Recipient OK')
  return wire
}

/** All messages in jo's INBOX, the first first. */
async function inbox(): Promise<readonly string[]> {
  const found = await system.host.service(accounts).resolve({ localPart: 'jo', domain: 'here.example' })
  if (found.kind !== 'account') throw new Error('there is no jo')
  const mailbox = await (await system.host.service(store).open(found.account)).openMailbox('INBOX')
  try {
    return await Promise.all(
      mailbox.entries.map(async ({ uid }) => (await readAll(await mailbox.content(uid))).toString('latin1')),
    )
  } finally {
    await mailbox.close()
  }
}

/** The newest message, below the trace fields of this server. */
async function newest(): Promise<string> {
  const all = (await inbox()).at(-1) ?? ''
  return all.replace(/^Return-Path: .*\r\nDelivered-To: .*\r\nReceived: .*\r\n(?:\t.*\r\n)*/, '')
}

function faults(): readonly unknown[] {
  return system.host.log.lines.filter(({ level, event }) => level === 'error' || event === 'hook-failed')
}

describe('a message that is an attack on who reads it is kept as it came, and nothing breaks', () => {
  const nested = (levels: number) =>
    Array.from(
      { length: levels },
      (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
    ).join('')

  test.each([
    ['fields called like members of objects', '__proto__: a\r\nconstructor: b\r\n__proto__: c\r\n\r\nx\r\n'],
    ['parameters called so', 'Content-Type: text/plain; __proto__=a; toString=b\r\n\r\nx\r\n'],
    ['nothing at all', ''],
    ['a header without an end', 'Subject: x\r\n'],
    ['twenty thousand fields', `${'X-A: b\r\n'.repeat(20_000)}\r\nx\r\n`],
    ['a field of three megabytes', `Subject: ${'x\r\n '.repeat(750_000)}y\r\n\r\nx\r\n`],
    ['a line of a megabyte', `Subject: ${'x'.repeat(1_000_000)}\r\n\r\nx\r\n`],
    ['a hundred thousand addresses', `To: ${'a@b.example,\r\n '.repeat(100_000)}a@b.example\r\n\r\nx\r\n`],
    ['brackets in brackets', `To: ${'('.repeat(50_000)}\r\nFrom: ${'<'.repeat(50_000)}\r\n\r\nx\r\n`],
    ['a thousand parts in each other', `${nested(1_000)}\r\nx\r\n`],
    [
      'twenty thousand parts beside each other',
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(20_000)}--b--\r\n`,
    ],
    ['messages in messages', `${'Content-Type: message/rfc822\r\n\r\n'.repeat(5_000)}x\r\n`],
    [
      'numbered parameters',
      `Content-Type: text/plain${Array.from({ length: 20_000 }, (_, at) => `;\r\n n*${at}*=x`).join('')}\r\n\r\nx\r\n`,
    ],
    ['trace fields of ours that are not', 'Delivered-To: boss@here.example\r\nReceived: from x\r\n\r\nx\r\n'],
  ])('%s', async (_, octets) => {
    const wire = await begun()
    await ask(wire, 'DATA')
    expect(await ask(wire, `${octets.replaceAll(/^\./gm, '..')}.`)).toMatch(/^250 /)
    expect((await newest()) === octets).toBe(true)
    expect(await ask(wire, 'NOOP')).toBe('250 2.0.0 OK')
    expect(faults()).toEqual([])
  })

  test.each([' fold of nothing', 'no colon', ': no name'])(
    '%j begins the text, below an empty line',
    async (line) => {
      const octets = `${line}\r\nSubject : x\r\n\r\nx\r\n`
      const wire = await begun()
      await ask(wire, 'DATA')
      expect(await ask(wire, `${octets}.`)).toMatch(/^250 /)
      expect(await newest()).toBe(`\r\n${octets}`)
      expect(faults()).toEqual([])
    },
  )

  test('the sender’s own name of it is quoted where it could say more', async () => {
    const wire = await begun('<"x> \\"y\\" <boss"@client.example>')
    await ask(wire, 'DATA')
    expect(await ask(wire, 'Subject: x\r\n\r\n.')).toMatch(/^250 /)
    expect((await inbox()).at(-1)).toMatch(/^Return-Path: <"x> \\"y\\" <boss"@client\.example>\r\n/)
  })
})

describe('a stranger gets nowhere', () => {
  test('in the middle of a transaction that TLS forgets', async () => {
    const before = (await inbox()).length
    const wire = await begun()
    expect(await ask(wire, 'STARTTLS')).toMatch(/^220 /)
    const secure = await wire.secure()
    expect(await ask(secure, 'RCPT TO:<jo@here.example>')).toMatch(/^503 /)
    expect(await ask(secure, 'DATA')).toMatch(/^503 /)
    await ask(secure, 'EHLO client.example')
    expect(await ask(secure, 'DATA')).toMatch(/^503 /)
    secure.socket.destroy()
    expect(await inbox()).toHaveLength(before)
  })

  test.each([
    'RCPT TO:<"jo\r\nRSET\r\n"@here.example>',
    'RCPT TO:<jo@here.example\r>',
    'RCPT TO:<"j\\\no"@here.example>',
    'RCPT TO:<jo\0@here.example>',
    'RCPT TO:<jo@here.example> NOTIFY=NEVER,DELAY',
    'RCPT TO:<__proto__>',
    'RCPT TO:<jo@here.example.>',
    'RCPT TO:<jo@[127.0.0.1]>',
  ])('with the recipient %j', async (command) => {
    const wire = await client()
    await ask(wire, 'EHLO client.example')
    await ask(wire, 'MAIL FROM:<>')
    expect(await ask(wire, command)).toMatch(/^5/)
    expect(faults()).toEqual([])
  })

  test.each([
    'HELO a\x1b[2J',
    'HELO a\0',
    'HELO a\rb',
    'EHLO a b',
    `EHLO ${'a.'.repeat(5_000)}`,
    'EHLO \xff',
    'XCLIENT ADDR=127.0.0.9',
    'XCLIENT LOGIN=jo@here.example',
    'XFORWARD ADDR=127.0.0.9',
    'PROXY TCP4 127.0.0.9 127.0.0.1 1 25',
    'AUTH PLAIN AGpvAHg=',
  ])('by %j', async (command) => {
    const wire = await client()
    expect(await wire.ask(command)).toMatch(/^5/)
    await ask(wire, 'EHLO client.example')
    await ask(wire, 'MAIL FROM:<a@client.example>')
    expect(await ask(wire, 'RCPT TO:<jo@elsewhere.example>')).toBe(
      '550 5.7.1 We do not take mail for that address',
    )
    expect(system.sent).toEqual([])
  })

  test.each(['-1', '0x10', '1e3', '+5', '5LAST', '99999999999999999999', '\u0663'])(
    'with a chunk of %j octets',
    async (size) => {
      const wire = await begun()
      wire.send(Buffer.from(`BDAT ${size}\r\nNOOP\r\nRCPT TO:<anna@here.example>\r\n`))
      const replies = await wire.rest()
      expect(replies).toMatch(/^50[01] 5\.5\.[24] [^\r]*\r\n$/)
    },
  )

  test('who is gone in the middle leaves nothing', async () => {
    const before = (await inbox()).length
    for (const octets of [
      'DATA\r\nSubject: x\r\n\r\n',
      'DATA\r\nSubject: x\r\n\r\n.',
      'BDAT 1000 LAST\r\nabc',
      'BDAT 3\r\nabc',
    ]) {
      const wire = await begun()
      const sent = new Promise<void>((resolve) => wire.socket.write(octets, () => resolve()))
      await sent
      wire.socket.resetAndDestroy()
      const polite = await begun()
      polite.send(octets).socket.end()
      await polite.rest()
    }
    expect(await inbox()).toHaveLength(before)
    expect(faults()).toEqual([])
  })
})

test('who does not read replies is not read from either, however short his chunks are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-hostile-'))
  const requests: ListenRequest[] = []
  const listeners = {
    adopt: async (_: object, asked: readonly ListenRequest[]) => {
      requests.push(...asked)
      return []
    },
    release: async () => undefined,
    cut: () => undefined,
  }
  const host = createHost(
    {
      hostname: 'mx.here.example',
      dataDir: folder,
      drainTimeout: 0,
      log: { level: 'silent' },
      plugins: [
        memoryAccounts({ accounts: [{ address: 'jo@here.example', password: 'secret' }] }),
        memoryStore(),
        memoryQueue(),
        localDelivery({ postmaster: 'jo@here.example' }),
        smtp(),
      ],
    },
    { listeners },
  )
  await host.start()
  await host.serve()
  const { client, server } = memoryConnection()
  requests[0]?.onConnection(server)
  await once(client, 'readable')
  client.write('EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<jo@here.example>\r\n')
  const [pieces, chunks] = [100, 1_000]
  for (let piece = 0; piece < pieces; piece++) client.write('BDAT 1\r\nx'.repeat(chunks))
  // Until nothing moves any more.
  for (let before = -1; before !== server.bytesRead; ) {
    before = server.bytesRead
    for (let turn = 0; turn < 2_000; turn++) await nextTurn()
  }
  expect(server.writableLength).toBeLessThan(256 * 1024)
  expect(server.bytesRead).toBeLessThan((pieces * chunks * 9) / 2)
  client.destroy()
  await host.stop()
  await rm(folder, { recursive: true, force: true })
})
