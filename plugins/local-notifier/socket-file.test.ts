import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode } from 'mailwright'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SocketFile } from './socket-file.ts'

let folder = ''
let path = ''
let clock: FakeClock
const servers: Server[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-notifier-'))
  path = join(folder, 'run/notifier.sock')
  clock = fakeClock()
})
afterEach(async () => {
  for (const server of servers.splice(0)) server.close()
  await rm(folder, { recursive: true, force: true })
})

function newServer(): Server {
  const server = createServer((socket) => socket.end())
  servers.push(server)
  return server
}

async function answers(file: SocketFile): Promise<boolean> {
  const socket = await file.connect()
  socket?.destroy()
  return socket !== undefined
}

const codeOf = (work: Promise<unknown>) => work.then(() => 'nothing failed', errorCode)

describe('a socket', () => {
  test('appears where there was none, for its owner only', async () => {
    const file = new SocketFile(path, clock)
    expect([file.identity(), await answers(file)]).toEqual([undefined, false])
    const identity = await file.listen(newServer(), undefined)
    expect(identity).toBe(file.identity())
    expect(identity).toBeDefined()
    expect(await answers(file)).toBe(true)
    expect(await readdir(join(folder, 'run'))).toEqual(['notifier.sock'])
    expect([(await stat(path)).mode & 0o777, (await stat(join(folder, 'run'))).mode & 0o777]).toEqual([
      0o600, 0o700,
    ])
  })

  test('that nobody answers at is replaced by the first who comes, and by nobody else', async () => {
    const file = new SocketFile(path, clock)
    const first = newServer()
    await file.listen(first, undefined)
    first.close()
    const seen = file.identity()
    expect(seen).toBeDefined()
    expect(await answers(file)).toBe(false)
    const all = await Promise.all(
      Array.from({ length: 8 }, () => new SocketFile(path, clock).listen(newServer(), seen)),
    )
    const won = all.filter((identity) => identity !== undefined)
    expect(won).toEqual([file.identity()])
    expect(won).not.toEqual([seen])
    expect(await answers(file)).toBe(true)
    expect(await readdir(join(folder, 'run'))).toEqual(['notifier.sock'])
  })

  test('has a path longer than an address of a socket may be', async () => {
    const long = join(folder, 'x'.repeat(120), 'run/notifier.sock')
    const file = new SocketFile(long, clock)
    expect(await answers(file)).toBe(false)
    expect(await file.listen(newServer(), undefined)).toBeDefined()
    expect(await answers(file)).toBe(true)
  })
})

describe('what is not replaced', () => {
  test('a file of somebody else', async () => {
    await mkdir(join(folder, 'run'), { mode: 0o700 })
    await writeFile(path, 'a letter')
    const file = new SocketFile(path, clock)
    expect(() => file.identity()).toThrow('is there already, and is no socket')
    expect(await codeOf(file.listen(newServer(), undefined))).toBe('MAIL_E_INVALID')
    expect(await readFile(path, 'utf8')).toBe('a letter')
    expect(await readdir(join(folder, 'run'))).toEqual(['notifier.sock'])
  })

  test.each([0o755, 0o770, 0o701])('anything in a folder that others may enter (%o)', async (mode) => {
    await mkdir(join(folder, 'run'))
    await chmod(join(folder, 'run'), mode)
    const file = new SocketFile(path, clock)
    expect(await codeOf(file.connect())).toBe('MAIL_E_INVALID')
    expect(await codeOf(file.listen(newServer(), undefined))).toBe('MAIL_E_INVALID')
    expect(await readdir(join(folder, 'run'))).toEqual([])
  })

  test('anything where the folder is a file', async () => {
    await writeFile(join(folder, 'run'), '')
    const file = new SocketFile(path, clock)
    expect(await codeOf(file.connect())).toBe('MAIL_E_INVALID')
  })
})

test('a lock is waited for, and one that stays is removed', async () => {
  await mkdir(join(folder, 'run'), { mode: 0o700 })
  await writeFile(`${path}.lock`, '')
  const file = new SocketFile(path, clock)
  const listen = () => file.listen(newServer(), undefined)
  expect(await listen()).toBeUndefined()
  clock.advance(900)
  expect(await listen()).toBeUndefined()
  // It was another one meanwhile.
  await writeFile(`${path}.lock-new`, '')
  await rm(`${path}.lock`)
  await writeFile(`${path}.lock`, '')
  clock.advance(900)
  expect(await listen()).toBeUndefined()
  expect(await readdir(join(folder, 'run'))).toContain('notifier.sock.lock')
  clock.advance(1_100)
  expect(await listen()).toBeUndefined()
  expect(await listen()).toBe(file.identity())
})
