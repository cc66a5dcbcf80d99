import { once } from 'node:events'
import { link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createListenerPool, keysOf, type ListenRequest, placeOf } from './listeners.ts'

let folder: string
let path: string
let pool: ReturnType<typeof createListenerPool>
const owners: object[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-sockets-'))
  path = join(folder, 'lmtp.sock')
  pool = createListenerPool()
})

afterEach(async () => {
  for (const owner of owners.splice(0)) {
    await pool.release(owner)
    pool.cut(owner)
  }
  await rm(folder, { recursive: true, force: true })
})

function request(text: string, mode?: number, at = path): ListenRequest {
  const options = { role: 'lmtp', path: at, ...(mode === undefined ? {} : { mode }) } as const
  return { plugin: 'smtp', options, onConnection: (socket: Socket) => void socket.end(text) }
}

async function adopt(owner: object, ...requests: ListenRequest[]) {
  owners.push(owner)
  return pool.adopt(owner, requests)
}

/** What a client hears. */
async function greeting(): Promise<string> {
  const socket = connect(path)
  const [octets] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return octets.toString()
}

async function modeOf(file: string): Promise<string> {
  return ((await lstat(file)).mode & 0o7777).toString(8)
}

/** A socket that was left behind. */
async function leaveBehind(): Promise<void> {
  const server = createServer().listen(join(folder, 'older'))
  await once(server, 'listening')
  await link(join(folder, 'older'), path)
  server.close()
  await once(server, 'close')
}

test('is opened with its permissions, told as its path, and removed in the end', async () => {
  const owner = {}
  const [listener] = await adopt(owner, request('hello', 0o620))
  expect(listener).toEqual({ plugin: 'smtp', role: 'lmtp', path, port: 0, implicitTls: false })
  expect(placeOf(listener ?? {})).toBe(path)
  expect(await modeOf(path)).toBe('620')
  expect(await greeting()).toBe('hello')
  expect(await readdir(folder)).toEqual(['lmtp.sock'])
  await pool.release(owner)
  expect(await readdir(folder)).toEqual([])
})

test('is for its owner alone where nothing else is said', async () => {
  await adopt({}, request('hello'))
  expect(await modeOf(path)).toBe('600')
})

test('two plugins on one path want the same socket', () => {
  const [first, second, other] = keysOf([request('a'), request('b'), request('c', 0o600, `${path}2`)])
  expect(first).toBe(second)
  expect(other).not.toBe(first)
})

describe('what is there already', () => {
  test('a socket that nobody listens on is replaced', async () => {
    await leaveBehind()
    await adopt({}, request('hello'))
    expect(await greeting()).toBe('hello')
  })

  test('one that somebody listens on is not', async () => {
    const other = createServer((socket) => void socket.on('error', () => undefined).end('other')).listen(path)
    await once(other, 'listening')
    await expect(adopt({}, request('hello'))).rejects.toMatchObject({
      code: 'MAIL_E_START',
      message: `smtp cannot listen on ${path}: another program listens there`,
    })
    expect(await greeting()).toBe('other')
    other.close()
  })

  test('a file, a folder, and a link to a socket are left alone', async () => {
    const problem = `smtp cannot listen on ${path}: something is there that is no socket`
    await writeFile(path, 'precious')
    await expect(adopt({}, request('hello'))).rejects.toThrow(problem)
    expect(await readFile(path, 'utf8')).toBe('precious')
    await rm(path)
    await mkdir(path)
    await expect(adopt({}, request('hello'))).rejects.toThrow(problem)
    await rm(path, { recursive: true })
    await leaveBehind()
    await link(path, join(folder, 'target'))
    await rm(path)
    await symlink(join(folder, 'target'), path)
    await expect(adopt({}, request('hello'))).rejects.toThrow(problem)
    expect((await lstat(path)).isSymbolicLink()).toBe(true)
    expect(await readdir(folder)).toEqual(['lmtp.sock', 'target'])
  })

  test('something else that took its place is left alone at the end', async () => {
    const owner = {}
    await adopt(owner, request('hello'))
    await rm(path)
    await writeFile(path, 'precious', { mode: 0o640 })
    await adopt({}, request('hello', 0o666))
    expect(await modeOf(path)).toBe('640')
    await pool.release(owners.at(-1) ?? {})
    expect(await readFile(path, 'utf8')).toBe('precious')
  })
})

test.each([
  ['its folder does not exist', () => join(folder, 'absent', 'lmtp.sock')],
  ['the path is too long for a Unix socket', () => join(folder, 'x'.repeat(90))],
])('says so where %s, and opens nothing else', async (problem, at) => {
  const requests = [request('hello'), request('hello', 0o600, at())]
  await expect(adopt({}, ...requests)).rejects.toThrow(problem)
  expect(await readdir(folder)).toEqual([])
})

describe('a handover', () => {
  test('keeps the socket, with the permissions that the new owner wants', async () => {
    const [older, newer] = [{}, {}]
    await adopt(older, request('old', 0o600))
    const { ino } = await lstat(path)
    const waiting = Array.from({ length: 10 }, greeting)
    await adopt(newer, request('new', 0o660))
    await pool.release(older)
    for (const heard of await Promise.all(waiting)) expect(['old', 'new']).toContain(heard)
    expect(await greeting()).toBe('new')
    expect((await lstat(path)).ino).toBe(ino)
    expect(await modeOf(path)).toBe('660')
    await pool.release(newer)
    expect(await readdir(folder)).toEqual([])
  })

  test('that fails leaves it with the older owner', async () => {
    await adopt({}, request('old', 0o640))
    const failing = [request('new', 0o666), request('new', 0o600, join(folder, 'absent', 'x'))]
    await expect(adopt({}, ...failing)).rejects.toMatchObject({ code: 'MAIL_E_START' })
    expect(await greeting()).toBe('old')
    expect(await modeOf(path)).toBe('640')
  })

  test('to somebody who does not want it removes it', async () => {
    const older = {}
    await adopt(older, request('old'))
    await adopt({}, request('new', 0o600, `${path}2`))
    await pool.release(older)
    expect(await readdir(folder)).toEqual(['lmtp.sock2'])
  })
})
