import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readAll } from 'mailwright'
import { codeOf, type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { memorySpool } from '../../test/support/memory-spool.ts'
import { ImapSource } from './imap-source.ts'
import type { LoadedMessages, SourceEntry, SourceMailbox } from './source.ts'

interface Message {
  readonly uid: number
  readonly text: string
  readonly flags?: string
  /** What the server says of its size; the truth where absent. */
  readonly claimed?: number
}

/** What the server does; tests change it while it runs. */
interface Script {
  uidValidity: number
  messages: Message[]
  namespace: string
  list: string[]
  /** Is asked for every command, and may end the connection or answer in its own way. */
  intercept: (command: string, socket: Socket) => string | 'hang up' | undefined
  readonly commands: string[]
}

let server: Server
let script: Script
let clock: FakeClock
let folder = ''
let lost: string[] = []
const spool = memorySpool()
const sockets = new Set<Socket>()
const sources: ImapSource[] = []

beforeEach(async () => {
  script = {
    uidValidity: 7,
    messages: [],
    namespace: '(("" "/")) NIL NIL',
    list: ['(\\HasNoChildren) "/" INBOX'],
    intercept: () => undefined,
    commands: [],
  }
  clock = fakeClock(1_000_000)
  lost = []
  folder = await mkdtemp(join(tmpdir(), 'mailwright-imap-'))
  server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
  for (const socket of sockets) socket.destroy()
  server.close()
  await rm(folder, { recursive: true, force: true })
})

/** As much of IMAP as an import needs, without a login that would be refused. */
function serve(socket: Socket): void {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.write('* OK [CAPABILITY IMAP4rev1 NAMESPACE AUTH=PLAIN SASL-IR] ready\r\n')
  const lines = createInterface({ input: socket })
  lines.on('error', () => undefined)
  lines.on('line', (line) => {
    const [tag = '', command = ''] = [line.split(' ', 1)[0], line.slice(line.indexOf(' ') + 1)]
    script.commands.push(command)
    const answer = script.intercept(command, socket) ?? answerTo(command)
    if (answer === 'hang up') socket.destroy()
    else socket.write(/^(NO|BAD) /.test(answer) ? `${tag} ${answer}\r\n` : `${answer}${tag} OK done\r\n`)
  })
}

function answerTo(command: string): string {
  if (command.startsWith('CAPABILITY')) return '* CAPABILITY IMAP4rev1 NAMESPACE AUTH=PLAIN SASL-IR\r\n'
  if (command.startsWith('NAMESPACE')) return `* NAMESPACE ${script.namespace}\r\n`
  if (command.startsWith('LIST')) return script.list.map((line) => `* LIST ${line}\r\n`).join('')
  if (command.startsWith('LSUB')) return script.list.map((line) => `* LSUB ${line}\r\n`).join('')
  if (command.startsWith('STATUS')) return '* STATUS INBOX (MESSAGES 3)\r\n'
  if (command.startsWith('EXAMINE'))
    return `* ${script.messages.length} EXISTS\r\n* OK [UIDVALIDITY ${script.uidValidity}] x\r\n`
  if (command.startsWith('UID SEARCH'))
    return `* SEARCH ${script.messages.map(({ uid }) => uid).join(' ')}\r\n`
  if (command.startsWith('UID FETCH')) return fetched(command)
  return ''
}

function fetched(command: string): string {
  const [, set = ''] = /^UID FETCH (\S+)/.exec(command) ?? []
  const [, start, length] = /BODY\.PEEK\[\]<(\d+)\.(\d+)>/.exec(command) ?? []
  return script.messages
    .filter(({ uid }) => inSet(uid, set))
    .map(({ uid, text, flags = '', claimed = text.length }, place) => {
      const facts = [`UID ${uid}`, `FLAGS (${flags})`, `RFC822.SIZE ${claimed}`]
      facts.push('INTERNALDATE "01-Feb-2020 10:00:00 +0100"')
      if (command.includes('BODY.PEEK[]')) {
        const part = start === undefined ? text : text.slice(Number(start), Number(start) + Number(length))
        facts.push(`BODY[]${start === undefined ? '' : `<${start}>`} {${part.length}}\r\n${part}`)
      }
      return `* ${place + 1} FETCH (${facts.join(' ')})\r\n`
    })
    .join('')
}

function inSet(uid: number, set: string): boolean {
  return set.split(',').some((range) => {
    const [first = 0, last = first] = range.split(':').map(Number)
    return uid >= first && uid <= last
  })
}

function source(more: { readonly tls?: 'implicit' | 'starttls' | 'none' } = {}): ImapSource {
  const { port } = server.address() as AddressInfo
  const access = {
    host: '127.0.0.1',
    port,
    tls: 'none',
    user: 'me',
    password: 'secret',
    insecure: false,
  } as const
  const made = new ImapSource(
    { ...access, ...more },
    { clock, spool, onLost: (problem) => void lost.push(problem) },
  )
  sources.push(made)
  return made
}

async function opened(from = source()) {
  const [mailbox] = await from.mailboxes()
  if (mailbox === undefined) throw new Error('no mailbox')
  const open = await from.open(mailbox)
  const entries: SourceEntry[] = []
  for await (const entry of open.entries()) entries.push(entry)
  return { open, entries, mailbox }
}

async function texts({ messages }: LoadedMessages): Promise<readonly string[]> {
  return Promise.all(messages.map(async ({ content }) => String(await readAll(content))))
}

/** Lets the fake clock run for whoever waits. */
async function letTimePass<T>(work: Promise<T>): Promise<T> {
  let isDone = false
  const end = work.finally(() => {
    isDone = true
  })
  end.catch(() => undefined)
  while (!isDone) {
    if (clock.waiting > 0) clock.advance(60_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return end
}

const names = (mailboxes: readonly SourceMailbox[]) => mailboxes.map(({ levels }) => levels)

it('lists mailboxes with what they are for, and translates the separator', async () => {
  script.list = [
    '(\\HasChildren) "." "Work"',
    '(\\HasNoChildren) "." "Work.R&AOk-sum&AOk-"',
    '(\\Noselect) "." "Container"',
    '(\\HasNoChildren \\Sent) "." "Gesendet"',
    '(\\HasNoChildren) "." INBOX',
  ]
  const from = source()
  const mailboxes = await from.mailboxes()
  expect(names(mailboxes)).toEqual([['INBOX'], ['Gesendet'], ['Work'], ['Work', 'Résumé']])
  expect(mailboxes[1]?.specialUse).toBe('\\Sent')
  expect(mailboxes[0]?.messages).toBe(3)
  expect(await from.subscriptions()).toContainEqual(['Work', 'Résumé'])
})

it('leaves out the prefix that means nothing, and what belongs to others', async () => {
  script.namespace = '(("INBOX." ".")) (("user." ".")) (("shared." "."))'
  script.list = [
    '"." INBOX',
    '"." "INBOX.Sent"',
    '"." "INBOX.a.b"',
    '"." "user.jo"',
    '"." "shared.news"',
  ].map((line) => `() ${line}`)
  const from = source()
  expect(names(await from.mailboxes())).toEqual([['INBOX'], ['Sent'], ['a', 'b']])
  expect(from.skipped.map(({ what }) => what).sort()).toEqual(['shared.news', 'user.jo'])
})

it('reads messages with flags, dates and sizes, without changing anything there', async () => {
  script.messages = [
    { uid: 3, text: 'one\r\n', flags: '\\Seen Work' },
    { uid: 9, text: 'bare\nlines\n' },
  ]
  const { open, entries } = await opened()
  expect(open.identity).toBe('7')
  expect(entries).toEqual([
    {
      key: '3',
      label: 'UID 3',
      uid: 3,
      size: 5,
      flags: ['\\Seen', 'Work'],
      internalDate: new Date('2020-02-01T09:00:00Z'),
    },
    expect.objectContaining({ key: '9', flags: [] }),
  ])
  expect(await texts(await open.load(entries))).toEqual(['one\r\n', 'bare\r\nlines\r\n'])
  expect(
    script.commands.filter((command) => /^(SELECT|UID STORE|STORE|EXPUNGE|CREATE)/.test(command)),
  ).toEqual([])
})

it('describes a large mailbox in portions', async () => {
  script.messages = Array.from({ length: 1200 }, (_, place) => ({ uid: place + 1, text: 'x' }))
  const { entries } = await opened()
  expect(entries).toHaveLength(1200)
  expect(script.commands.filter((command) => command.startsWith('UID FETCH'))).toHaveLength(3)
})

it('reads a long message in pieces', async () => {
  const long = 'line of text\r\n'.repeat(200_000)
  script.messages = [
    { uid: 1, text: 'short\r\n' },
    { uid: 2, text: long },
    { uid: 3, text: 'short too\r\n' },
  ]
  const { open, entries } = await opened()
  const loaded = await open.load(entries)
  expect(await texts(loaded)).toEqual(['short\r\n', long, 'short too\r\n'])
  expect(script.commands.filter((command) => command.includes('<')).length).toBe(6)
})

it('leaves out messages that are gone', async () => {
  script.messages = [1, 2, 3].map((uid) => ({ uid, text: `${uid}\r\n` }))
  const { open, entries } = await opened()
  script.messages.splice(1, 1)
  const { messages, failed } = await open.load(entries)
  expect(messages.map(({ entry }) => entry.key)).toEqual(['1', '3'])
  expect(failed).toEqual([])
})

it('names a message that the server cannot give, and reads the others', async () => {
  script.messages = [1, 2, 3].map((uid) => ({ uid, text: `${uid}\r\n` }))
  const { open, entries } = await opened()
  script.intercept = (command) =>
    /^UID FETCH (1:3|2) .*BODY/.test(command) ? 'NO this one is damaged' : undefined
  const loaded = await open.load(entries)
  expect(await texts(loaded)).toEqual(['1\r\n', '3\r\n'])
  expect(loaded.failed).toMatchObject([
    { entry: { key: '2' }, problem: expect.stringContaining('damaged') as unknown },
  ])
})

it('does not take more than it asked for', async () => {
  script.messages = [
    { uid: 1, text: 'x'.repeat(10 * 1024 * 1024), claimed: 10 },
    { uid: 2, text: 'small\r\n' },
  ]
  const { open, entries } = await opened()
  const loaded = await letTimePass(open.load(entries))
  expect(await texts(loaded)).toEqual(['small\r\n'])
  expect(loaded.failed).toMatchObject([{ entry: { key: '1' }, problem: 'it is longer than the server said' }])
})

it('takes a message whole from a server that knows no pieces', async () => {
  const long = 'y\r\n'.repeat(500_000)
  script.messages = [{ uid: 1, text: long }]
  const { open, entries } = await opened()
  script.intercept = (command) =>
    command.startsWith('UID FETCH') ? fetched(command.replace(/<.*>/, '')) : undefined
  expect(await texts(await open.load(entries))).toEqual([long])
})

it('connects again where the connection is lost, and goes on', async () => {
  script.messages = [1, 2, 3].map((uid) => ({ uid, text: `${uid}\r\n` }))
  const { open, entries } = await opened()
  let times = 3
  script.intercept = (command) => (command.includes('BODY.PEEK') && times-- > 0 ? 'hang up' : undefined)
  expect(await texts(await letTimePass(open.load(entries)))).toEqual(['1\r\n', '2\r\n', '3\r\n'])
  expect(lost).toHaveLength(3)
  expect(lost[0]).toMatch(/trying again in 1 s$/)
  expect(lost[2]).toMatch(/trying again in 4 s$/)
})

it('goes on without a message that makes the server hang up', async () => {
  script.messages = [1, 2, 3].map((uid) => ({ uid, text: `${uid}\r\n` }))
  const { open, entries } = await opened()
  script.intercept = (command) => (/^UID FETCH (1:3|2) .*BODY/.test(command) ? 'hang up' : undefined)
  const loaded = await letTimePass(open.load(entries))
  expect(await texts(loaded)).toEqual(['1\r\n', '3\r\n'])
  expect(loaded.failed).toMatchObject([
    { entry: { key: '2' }, problem: expect.stringContaining('hangs up') as unknown },
  ])
})

it('gives up when the server stays away', async () => {
  script.messages = [{ uid: 1, text: '1\r\n' }]
  const { open, entries } = await opened()
  script.intercept = () => 'hang up'
  const error = await letTimePass(open.load(entries)).catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_UNAVAILABLE')
  expect(lost.length).toBeGreaterThan(8)
})

it('does not go on in another mailbox of the same name', async () => {
  script.messages = [{ uid: 1, text: '1\r\n' }]
  const { open, entries } = await opened()
  script.uidValidity = 8
  let times = 1
  script.intercept = (command) => (command.includes('BODY.PEEK') && times-- > 0 ? 'hang up' : undefined)
  const error = await letTimePass(open.load(entries)).catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_NOT_FOUND')
})

it('says where a mailbox cannot be opened', async () => {
  const from = source()
  const [mailbox] = await from.mailboxes()
  script.intercept = (command) => (command.startsWith('EXAMINE') ? 'NO [NOPERM] not yours' : undefined)
  const error = await from.open(mailbox as SourceMailbox).catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_NOT_FOUND')
  expect(String(error)).toContain('not yours')
})

it('does not try a refused login again', async () => {
  script.intercept = (command) =>
    /^(AUTHENTICATE|LOGIN)/.test(command) ? 'NO [AUTHENTICATIONFAILED] no' : undefined
  const error = await source()
    .mailboxes()
    .catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_PERMISSION')
  expect(clock.waiting).toBe(0)
})

it('never sends a password in the clear where TLS was wanted', async () => {
  for (const tls of ['starttls', 'implicit'] as const) {
    const error = await source({ tls })
      .mailboxes()
      .catch((thrown: unknown) => thrown)
    expect(codeOf(error), tls).toBe('MAIL_E_UNAVAILABLE')
  }
  expect(script.commands.filter((command) => /^(AUTHENTICATE|LOGIN)/.test(command))).toEqual([])
})

it('says where there is no server', async () => {
  const from = source()
  server.close()
  const error = await from.mailboxes().catch((thrown: unknown) => thrown)
  expect(codeOf(error)).toBe('MAIL_E_UNAVAILABLE')
  expect(clock.waiting).toBe(0)
})
