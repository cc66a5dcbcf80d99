// More than there is room for. MAILWRIGHT_CONNECTIONS is how many clients come at once, MAILWRIGHT_FLOOD how many MiB of messages;
// docs/performance.md has the figures of 10,000 and 1,024.
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const connections = Number(process.env.MAILWRIGHT_CONNECTIONS ?? 2_000)
const flood = Number(process.env.MAILWRIGHT_FLOOD ?? 192)
const mebibyte = 2 ** 20
const mostConnections = 500

const config = `import { defineConfig } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  plugins: [
    memoryAccounts({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    maildir(),
    localDelivery(),
    queue(),
    smtp({ port: 0, maxConnections: ${mostConnections} }),
  ],
})
`

let project: TemporaryProject
let server: ServerProcess
let wires: Wire[] = []

beforeEach(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  server = await startServer(project.folder)
})

afterEach(async () => {
  for (const wire of wires) wire.socket.destroy()
  wires = []
  expect(await server.stop()).toBe(0)
  await project[Symbol.asyncDispose]()
})

/** KiB that the server has in memory. */
function memory(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0)
}

function client(): Wire {
  const wire = wireTo(server.port('smtp'))
  wires.push(wire)
  return wire
}

async function envelope(wire: Wire): Promise<void> {
  await wire.send('EHLO client.example\r\n').until('250 ')
  await wire.line()
  for (const command of ['MAIL FROM:<a@client.example>', 'RCPT TO:<jo@example.org>'])
    expect(await wire.ask(command)).toMatch(/^250 /)
  expect(await wire.ask('DATA')).toMatch(/^354 /)
}

/** One client that brings a message, from the greeting to the end. */
async function delivers(): Promise<void> {
  const wire = client()
  expect(await wire.line()).toMatch(/^220 /)
  await envelope(wire)
  expect(await wire.ask('Subject: hello\r\n\r\n.')).toMatch(/^250 /)
  expect(await wire.ask('QUIT')).toMatch(/^221 /)
}

function delivered(): readonly string[] {
  const mailbox = join(project.folder, 'data/mail/example.org/jo/Maildir')
  return ['new', 'cur'].flatMap((part) =>
    readdirSync(join(mailbox, part)).map((name) => join(mailbox, part, name)),
  )
}

describe('more than there is room for', () => {
  test(`${connections} clients at once: some are told to come later, the others are served`, async () => {
    await delivers()
    const before = memory()
    const greetings: string[] = []
    for (let count = 0; count < connections; count += 100) {
      const some = Array.from({ length: 100 }, client)
      greetings.push(...(await Promise.all(some.map((wire) => wire.line()))))
    }
    expect(greetings.filter((text) => text.startsWith('220 '))).toHaveLength(mostConnections)
    expect(greetings.filter((text) => /^421 4\.\d\.\d /.test(text))).toHaveLength(
      connections - mostConnections,
    )
    const each = (memory() - before) / mostConnections
    process.stdout.write(`${each.toFixed(1)} KiB for each of ${mostConnections} sessions\n`)
    expect(each).toBeLessThan(128)
    // Those who came in go on, and there is room again for as many as have left.
    const [first] = wires.filter((_, at) => greetings[at - 1]?.startsWith('220 '))
    expect(await first?.ask('NOOP')).toMatch(/^250 /)
    for (const wire of wires) wire.socket.resetAndDestroy()
    await expect
      .poll(
        () =>
          delivers().then(
            () => 'served',
            () => 'not yet',
          ),
        { timeout: 20_000 },
      )
      .toBe('served')
  })

  test(`${flood} MiB of messages at once do not lie in memory`, async () => {
    await delivers()
    const before = memory()
    const size = 4 * mebibyte
    const line = `${'x'.repeat(998)}\r\n`
    const message = Buffer.from(`Subject: large\r\n\r\n${line.repeat(size / line.length)}.\r\n`)
    let most = 0
    const sender = async () => {
      const wire = client()
      await wire.line()
      await envelope(wire)
      for (let at = 0; at < message.length; at += mebibyte) {
        if (!wire.socket.write(message.subarray(at, at + mebibyte))) await once(wire.socket, 'drain')
        most = Math.max(most, memory())
      }
      return wire.line()
    }
    const count = Math.ceil((flood * mebibyte) / size)
    const answers = await Promise.all(Array.from({ length: count }, sender))
    expect(answers.filter((text) => !text.startsWith('250 '))).toEqual([])
    process.stdout.write(`${Math.round((most - before) / 1024)} MiB more in memory\n`)
    expect(most - before).toBeLessThan(300 * 1024)
    const whole = delivered().filter((path) => statSync(path).size > message.length - 10)
    expect(whole).toHaveLength(count)
  })

  test('clients that send an octet now and then hold nobody up', async () => {
    const slow = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const wire = client()
        await wire.line()
        await envelope(wire)
        return wire
      }),
    )
    for (let round = 0; round < 20; round++) {
      for (const wire of slow) wire.send('x')
      await delivers()
    }
    for (const wire of slow) wire.send('\r\n.\r\n')
    expect(
      (await Promise.all(slow.map((wire) => wire.line()))).every((text) => text.startsWith('250 ')),
    ).toBe(true)
  })

  test('a client that never reads its replies takes no memory', async () => {
    const socket = connect(server.port('smtp'), '127.0.0.1')
    socket.pause()
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.write('EHLO client.example\r\n')
    const before = memory()
    // Each reply to a HELP is longer than the command: what is not read would add up.
    const commands = 'VRFY someone\r\n'.repeat(5_000)
    for (let round = 0; round < 200 && socket.write(commands); round++) await new Promise(setImmediate)
    await delivers()
    expect(memory() - before).toBeLessThan(64 * 1024)
    socket.destroy()
  })
})
