import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { firstChild } from '../support/child-processes.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { startServer } from '../support/server-process.ts'

// At SIGUSR1 Node.js opens its debugger for everybody on the machine; at SIGUSR2 it ends.

let project: TemporaryProject

const config = `
  import memory from 'mailwright/plugins/memory'
  import smtp from 'mailwright/plugins/smtp'
  export default { plugins: [memory({ domains: ['here.example'] }), smtp({ port: 0 })] }
`

beforeEach(async () => {
  project = await temporaryProject({ 'mailwright.config.ts': config })
})

afterEach(() => project[Symbol.asyncDispose]())

test.each(['SIGUSR1', 'SIGUSR2'] as const)('%s is logged once, and changes nothing', async (signal) => {
  const server = await startServer(project.folder)
  const logged = server.logged('signal-ignored')
  server.signal(signal)
  expect(await logged).toMatchObject({ level: 'warn', signal })
  let again = 0
  void server.logged('signal-ignored').then(() => again++)
  server.signal('SIGUSR1')
  server.signal('SIGUSR2')
  // Signals are taken in turn: this one comes after them.
  const reloaded = server.logged('reloaded')
  server.signal('SIGHUP')
  await reloaded
  expect(again).toBe(0)
  expect(await server.stop()).toBe(0)
})

test('nor does it for what the launcher starts, and for the launcher', async () => {
  const launcher = join(projectFolder, 'core/cli/launch.mjs')
  const child = spawn(process.execPath, [launcher, 'start'], {
    cwd: project.folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  const lines: string[] = []
  const waiting = new Map<string, () => void>()
  createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => {
    lines.push(line)
    for (const [word, found] of waiting) if (line.includes(word)) found()
  })
  const said = (word: string) => new Promise<void>((resolve) => waiting.set(word, resolve))
  await said('"ready"')
  const ignored = said('"signal-ignored"')
  const server = await firstChild(child.pid ?? 0)
  for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) {
    child.kill(signal)
    process.kill(server, signal)
  }
  await ignored
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(lines.filter((line) => !line.startsWith('{'))).toEqual([])
})
