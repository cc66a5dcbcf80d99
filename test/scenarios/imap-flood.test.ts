// Clients that are many, or that do not read. MAILWRIGHT_HALF_OPEN is how many half-open logins there are.
import { readFileSync } from 'node:fs'
import { type AccountStore, bufferContent, type PluginInstance } from 'mailwright'
import maildir from 'mailwright/plugins/maildir'
import { liveMemory } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { type ImapServer, login, password, startImapServer } from '../support/imap/imap-server.ts'
import { temporaryProject } from '../support/project.ts'
import { startServer } from '../support/server-process.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const halfOpen = Number(process.env.MAILWRIGHT_HALF_OPEN ?? 2_000)
const mebibyte = 2 ** 20

const config = `import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import memory from 'mailwright/plugins/memory'

const most = { maxConnections: 100_000, maxConnectionsPerAddress: 100_000 }

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    memory({ accounts: [{ address: '${login}', password: '${password}' }] }),
    certificates(),
    imap({ port: 0, allowPlaintextLogin: true, loginTimeout: '30m', ...most }),
  ],
})
`

/** KiB that a process has in memory. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
}

/** How clients begin that do not go on. */
const beginnings = [
  '',
  'a LOG',
  `a LOGIN ${'x'.repeat(8_000)}`,
  `a LOGIN {16000+}\r\n${'x'.repeat(12_000)}`,
  'a AUTHENTICATE PLAIN\r\n',
  'a AUTHENTICATE SCRAM-SHA-256 biwsbj10aW0scj1hYmM=\r\n',
  'a STARTTLS\r\n',
]

describe('half-open logins', () => {
  test(`${halfOpen} of them take little memory, and others are served`, async () => {
    await using project = await temporaryProject({ 'mailwright.config.ts': config })
    const server = await startServer(project.folder)
    const wires: Wire[] = []
    const session = async (): Promise<void> => {
      const wire = wireTo(server.port('imap'))
      wires.push(wire)
      expect(await wire.line()).toMatch(/^\* OK/)
      expect(await wire.ask(`a LOGIN ${login} "${password}"`)).toMatch(/^a OK/)
      expect(await wire.send('b SELECT INBOX\r\n').until('b OK')).toContain('0 EXISTS')
      expect(await wire.send('c LOGOUT\r\n').rest()).toContain('c OK')
    }
    try {
      await session()
      const before = memoryOf(server.pid)
      for (let count = 0; count < halfOpen; count += 100) {
        const some = Array.from({ length: 100 }, () => wireTo(server.port('imap')))
        wires.push(...some)
        await Promise.all(some.map((wire) => wire.line()))
        for (const [at, wire] of some.entries()) wire.send(beginnings[at % beginnings.length] ?? '')
      }
      await session()
      const each = (memoryOf(server.pid) - before) / halfOpen
      process.stdout.write(`${each.toFixed(1)} KiB for each of ${halfOpen} half-open logins\n`)
      expect(each).toBeLessThan(64)
      for (const wire of wires) wire.socket.resetAndDestroy()
      await session()
      expect(server.output()).not.toContain('internal-error')
    } finally {
      for (const wire of wires) wire.socket.destroy()
      expect(await server.stop()).toBe(0)
    }
  })
})

let running: ImapServer

async function start(storage?: PluginInstance): Promise<AccountStore> {
  running = await startImapServer(storage === undefined ? {} : { storage })
  return running.mail
}

async function selected(): Promise<Wire> {
  const wire = await running.loggedIn()
  await wire.send('s SELECT INBOX\r\n').until('s OK')
  await wire.line()
  return wire
}

describe('clients that do not read', () => {
  afterEach(() => running[Symbol.asyncDispose]())

  test('large bodies wait, and are sent in full in the end', async () => {
    // Their octets are read from files.
    await start(maildir())
    const size = 2 * mebibyte
    await running.deliver(`A: b\r\n\r\n${'x'.repeat(size)}\r\n`)
    const wires = await Promise.all(Array.from({ length: 10 }, selected))
    const before = liveMemory()
    for (const wire of wires) {
      wire.socket.pause()
      wire.send('f FETCH 1 BODY.PEEK[]\r\n'.repeat(20))
    }
    const other = await selected()
    for (let round = 0; round < 300; round += 1) expect(await other.ask('n NOOP')).toBe('n OK Done')
    expect(liveMemory() - before).toBeLessThan(128 * mebibyte)
    const [first] = wires
    first?.socket.resume()
    for (let answer = 0; answer < 20; answer += 1)
      expect((await first?.until('f OK Fetched\r\n'))?.length).toBeGreaterThan(size)
    for (const wire of [...wires, other]) wire.socket.destroy()
  })

  test('long lists wait', async () => {
    const mail = await start()
    const count = 20_000
    const content = bufferContent(Buffer.from(`Subject: ${'x'.repeat(500)}\r\n\r\n`))
    await mail.append('INBOX', Array(count).fill({ content }))
    const warm = await selected()
    await warm.send('f FETCH 1:* (FLAGS ENVELOPE)\r\n').until('f OK Fetched\r\n')
    const wires = await Promise.all(Array.from({ length: 10 }, selected))
    const before = liveMemory()
    for (const wire of wires) {
      wire.socket.pause()
      wire.send('f FETCH 1:* (FLAGS ENVELOPE)\r\n'.repeat(10))
    }
    for (let round = 0; round < 300; round += 1) expect(await warm.ask('n NOOP')).toBe('n OK Done')
    expect(liveMemory() - before).toBeLessThan(128 * mebibyte)
    const [first] = wires
    first?.socket.resume()
    const answer = (await first?.until('f OK')) ?? ''
    expect(answer.match(/^\* \d+ FETCH/gm)).toHaveLength(count)
    for (const wire of [...wires, warm]) wire.socket.destroy()
  })

  test('in IDLE are told in the end what has become of everything', async () => {
    const mail = await start()
    const content = bufferContent(Buffer.from('Subject: x\r\n\r\n'))
    await mail.append('INBOX', Array(500).fill({ content }))
    const idling = await selected()
    expect(await idling.ask('i IDLE')).toBe('+ idling')
    idling.socket.pause()
    const before = liveMemory()
    const inbox = await mail.openMailbox('INBOX')
    const uids = inbox.entries.map(({ uid }) => uid)
    for (let round = 0; round < 200; round += 1) {
      const flag = `Round${round}`
      await inbox.changeFlags(uids, { set: [flag] })
      if (round % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await inbox.expunge(uids.slice(0, 250))
    expect(liveMemory() - before).toBeLessThan(128 * mebibyte)
    idling.socket.resume()
    idling.send('DONE\r\ny NOOP\r\nz FETCH 1:* FLAGS\r\n')
    const answer = await idling.until('z OK')
    expect(answer.match(/^\* \d+ EXPUNGE/gm)).toHaveLength(250)
    expect(answer.match(/^\* \d+ FETCH \(FLAGS \(Round199 \\Recent\)\)/gm)).toHaveLength(250)
    idling.socket.destroy()
  })

  test('and pipeline commands without end are heard no more', async () => {
    await start()
    const wire = await selected()
    wire.socket.pause()
    const before = liveMemory()
    const piece = 'c CAPABILITY\r\n'.repeat(5_000)
    // As much as the system's buffers take, and much more.
    for (let sent = 0; sent < 200 && wire.socket.writableLength < 4 * mebibyte; sent += 1) {
      wire.send(piece)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect(wire.socket.writableLength).toBeGreaterThan(4 * mebibyte - piece.length)
    expect(liveMemory() - before - wire.socket.writableLength).toBeLessThan(128 * mebibyte)
    wire.socket.destroy()
  })
})
