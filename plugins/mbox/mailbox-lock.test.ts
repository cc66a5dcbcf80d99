import { spawnSync } from 'node:child_process'
import {
  appendFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from 'mailwright'
import { capturedLog, fakeClock, faultyFileSystem } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from './file-system.ts'
import { type LockOptions, MailboxLocks } from './mailbox-lock.ts'

let directory = ''
let path = ''

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mailwright-mbox-lock-'))
  path = join(directory, 'inbox')
  await writeFile(path, '')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const log = capturedLog()

function locks(more: Partial<LockOptions> = {}): MailboxLocks {
  return new MailboxLocks({
    files: nodeFileSystem,
    clock: systemClock,
    log,
    dotLock: 'required',
    staleLock: 500_000,
    lockTimeout: 60,
    ...more,
  })
}

const unavailable = { code: 'MAIL_E_UNAVAILABLE' }

it('makes the lock file that others look for, and leaves nothing', async () => {
  const locked = await locks().acquire(path, 'exclusive')
  expect((await readdir(directory)).sort()).toEqual(['inbox', 'inbox.lock'])
  expect((await lstat(`${path}.lock`)).mode & 0o777).toBe(0o444)
  expect(await readFile(`${path}.lock`, 'latin1')).toMatch(
    new RegExp(
      `^${process.pid}\\nmailwright [0-9a-f]{12}:[0-9a-f]{8}:${process.pid}:\\d* 0 \\d+:\\d+ [0-9a-f]{16}\\n$`,
    ),
  )
  await locked.release()
  await locked.release()
  expect(await readdir(directory)).toEqual(['inbox'])
})

it('is one writer’s at a time, and many readers’', async () => {
  const writer = await locks().acquire(path, 'exclusive')
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  await expect(locks().acquire(path, 'shared')).rejects.toMatchObject(unavailable)
  await writer.release()
  const readers = [await locks().acquire(path, 'shared'), await locks().acquire(path, 'shared')]
  expect(await readdir(directory), 'readers make no dot-lock').toEqual(['inbox'])
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  for (const reader of readers) await reader.release()
  await (await locks().acquire(path, 'exclusive')).release()
})

it('waits for its turn', async () => {
  const order: string[] = []
  const first = await locks().acquire(path, 'exclusive')
  const second = locks({ lockTimeout: 60_000 })
    .acquire(path, 'exclusive')
    .then((locked) => {
      order.push('second')
      return locked.release()
    })
  order.push('first')
  await first.release()
  await second
  expect(order).toEqual(['first', 'second'])
})

it('gives back the fcntl lock while it waits for somebody’s dot-lock, so that nobody waits for the other', async () => {
  await writeFile(`${path}.lock`, '0')
  const waiting = locks({ lockTimeout: 60_000 }).acquire(path, 'exclusive')
  await (await locks({ dotLock: 'never', lockTimeout: 10_000 }).acquire(path, 'exclusive')).release()
  await rm(`${path}.lock`)
  await (await waiting).release()
})

it('respects another program’s dot-lock until it is old', async () => {
  await writeFile(`${path}.lock`, '12345')
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  const old = new Date(Date.now() - 499_000)
  await utimes(`${path}.lock`, old, old)
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  const older = new Date(Date.now() - 501_000)
  await utimes(`${path}.lock`, older, older)
  const locked = await locks().acquire(path, 'exclusive')
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  await locked.release()
  expect(await readdir(directory)).toEqual(['inbox'])
})

it('replaces at once a lock that a dead process of ours has left on the same file', async () => {
  const fault = faultyFileSystem(nodeFileSystem)
  const first = await locks({ files: fault.fileSystem }).acquire(path, 'exclusive')
  fault.fail({ call: 'unlink', path: 'inbox.lock', error: 'EIO' })
  await first.release()
  expect(await readdir(directory)).toContain('inbox.lock')
  await (await locks().acquire(path, 'exclusive')).release()
  expect(await readdir(directory)).toEqual(['inbox'])
})

it('replaces at once a lock that a dead process of ours has left on a file that is gone', async () => {
  const first = await locks().acquire(path, 'exclusive')
  const text = await readFile(`${path}.lock`, 'latin1')
  await first.release()
  // As long as the old file has a name, no new one gets its inode: a lock on the same inode is nobody's at once.
  await link(path, join(directory, 'old'))
  const fresh = join(directory, 'fresh')
  await writeFile(fresh, '')
  await rename(fresh, path)
  await writeFile(`${path}.lock`, text)
  await (await locks().acquire(path, 'exclusive')).release()
  const { pid } = spawnSync(process.execPath, ['--version'])
  await writeFile(fresh, '')
  await rename(fresh, path)
  await writeFile(`${path}.lock`, text.replaceAll(String(process.pid), String(pid)))
  await (await locks().acquire(path, 'exclusive')).release()
  await writeFile(fresh, '')
  await rename(fresh, path)
  const alive = text.replace(/:\d+:\d* /, `:${process.ppid}: `)
  const elsewhere = text.replace(/mailwright [0-9a-f:]{21}/, `mailwright ${unknown}`)
  for (const other of [alive, elsewhere]) {
    await writeFile(`${path}.lock`, other)
    await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  }
})

const unknown = '0123456789ab:01234567'

it.each([
  ['of ours', `12\nmailwright ${unknown}:12:34 0 1:2 ${'0'.repeat(16)}\n`],
  ['of the version before', `12\nmailwright ${'0'.repeat(16)} ${'0'.repeat(16)} 0 1:2 ${'0'.repeat(16)}\n`],
  ['without a text', ''],
])(
  'replaces at once a lock %s that is older than the run of the machine, but not of another machine',
  async (_, text) => {
    await writeFile(`${path}.lock`, text)
    // It is not old by this clock.
    const clock: LockOptions['clock'] = { ...systemClock, now: () => 0 }
    await expect(locks().acquire(path, 'exclusive'), 'it is new').rejects.toMatchObject(unavailable)
    await utimes(`${path}.lock`, 0, 0)
    const nfs = { ...nodeFileSystem, statfs: async () => ({ type: 0x6969 }) }
    await expect(locks({ clock, files: nfs }).acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
    await (await locks({ clock }).acquire(path, 'exclusive')).release()
    expect(await readdir(directory)).toEqual(['inbox'])
  },
)

it('has its text on the disk before others see it', async () => {
  const { fileSystem, calls } = faultyFileSystem(nodeFileSystem)
  await (await locks({ files: fileSystem }).acquire(path, 'exclusive')).release()
  const names = calls.map(({ name }) => name)
  expect(names.indexOf('file.datasync')).toBeGreaterThan(names.indexOf('file.write'))
  expect(names.indexOf('link')).toBeGreaterThan(names.indexOf('file.datasync'))
})

it('does not take a lock of ours on another file for one left behind', async () => {
  const first = await locks().acquire(path, 'exclusive')
  // Somebody replaces the mailbox though it is locked.
  await writeFile(join(directory, 'fresh'), '')
  await rename(join(directory, 'fresh'), path)
  await expect(locks().acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
  await first.release()
  await (await locks().acquire(path, 'exclusive')).release()
})

it('locks the file that is there, not one that was replaced while it waited', async () => {
  const first = await locks({ dotLock: 'never' }).acquire(path, 'exclusive')
  const waiting = locks({ lockTimeout: 60_000 }).acquire(path, 'exclusive')
  await writeFile(join(directory, 'fresh'), 'fresh')
  await rename(join(directory, 'fresh'), path)
  await first.release()
  const locked = await waiting
  expect((await locked.file.stat()).ino).toBe((await lstat(path)).ino)
  await locked.release()
})

it('renews the dot-lock while it is held', async () => {
  const clock = fakeClock(Date.now() + 400_000)
  const renewed: Date[] = []
  const files = { ...nodeFileSystem, utimes: async (_: string, __: Date, at: Date) => void renewed.push(at) }
  const locked = await locks({ files, clock }).acquire(path, 'exclusive')
  clock.advance(100_000)
  expect(renewed).toHaveLength(2)
  await locked.release()
  clock.advance(1_000_000)
  expect(renewed).toHaveLength(2)
})

it('does not remove somebody else’s lock that has taken the place of its own', async () => {
  const locked = await locks().acquire(path, 'exclusive')
  await rm(`${path}.lock`)
  await appendFile(`${path}.lock`, 'somebody')
  await locked.release()
  expect(await readFile(`${path}.lock`, 'latin1')).toBe('somebody')
})

it.each(['EACCES', 'EPERM', 'EROFS'])(
  'does without a dot-lock only where the option says so: %s',
  async (error) => {
    const refusing = (): LockOptions['files'] =>
      faultyFileSystem(nodeFileSystem, [{ call: 'open', path: '.mailwright-lock-', error }]).fileSystem
    await expect(locks({ files: refusing() }).acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
    const before = log.lines.length
    const locked = await locks({ files: refusing(), dotLock: 'where-possible' }).acquire(path, 'exclusive')
    expect(await readdir(directory)).toEqual(['inbox'])
    await expect(locks({ dotLock: 'never' }).acquire(path, 'exclusive')).rejects.toMatchObject(unavailable)
    await locked.release()
    expect(log.lines.slice(before).map(({ event }) => event)).toEqual(['unavailable'])
  },
)

it('has released everything after a failure of any call', async () => {
  for (let skip = 0, struck = true; struck; skip++) {
    const fault = faultyFileSystem(nodeFileSystem)
    const end = fault.fail({ skip })
    const locked = await locks({ files: fault.fileSystem })
      .acquire(path, 'exclusive')
      .catch(() => undefined)
    await locked?.release()
    struck = end()
    const next = await locks().acquire(path, 'exclusive')
    await next.release()
    expect(await readdir(directory), `after call ${skip}`).toEqual(expect.not.arrayContaining(['inbox.lock']))
  }
})

it('follows no symbolic link, and locks nothing that is no file', async () => {
  const link = join(directory, 'link')
  await symlink(path, link)
  await expect(locks().acquire(link, 'exclusive')).rejects.toMatchObject({ code: 'ELOOP' })
  await mkdir(join(directory, 'dir'))
  await expect(locks().acquire(join(directory, 'dir'), 'shared')).rejects.toMatchObject(unavailable)
  await expect(locks().acquire(join(directory, 'none'), 'exclusive')).rejects.toMatchObject({
    code: 'ENOENT',
  })
})

it('has locks of its own for what is no mailbox', async () => {
  const own = join(directory, 'maildrop.lock')
  const first = await locks().tryOwn(own)
  expect(first).toBeDefined()
  expect(await locks().tryOwn(own)).toBeUndefined()
  await expect(locks().acquireOwn(own)).rejects.toMatchObject(unavailable)
  await first?.release()
  await (await locks().acquireOwn(own)).release()
})
