import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type NetConnectOpts } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder, readText } from '../support/project-files.ts'
import { environment, runProcess } from '../support/run-process.ts'

// What systemd does with a service, done by its own tools one at a time.

const systemd = requirePeer('systemd-socket-activate')
const python = requirePeer('python3')

let project: TemporaryProject
let children: ChildProcess[] = []

beforeEach(async () => {
  project = await temporaryProject()
})

afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.kill()) await once(child, 'exit')
  children = []
  await project[Symbol.asyncDispose]()
})

/** Listeners that greet with their names. */
async function configure(more = ''): Promise<void> {
  await project.write(
    'mailwright.config.ts',
    `
import { defineConfig, definePlugin } from 'mailwright'

const greeter = definePlugin({
  name: 'greeter',
  parseOptions: (input) => input,
  setup({ name, listen }, options) {
    listen({ role: 'transfer', ...options }, (socket) => socket.end(name + '\\n'))
  },
})

export default defineConfig({
  dataDir: 'data',
  plugins: [${more}],
})
`,
  )
}

const words = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts'), 'start']

interface Service {
  readonly child: ChildProcess
  /** Lines of standard error so far. */
  readonly lines: readonly string[]
}

function run(program: string, argv: readonly string[], env: Record<string, string> = {}): Service {
  const child = spawn(program, argv, {
    cwd: project.folder,
    env: environment(env),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  children.push(child)
  const lines: string[] = []
  if (child.stderr !== null) createInterface({ input: child.stderr }).on('line', (line) => lines.push(line))
  return { child, lines }
}

function activate(sockets: readonly string[], names: readonly string[]): Service {
  const listen = sockets.flatMap((socket) => ['-l', socket])
  return run('systemd-socket-activate', [
    ...listen,
    ...(names.length === 0 ? [] : [`--fdname=${names.join(':')}`]),
    process.execPath,
    ...words,
  ])
}

function greeting(options: NetConnectOpts): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    socket.on('error', reject)
    socket.once('data', (octets) => {
      socket.destroy()
      resolve(octets.toString().trim())
    })
  })
}

async function isListening({ lines }: Service, count: number): Promise<void> {
  const listening = () => lines.filter((line) => line.startsWith('Listening on')).length
  await expect.poll(listening, { timeout: 30_000 }).toBe(count)
}

describe.runIf(systemd.available)(`sockets of ${systemd.title}`, () => {
  test('are taken by name, by place, and on all addresses; whoever came first was kept waiting', async () => {
    const [one, two, three] = [await freePort(), await freePort(), await freePort()]
    const path = join(project.folder, 'mail.sock')
    await configure(`
      greeter({ host: '127.0.0.1', port: ${one} }, { as: 'by-place' }),
      greeter({ host: '127.0.0.1', port: 1 }, { as: 'by-name' }),
      greeter({ host: '0.0.0.0', port: ${three} }, { as: 'anywhere' }),
      greeter({ path: '${path}' }, { as: 'by-path' }),
    `)
    const sockets = [`127.0.0.1:${one}`, `127.0.0.1:${two}`, `[::]:${three}`, path]
    const service = activate(sockets, ['a', 'by-name', 'b', 'c'])
    await isListening(service, 4)
    expect(await greeting({ host: '127.0.0.1', port: one })).toBe('by-place')
    expect(await greeting({ host: '127.0.0.1', port: two })).toBe('by-name')
    expect(await greeting({ host: '127.0.0.1', port: three })).toBe('anywhere')
    expect(await greeting({ path })).toBe('by-path')
    const reloaded = () => service.lines.some((line) => line.includes('"event":"reloaded"'))
    service.child.kill('SIGHUP')
    await expect.poll(reloaded, { timeout: 30_000 }).toBe(true)
    expect(await greeting({ host: '127.0.0.1', port: two })).toBe('by-name')
  })

  test('that no listener is for are an error: clients would wait for ever', async () => {
    const [one, two] = [await freePort(), await freePort()]
    await configure(`greeter({ host: '127.0.0.1', port: ${one} })`)
    const service = activate([`127.0.0.1:${one}`, `127.0.0.1:${two}`], [])
    await isListening(service, 2)
    await greeting({ host: '127.0.0.1', port: one }).catch(() => '')
    if (service.child.exitCode === null) await once(service.child, 'exit')
    expect(service.child.exitCode).toBe(1)
    expect(service.lines.at(-1)).toMatch(
      new RegExp(`no listener is for what the service manager has opened: 127\\.0\\.0\\.1 port ${two} \\(`),
    )
  })

  test('that were meant for another process are left alone', async () => {
    const port = await freePort()
    await configure(`greeter({ host: '127.0.0.1', port: ${port} })`)
    const service = run(process.execPath, words, { LISTEN_PID: '1', LISTEN_FDS: '1' })
    const ready = () => service.lines.some((line) => line.includes('"event":"ready"'))
    await expect.poll(ready, { timeout: 30_000 }).toBe(true)
    expect(await greeting({ host: '127.0.0.1', port })).toBe('greeter')
  })
})

describe.runIf(systemd.available && python.available)('a service of Type=notify', () => {
  test('says when it is ready, alive, reloading and stopping', async () => {
    const path = join(project.folder, 'notify')
    const receiver = spawn('python3', [join(projectFolder, 'test/scenarios/notify-receiver.py'), path])
    children.push(receiver)
    const told: string[] = []
    createInterface({ input: receiver.stdout }).on('line', (line) => told.push(line))
    await expect.poll(() => told, { timeout: 30_000 }).toEqual(['listening'])
    await configure(`greeter({ host: '127.0.0.1', port: 0 })`)
    const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '600000' }
    const { child, lines } = run(process.execPath, words, env)
    const states = () => told.filter((line) => /^(READY|RELOADING|STOPPING)/.test(line))
    await expect.poll(states, { timeout: 30_000 }).toEqual(['READY=1'])
    expect(lines.some((line) => line.includes('"event":"ready"'))).toBe(true)
    await expect.poll(() => told, { timeout: 30_000 }).toContain('WATCHDOG=1')
    child.kill('SIGHUP')
    const reloading = expect.stringMatching(/^RELOADING=1 MONOTONIC_USEC=\d+$/)
    await expect.poll(states, { timeout: 30_000 }).toEqual(['READY=1', reloading, 'READY=1'])
    child.kill()
    await once(child, 'exit')
    expect(states()).toEqual(['READY=1', reloading, 'READY=1', 'STOPPING=1'])
    expect(child.exitCode).toBe(0)
  })

  test('goes on where nobody hears it', async () => {
    await configure(`greeter({ host: '127.0.0.1', port: 0 })`)
    const { child, lines } = run(process.execPath, words, { NOTIFY_SOCKET: join(project.folder, 'nowhere') })
    const warned = () => lines.some((line) => line.includes('"service":"systemd-notify"'))
    await expect.poll(warned, { timeout: 30_000 }).toBe(true)
    child.kill()
    await once(child, 'exit')
    expect(child.exitCode).toBe(0)
  })
})

describe.runIf(systemd.available)('the units', () => {
  test('are understood, and leave little to gain', async () => {
    const folder = join(project.folder, 'units')
    await mkdir(folder)
    for (const name of ['mailwright.service', 'mailwright.socket']) {
      // The program is not installed here.
      const text = readText(`packaging/systemd/${name}`).replace('/usr/bin/mailwright', process.execPath)
      await writeFile(join(folder, name), text)
    }
    const units = ['./mailwright.service', './mailwright.socket']
    const verified = await runProcess('systemd-analyze', ['verify', ...units], { folder })
    expect(verified.stderr.split('\n').filter((line) => line.includes('mailwright'))).toEqual([])
    expect(verified.code).toBe(0)
    const judged = ['security', '--offline=true', '--threshold=25', './mailwright.service']
    expect(await runProcess('systemd-analyze', judged, { folder })).toMatchObject({ code: 0 })
  })
})
