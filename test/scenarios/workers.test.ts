// Several processes that serve the same ports.
import { once } from 'node:events'
import { chmod, chown, lstat, mkdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { childProcesses, firstChild } from '../support/child-processes.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder } from '../support/project-files.ts'
import { runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { type Wire, wireTo } from '../support/wire.ts'

function config(workers: number, banner = 'ESMTP first', store = 'maildir()'): string {
  return `import { defineConfig } from 'mailwright'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts, memoryStore } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  workers: ${workers},
  plugins: [
    localNotifier(),
    memoryAccounts({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    ${store},
    localDelivery(),
    queue(),
    smtp({ port: 0, banner: '${banner}' }),
    imap({ port: 0, allowPlaintextLogin: true }),
  ],
})
`
}

const nobody = 65_534
const command = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts')]

let project: TemporaryProject
let server: ServerProcess | undefined
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
})

async function start(workers: number): Promise<ServerProcess> {
  project = await temporaryProject({ 'mailwright.config.ts': config(workers) })
  server = await startServer(project.folder)
  return server
}

async function session(port: number): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  return wire
}

async function deliver(port: number): Promise<void> {
  const wire = await session(port)
  expect(await wire.line()).toMatch(/^220 /)
  await wire.send('EHLO client.example\r\n').until('250 ')
  await wire.line()
  for (const command of ['MAIL FROM:<>', 'RCPT TO:<jo@example.org>'])
    expect(await wire.ask(command)).toMatch(/^250 /)
  expect(await wire.ask('DATA')).toMatch(/^354 /)
  expect(await wire.ask('Subject: hello\r\n\r\n.')).toMatch(/^250 /)
}

describe('several workers', () => {
  test('share the ports, and what one of them takes the others show', async () => {
    const { pid, port } = await start(3)
    expect(await childProcesses(pid)).toHaveLength(3)
    const readers = await Promise.all([1, 2, 3].map(() => session(port('imap'))))
    for (const wire of readers) {
      expect(await wire.line()).toMatch(/^\* OK/)
      expect(await wire.ask('a LOGIN jo@example.org secret')).toMatch(/^a OK/)
      await wire.send('b SELECT INBOX\r\n').until('b OK')
      await wire.send('c IDLE\r\n').until('+ ')
      await wire.line()
    }
    await deliver(port('smtp'))
    await Promise.all(readers.map((wire) => wire.until('* 1 EXISTS')))
    expect(await server?.stop()).toBe(0)
    expect(await childProcesses(pid)).toEqual([])
    server = undefined
  })

  test('are warned once of what the config may not mean', async () => {
    const text = config(2)
      .replace('import queue', "import guard from 'mailwright/plugins/guard'\nimport queue")
      .replace('queue(),', "queue(),\n    guard({ roles: ['imap', 'mail-cuont'] }),")
    project = await temporaryProject({ 'mailwright.config.ts': text })
    server = await startServer(project.folder)
    expect(server.errors().match(/no listener has the role/g)).toHaveLength(1)
  })

  test('go on when one of them dies, and another takes its place', async () => {
    const { pid, port, logged } = await start(2)
    const first = await firstChild(pid)
    const ended = logged('worker-ended')
    const begun = logged('worker-started')
    process.kill(first, 'SIGKILL')
    expect(await ended).toMatchObject({ pid: first, signal: 'SIGKILL' })
    for (let round = 0; round < 4; round++) await deliver(port('smtp'))
    await begun
    const now = await childProcesses(pid)
    expect(now).toHaveLength(2)
    expect(now).not.toContain(first)
    for (let round = 0; round < 4; round++) await deliver(port('smtp'))
  })

  test('take a changed config one after the other; a faulty one is refused, and the old one goes on', async () => {
    const { port, logged, signal } = await start(2)
    await project.write('mailwright.config.ts', config(2, 'ESMTP second'))
    const greetings = async (): Promise<readonly string[]> =>
      Promise.all([1, 2, 3, 4].map(async () => (await session(port('smtp'))).line()))
    signal('SIGHUP')
    await logged('reloaded')
    await expect
      .poll(greetings, { timeout: 20_000 })
      .toEqual(Array(4).fill('220 mail.example.org ESMTP second'))
    await project.write('mailwright.config.ts', 'export default 1')
    const refused = logged('reload-refused')
    signal('SIGHUP')
    await refused
    expect(await greetings()).toEqual(Array(4).fill('220 mail.example.org ESMTP second'))
  })

  test('a reload reaches the one that is just being started', async () => {
    const { pid, logged, signal } = await start(2)
    const first = await firstChild(pid)
    process.kill(first, 'SIGKILL')
    await expect.poll(async () => (await childProcesses(pid)).includes(first)).toBe(false)
    await expect.poll(async () => (await childProcesses(pid)).length, { timeout: 20_000 }).toBe(2)
    const reloaded = logged('reloaded')
    signal('SIGHUP')
    await reloaded
    await logged('reloaded')
  })

  test('a reload that only some of them have taken is told; another number of workers needs a new start', async () => {
    const { logged, signal } = await start(2)
    await project.write('mailwright.config.ts', config(3))
    const refused = logged('reload-refused')
    signal('SIGHUP')
    expect((await refused).error).toMatch(/workers: cannot change while the server runs/)
    const once = `import { mkdirSync } from 'node:fs'\nmkdirSync(new URL('./once', import.meta.url))\n`
    await project.write('mailwright.config.ts', once + config(2))
    const apart = logged('reload-refused', 2)
    signal('SIGHUP')
    expect(await apart).toMatchObject({ reloaded: 1, workers: 2 })
    await project.write('mailwright.config.ts', `process.kill(process.pid, 'SIGKILL')\n${config(2)}`)
    const died = logged('reload-refused')
    signal('SIGHUP')
    expect(await died).toMatchObject({ reloaded: 0, workers: 2 })
    await project.write('mailwright.config.ts', config(2))
  })

  test('one that cannot load the config ends, and is tried again', async () => {
    const { pid, port, logged } = await start(2)
    const first = await firstChild(pid)
    await project.write('mailwright.config.ts', 'export default (')
    const again = logged('worker-ended', 2)
    process.kill(first, 'SIGKILL')
    expect(await again).toMatchObject({
      level: 'error',
      code: 1,
      error: expect.stringMatching(/mailwright\.config\.ts failed: .*SyntaxError/),
    })
    for (const line of server?.errors().trim().split('\n') ?? [])
      expect(() => JSON.parse(line) as unknown, line).not.toThrow()
    await deliver(port('smtp'))
    const begun = logged('worker-started')
    await project.write('mailwright.config.ts', config(2))
    await begun
  })

  test('a stop that finds none of them left is no success', async () => {
    const { pid, logged } = await start(2)
    await project.write('mailwright.config.ts', 'export default (')
    const ended = logged('worker-ended', 2)
    for (const worker of await childProcesses(pid)) process.kill(worker, 'SIGKILL')
    await ended
    expect(await server?.stop()).toBe(1)
    server = undefined
  })

  test('a plugin that cannot stop is told in the log', async () => {
    const text = config(2)
      .replace('{ defineConfig }', '{ defineConfig, definePlugin }')
      .replace(
        'export default',
        "const bad = definePlugin({ name: 'bad', parseOptions: () => ({}), setup: () => ({ stop: refuse }) })\n$&",
      )
      .replace('export default', "async function refuse() { throw new Error('no peace') }\n$&")
      .replace('localNotifier(),', 'localNotifier(),\n    bad(),')
    project = await temporaryProject({ 'mailwright.config.ts': text })
    server = await startServer(project.folder)
    const ended = server.logged('worker-ended')
    const code = server.stop()
    expect(await ended).toMatchObject({ code: 1, error: expect.stringContaining('no peace') })
    expect(await code).toBe(1)
    server = undefined
  })

  test('a new one runs the config of the others, whatever is nearer by then', async () => {
    project = await temporaryProject({ 'mailwright.config.ts': config(2) })
    const below = join(project.folder, 'below')
    await mkdir(below)
    server = await startServer(below)
    await project.write('below/mailwright.config.ts', config(2, 'ESMTP other'))
    const begun = server.logged('worker-started')
    const first = await firstChild(server.pid)
    process.kill(first, 'SIGKILL')
    await begun
    for (let round = 0; round < 4; round++) {
      const wire = await session(server.port('smtp'))
      expect(await wire.line()).toBe('220 mail.example.org ESMTP first')
    }
  })

  test('a config that is wrong is refused before there is one', async () => {
    project = await temporaryProject({ 'mailwright.config.ts': config(2, 'x', 'memoryStore()') })
    const { code, stderr } = await runProcess(process.execPath, [...command, 'start'], project)
    expect(code).toBe(1)
    expect(stderr).toMatch(/workers: .*store/)
    expect(stderr.match(/workers: /g)).toHaveLength(1)
  })

  test.each([
    ["process.kill(process.pid, 'SIGKILL')", 'it was ended by SIGKILL'],
    ['process.exit(7)', 'it ended with the code 7'],
  ])('one that ends in the middle of the start, by %s, is told with how', async (end, how) => {
    const text = `import cluster from 'node:cluster'\nif (cluster.isWorker) ${end}\n${config(2)}`
    project = await temporaryProject({ 'mailwright.config.ts': text })
    const { code, stderr } = await runProcess(process.execPath, [...command, 'start'], project)
    expect(code).toBe(1)
    expect(stderr).toContain('a worker could not start')
    expect(stderr).toContain(how)
  })

  test('a port that is taken ends them all, with the reason', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const text = config(2).replace('smtp({ port: 0', `smtp({ port: ${port}`)
    project = await temporaryProject({ 'mailwright.config.ts': text })
    const { code, stderr } = await runProcess(process.execPath, [...command, 'start'], project)
    taken.close()
    expect(code).toBe(1)
    expect(stderr.match(/another program listens there/g)).toHaveLength(1)
  })

  test.runIf(process.getuid?.() === 0)(
    'give up the rights of root, all of them, with the one that keeps them',
    async () => {
      const text = config(2)
        .replace(
          'workers: 2,',
          "workers: 2,\n  user: 'nobody',\n  dataDir: new URL('./data', import.meta.url).pathname,",
        )
        .replace(
          'smtp({ port: 0',
          "smtp({ path: new URL('./run/smtp.sock', import.meta.url).pathname }, { as: 'socket' }),\n    smtp({ port: 0",
        )
      project = await temporaryProject({ 'mailwright.config.ts': text })
      await chmod(project.folder, 0o755)
      await mkdir(join(project.folder, 'run'))
      await chown(join(project.folder, 'run'), nobody, nobody)
      server = await startServer(project.folder)
      for (const pid of [server.pid, ...(await childProcesses(server.pid))])
        expect(await readFile(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m)
      expect((await lstat(join(project.folder, 'run/smtp.sock'))).uid).toBe(nobody)
      await deliver(server.port('smtp'))
      const first = await firstChild(server.pid)
      const begun = server.logged('worker-started')
      process.kill(first, 'SIGKILL')
      await begun
      await deliver(server.port('smtp'))
    },
  )
})
