// What clients hear when the server stops while another one takes all the time for it.
import { afterEach, expect, test } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const config = `import { defineConfig } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  drainTimeout: '5s',
  plugins: [
    memory({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    localDelivery(),
    imap({ port: 0, allowPlaintextLogin: true }),
    smtp({ port: 0 }),
  ],
})
`

let project: TemporaryProject
let server: ServerProcess | undefined
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
})

async function session(plugin: string): Promise<Wire> {
  const wire = wireTo(server?.port(plugin) ?? 0)
  wires.push(wire)
  await wire.line()
  return wire
}

test('who waits for nothing is told at once, who is in the middle of a message when the time is over', async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  server = await startServer(project.folder)
  const [busy, idle] = [await session('smtp'), await session('imap')]
  await busy.send('EHLO client.example\r\n').until('250 ')
  await busy.line()
  expect(await busy.ask('MAIL FROM:<>')).toMatch(/^250 /)
  expect(await idle.ask('a LOGIN jo@example.org secret')).toMatch(/^a OK/)
  await idle.send('b SELECT INBOX\r\n').until('b OK')
  await idle.send('c IDLE\r\n').until('+ ')
  const stopped = server.stop()
  expect(await idle.rest()).toMatch(/\* BYE /)
  expect(await busy.ask('NOOP')).toMatch(/^250 /)
  expect(await busy.rest()).toBe('421 4.3.2 Server is stopping, try again later\r\n')
  expect(await stopped).toBe(0)
  server = undefined
})
