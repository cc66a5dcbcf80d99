import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { wireTo } from '../support/wire.ts'

// What a server without a database has counted is not forgotten with the config.

const config = `
import { defineConfig } from 'mailwright'
import guard from 'mailwright/plugins/guard'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import rateLimits from 'mailwright/plugins/rate-limits'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  dataDir: 'data',
  plugins: [
    memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
    localDelivery({ postmaster: 'me@example.org' }),
    guard({ neverBan: [], firstDelay: 0, networkFailures: 2, roles: ['pop3'] }),
    rateLimits({ exempt: [], clients: [{ roles: ['transfer'], connectionRate: '2/7d' }] }),
    smtp({ role: 'transfer', port: 0 }),
    pop3({ port: 0, allowPlaintextLogin: true }),
  ],
})
`

let project: TemporaryProject
let server: ServerProcess

beforeAll(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
  server = await startServer(project.folder)
})

afterAll(async () => {
  await server.stop()
  await project[Symbol.asyncDispose]()
})

async function reload(): Promise<void> {
  const reloaded = server.logged('reloaded')
  server.signal('SIGHUP')
  await reloaded
}

async function greeting(plugin: string): Promise<string> {
  const wire = wireTo(server.port(plugin))
  const line = await wire.line()
  wire.socket.destroy()
  return line
}

test('a limit that is reached stays reached', async () => {
  expect([await greeting('smtp'), await greeting('smtp')]).toEqual(
    Array(2).fill(expect.stringMatching(/^220 /)),
  )
  expect(await greeting('smtp')).toMatch(/^421 4\.7\.0 Too many connections/)
  await reload()
  expect(await greeting('smtp')).toMatch(/^421 4\.7\.0 Too many connections/)
})

test('who is banned stays banned', async () => {
  for (const name of ['one', 'two']) {
    const wire = wireTo(server.port('pop3'))
    expect(await wire.line()).toMatch(/^\+OK/)
    await wire.ask(`USER ${name}@example.org`)
    expect(await wire.ask('PASS wrong')).toMatch(/^-ERR/)
    wire.socket.destroy()
  }
  expect(await greeting('pop3')).toMatch(/^-ERR \[SYS\/TEMP\]/)
  await reload()
  expect(await greeting('pop3')).toMatch(/^-ERR \[SYS\/TEMP\]/)
})
