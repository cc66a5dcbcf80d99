import {
  appendFile,
  lstat,
  lutimes,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatProcess, ownProcess } from 'mailwright/disk'
import { codeOf } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Journal, readJournal } from './journal.ts'
import { lockRun } from './run-lock.ts'

let folder = ''
let path = ''
const start = { identity: '1', target: 'INBOX', targetId: 'b1', keepUids: true }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-journal-'))
  path = join(folder, 'import', 'state.jsonl')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (): Promise<Journal> => Journal.open(path, { source: 'somewhere' })

/** What a run that was killed leaves: its lines as far as they are written, and its lock. */
async function killed(run: (journal: Journal) => Promise<void>): Promise<void> {
  const journal = await open()
  await run(journal)
  const [text, at] = [await readFile(path), path]
  await journal.close()
  await writeFile(at, text)
}

it('knows in the next run what was stored in the last', async () => {
  const journal = await open()
  journal.start('A', start)
  await journal.begin(['1', '2', '3'], 7, 10)
  journal.end(['2'])
  journal.found(['4'])
  await journal.complete()
  journal.start('B', { ...start, target: 'B' })
  await journal.close()
  const again = await open()
  expect(again.record('A')).toMatchObject({ ...start, recheck: false, pendingFrom: undefined })
  expect([...(again.record('A')?.done ?? [])]).toEqual(['1', '3', '4'])
  expect(again.record('A')?.pending.size).toBe(0)
  expect(again.record('B')).toMatchObject({ target: 'B' })
  expect(again.record('C')).toBeUndefined()
  await again.close()
})

it('is in doubt about a batch that was begun and not ended', async () => {
  await killed(async (journal) => {
    journal.start('A', start)
    await journal.begin(['1'], 7, 10)
    journal.end([])
    await journal.begin(['2', '3'], 7, 11)
    journal.end([])
  })
  const again = await open()
  expect([...(again.record('A')?.done ?? [])]).toEqual(['1'])
  expect([...(again.record('A')?.pending ?? [])]).toEqual(['2', '3'])
  expect(again.record('A')?.pendingFrom).toEqual({ uidValidity: 7, uid: 11 })
  await again.close()
})

it('keeps the doubt over several runs that end early, until it is settled', async () => {
  await killed(async (journal) => {
    journal.start('A', start)
    await journal.begin(['1', '2'], 7, 10)
  })
  await killed(async (journal) => {
    journal.start('A', start)
    journal.found(['1'])
    await journal.begin(['3'], 7, 12)
  })
  const again = await open()
  expect(again.record('A')).toMatchObject({ recheck: false, pendingFrom: { uidValidity: 7, uid: 10 } })
  expect([...(again.record('A')?.pending ?? [])]).toEqual(['2', '3'])
  await again.begin(['2', '3'], 7, 12)
  again.end([])
  expect(again.record('A')?.pendingFrom).toBeUndefined()
  await again.close()
})

it('looks everywhere where the UIDVALIDITY of the target has changed between two doubts', async () => {
  await killed(async (journal) => {
    journal.start('A', start)
    await journal.begin(['1'], 7, 10)
    await journal.begin(['2'], 8, 3)
  })
  const again = await open()
  expect(again.record('A')?.recheck).toBe(true)
  await again.close()
})

it.each([{ identity: '2' }, { targetId: 'b2' }])(
  'trusts nothing that was noted of another mailbox: %j',
  async (other) => {
    const journal = await open()
    journal.start('A', start)
    await journal.begin(['1'], 7, 10)
    journal.end([])
    const record = journal.start('A', { ...start, ...other })
    expect(record).toMatchObject({ ...other, recheck: true, pendingFrom: undefined })
    expect(record.done.size).toBe(0)
    await journal.close()
    const again = await open()
    expect(again.record('A')).toMatchObject({ recheck: true })
    again.start('A', { ...start, ...other })
    await again.complete()
    expect(again.record('A')).toMatchObject({ recheck: false })
    await again.close()
  },
)

it('cuts off a line that a crash has torn', async () => {
  const journal = await open()
  journal.start('A', start)
  await journal.begin(['1'], 7, 10)
  journal.end([])
  await journal.close()
  const whole = await readFile(path, 'utf8')
  await appendFile(path, '{"begin":["ü')
  expect((await readJournal(path)).mailboxes.get('A')?.done.size).toBe(1)
  const again = await open()
  expect([...(again.record('A')?.done ?? [])]).toEqual(['1'])
  await again.close()
  expect(await readFile(path, 'utf8')).toBe(whole)
})

it.each(['nonsense', '[]', '{"begin":1}', '{"mailbox":"A"}', 'null'])(
  'trusts nothing where a line is damaged: %s',
  async (line) => {
    const journal = await open()
    journal.start('A', start)
    await journal.begin(['1'], 7, 10)
    journal.end([])
    await journal.close()
    await appendFile(path, `${line}\n{"complete":true}\n`)
    const again = await open()
    expect(again.record('A')).toMatchObject({ recheck: true })
    expect(again.record('A')?.done.size).toBe(0)
    await again.close()
  },
)

it('nothing is known where there is no file', async () => {
  expect((await readJournal(join(folder, 'none'))).mailboxes.size).toBe(0)
})

it('lets one run in at a time', async () => {
  const journal = await open()
  expect(codeOf(await open().catch((error: unknown) => error))).toBe('MAIL_E_IN_USE')
  await journal.close()
  await (await open()).close()
})

it('takes the lock of a process that is dead, or was none', async () => {
  await (await open()).close()
  for (const holder of ['999999999', 'somebody', '0']) {
    await symlink(holder, `${path}.lock`)
    await (await open()).close()
  }
  await symlink('1', `${path}.lock`)
  const refused = await open().catch((error: unknown) => error)
  expect(codeOf(refused)).toBe('MAIL_E_IN_USE')
  expect((refused as Error).message).toContain(`${path}.lock may be removed`)
})

it('takes a lock of a process with the id of a living one that is not it', async () => {
  await (await open()).close()
  const lock = `${path}.lock`
  const before = new Date(0)
  // As in a container, where every run is process 1; and after the machine was started anew.
  const again = formatProcess({ ...ownProcess, pid: process.ppid, started: '1' })
  const container = formatProcess({ ...ownProcess, namespace: '0'.repeat(8) })
  await symlink(again, lock)
  await (await open()).close()
  await symlink(container, lock)
  const refused = await open().catch((error: unknown) => error)
  expect(codeOf(refused), 'it may run').toBe('MAIL_E_IN_USE')
  expect((refused as Error).message).toMatch(
    /another container .* two minutes after its last sign of life \(\d{4}-/,
  )
  for (const holder of [container, '1']) {
    await rm(lock, { force: true })
    await symlink(holder, lock)
    await lutimes(lock, before, before)
    await (await open()).close()
  }
})

it('lets only one in where several find what a dead process has left', async () => {
  await (await open()).close()
  const lock = `${path}.lock`
  for (let round = 0; round < 50; round++) {
    await symlink(formatProcess({ ...ownProcess, namespace: '0'.repeat(8) }), lock)
    await lutimes(lock, 0, 0)
    const opened = await Promise.allSettled(Array.from({ length: 2 }, open))
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of opened) if (each.status === 'fulfilled') await each.value.close()
    expect((await readdir(join(folder, 'import'))).filter((name) => name.includes('.lock'))).toEqual([])
  }
})

it('neither renews nor removes a lock that is not its own any more', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const other = join(folder, 'other.lock')
    const own = await lockRun(other)
    const journal = await open()
    const lock = `${path}.lock`
    await rm(lock)
    await symlink(formatProcess({ ...ownProcess, namespace: '0'.repeat(8) }), lock)
    for (const each of [lock, other]) await lutimes(each, 0, 0)
    vi.advanceTimersByTime(60_000)
    await vi.waitFor(async () => expect((await lstat(other)).mtimeMs).not.toBe(0), { timeout: 30_000 })
    await journal.close()
    await own.release()
    expect((await lstat(lock)).mtimeMs).toBe(0)
    await expect(lstat(other)).rejects.toThrow('ENOENT')
  } finally {
    vi.useRealTimers()
  }
})

it('says where it cannot be kept', async () => {
  await writeFile(join(folder, 'import'), '')
  expect(codeOf(await open().catch((error: unknown) => error))).toBe('MAIL_E_UNAVAILABLE')
})
