// A Unix socket that several processes serve.
import { lstat, readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { childProcesses, firstChild } from '../support/child-processes.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { Wire } from '../support/wire.ts'

function config(mode: string): string {
  return `import { defineConfig } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  workers: 3,
  plugins: [
    localNotifier(),
    memoryAccounts({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    maildir(),
    localDelivery(),
    queue(),
    smtp({ role: 'lmtp', path: new URL('./run.sock', import.meta.url).pathname, mode: '${mode}' }, { as: 'lmtp' }),
    smtp({ path: new URL('./smtp.sock', import.meta.url).pathname }, { as: 'transfer' }),
  ],
})
`
}

let project: TemporaryProject
let server: ServerProcess | undefined
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
})

async function greeting(name: string): Promise<string> {
  const wire = new Wire(connect(join(project.folder, name)))
  wires.push(wire)
  return wire.line()
}

async function sockets(): Promise<readonly string[]> {
  return (await readdir(project.folder))
    .filter((name) => name.startsWith('.') || name.endsWith('.sock'))
    .sort()
}

test('all of them take connections; a new one joins in, a reload keeps it, the end removes it', async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config('0600') })
  server = await startServer(project.folder)
  expect(await sockets()).toEqual(['run.sock', 'smtp.sock'])
  const everyone = () => Promise.all(Array.from({ length: 9 }, () => greeting('run.sock')))
  const greetings = Array(9).fill('220 mail.example.org LMTP Mailwright')
  expect(await everyone()).toEqual(greetings)
  expect(await greeting('smtp.sock')).toBe('220 mail.example.org ESMTP Mailwright')

  const first = await firstChild(server.pid)
  const started = server.logged('worker-started')
  process.kill(first, 'SIGKILL')
  await started
  expect(await everyone()).toEqual(greetings)

  await project.write('mailwright.config.ts', config('0620'))
  const reloaded = server.logged('reloaded')
  server.signal('SIGHUP')
  await reloaded
  const mode = async () => ((await lstat(join(project.folder, 'run.sock'))).mode & 0o777).toString(8)
  await expect.poll(mode).toBe('620')
  expect(await everyone()).toEqual(greetings)

  await server.stop()
  server = undefined
  expect(await sockets()).toEqual([])
})

test('one that is ended alone leaves it to the others; one that comes when its file is gone serves what else there is', async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config('0600') })
  server = await startServer(project.folder)
  const replace = async (signal: NodeJS.Signals): Promise<void> => {
    const started = server?.logged('worker-started')
    const first = await firstChild(server?.pid ?? 0)
    process.kill(first, signal)
    await started
  }
  const everyone = () => Promise.all(Array.from({ length: 9 }, () => greeting('smtp.sock')))
  const greetings = Array(9).fill('220 mail.example.org ESMTP Mailwright')
  await replace('SIGTERM')
  expect(await sockets()).toEqual(['run.sock', 'smtp.sock'])
  expect(await everyone()).toEqual(greetings)
  await rm(join(project.folder, 'run.sock'))
  await replace('SIGKILL')
  expect(await everyone()).toEqual(greetings)
  expect(await server.stop()).toBe(0)
  server = undefined
  expect(await sockets()).toEqual([])
})

test('what a killed server has left is replaced', async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config('0600') })
  server = await startServer(project.folder)
  const children = await childProcesses(server.pid)
  for (const pid of [server.pid, ...children]) process.kill(pid, 'SIGKILL')
  await server.kill()
  expect(await sockets()).toEqual(['run.sock', 'smtp.sock'])
  server = await startServer(project.folder)
  expect(await greeting('run.sock')).toBe('220 mail.example.org LMTP Mailwright')
})
