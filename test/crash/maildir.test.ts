import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type AccountStore, type Mailbox, readAll } from 'mailwright'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { nodeFileSystem } from '../../plugins/maildir/file-system.ts'
import { dyingFiles } from '../support/dying-files.ts'
import { unsyncedFiles } from '../support/failing-files.ts'
import { fileContents } from '../support/maildir.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { crashMessage, deliverLabel, openMaildir, tasks } from './maildir-tasks.ts'

/** What somebody said before the end, and whether that was death. */
interface Ended {
  readonly said: readonly string[]
  readonly killed: boolean
}

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-crash-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/** Runs a process; kills it when it has said so many lines, or lets it kill itself at a call to the file system. */
function work(
  task: keyof typeof tasks,
  words: readonly string[],
  { dieAt = -1, lines = Number.POSITIVE_INFINITY },
) {
  const program = join(projectFolder, 'test/crash/maildir-child.ts')
  const child = spawn(process.execPath, ['--conditions=mailwright-source', program, task, ...words], {
    env: environment({ DIE_AT: String(dieAt) }),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: string[] = []
  createInterface(child.stdout).on('line', (line) => {
    if (said.push(line) >= lines) child.kill('SIGKILL')
  })
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve({ said, killed: signal === 'SIGKILL' })
      else reject(new Error(`the process ended with ${code ?? signal}`))
    })
  })
}

/** The same without a process: from the call on, nothing reaches the disk any more. */
async function workHere(task: keyof typeof tasks, at: string, dieAt: number): Promise<Ended> {
  const { files, death, bury } = dyingFiles(nodeFileSystem, dieAt)
  const said: string[] = []
  const done = openMaildir(at, files).then((mailboxes) =>
    tasks[task](mailboxes, (line) => void said.push(line), 'x'),
  )
  const killed = await Promise.race([done.then(() => false), death.then(() => true)])
  // What was under way beside the last call comes to its end.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
  await bury()
  return { said: [...said], killed }
}

/** The Maildir as others see it, who do not wait for the disk. */
function open(at = root): Promise<AccountStore> {
  return openMaildir(at, unsyncedFiles(nodeFileSystem))
}

/** The labels of the messages in a mailbox; fails for a message that is not whole. */
async function labels(mailbox: Mailbox): Promise<readonly string[]> {
  const found: string[] = []
  for (const { uid } of mailbox.entries) {
    const text = (await readAll(await mailbox.content(uid))).toString()
    const label = /^Subject: (\S+)\r\n/.exec(text)?.[1] ?? ''
    expect(text === crashMessage(label), `message ${label} is whole`).toBe(true)
    found.push(label)
  }
  return found
}

async function labelsIn(mailboxes: AccountStore, name: string): Promise<readonly string[]> {
  const mailbox = await mailboxes.openMailbox(name)
  const found = await labels(mailbox)
  await mailbox.close()
  return found
}

/** A Maildir with five messages in INBOX and one in Archive. */
async function prepare(at: string): Promise<readonly string[]> {
  const mailboxes = await open(at)
  await mailboxes.createMailbox('Archive')
  const all = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']
  for (const label of all) await deliverLabel(mailboxes, label)
  await deliverLabel(mailboxes, 'old-1', 'Archive')
  return all
}

/**
 * Lets a task die at its first call to the file system, at its second, and so on, each time on a fresh copy, until one
 * gets to its end; then real processes, at a few of the calls.
 */
async function atEveryCall(
  task: keyof typeof tasks,
  check: (at: string, ended: Ended) => Promise<void>,
): Promise<number> {
  const onCopy = async (dieAt: number, run: (at: string) => Promise<Ended>): Promise<Ended> => {
    const at = join(root, `at-${dieAt}`)
    await cp(join(root, 'prepared'), at, { recursive: true, preserveTimestamps: true })
    const ended = await run(at)
    await check(at, ended)
    await rm(at, { recursive: true })
    return ended
  }
  let calls = 0
  while ((await onCopy(calls, (at) => workHere(task, at, calls))).killed) calls += 1
  const some = [0.2, 0.4, 0.6, 0.8].map((part) => Math.floor(part * calls))
  const ended = await Promise.all(
    some.map((dieAt) => onCopy(dieAt, (at) => work(task, [at, 'x'], { dieAt }))),
  )
  expect(ended.every(({ killed }) => killed)).toBe(true)
  return calls
}

it('has every acknowledged message whole, and no half one, after a death at any call', async () => {
  await open(join(root, 'prepared'))
  const calls = await atEveryCall('deliver', async (at, { said }) => {
    const mailboxes = await open(at)
    const found = await labelsIn(mailboxes, 'INBOX')
    expect(found.slice(0, said.length)).toEqual(said)
    expect(found.length).toBeLessThanOrEqual(said.length + 1)
    expect(await fileContents(join(at, 'ann'))).toHaveLength(found.length)
    expect((await readdir(join(at, 'ann/tmp'))).length).toBeLessThanOrEqual(1)
  })
  expect(calls).toBeGreaterThan(25)
})

it('has every UID that was shown, on the same message, after a death at any call', async () => {
  await prepare(join(root, 'prepared'))
  const calls = await atEveryCall('open', async (at, { said }) => {
    const mailbox = await (await open(at)).openMailbox('INBOX')
    const lines = mailbox.entries.map(({ uid, id }) => `${mailbox.uidValidity} ${uid} ${id}`)
    expect(lines.slice(0, said.length)).toEqual(said)
    expect(await labels(mailbox)).toEqual(['a-1', 'a-2', 'a-3', 'a-4', 'a-5'])
  })
  expect(calls).toBeGreaterThan(15)
})

it('has expunged all or none after a death at any call', async () => {
  const all = await prepare(join(root, 'prepared'))
  await atEveryCall('expunge', async (at, { said }) => {
    const found = await labelsIn(await open(at), 'INBOX')
    expect([all, all.slice(3)]).toContainEqual(found)
    if (said.length > 0) expect(found).toEqual(all.slice(3))
    expect(await fileContents(join(at, 'ann'))).toHaveLength(found.length)
  })
})

it('has moved all or copied all or none, and lost none, after a death at any call', async () => {
  const all = await prepare(join(root, 'prepared'))
  await atEveryCall('move', async (at, { said }) => {
    const mailboxes = await open(at)
    const [left, arrived] = [await labelsIn(mailboxes, 'INBOX'), await labelsIn(mailboxes, 'Archive')]
    expect([all, all.slice(3)]).toContainEqual(left)
    expect([['old-1'], ['old-1', ...all.slice(0, 3)]]).toContainEqual(arrived)
    if (left.length < all.length) expect(arrived).toHaveLength(4)
    if (said.length > 0) expect(left).toEqual(all.slice(3))
  })
})

it('has every message under its UID after a death at any change of flags', async () => {
  const all = await prepare(join(root, 'prepared'))
  await (await (await open(join(root, 'prepared'))).openMailbox('INBOX')).close()
  await atEveryCall('flag', async (at, { said }) => {
    const mailbox = await (await open(at)).openMailbox('INBOX')
    expect(await labels(mailbox)).toEqual(all)
    expect(mailbox.entries.map(({ uid }) => uid)).toEqual([1, 2, 3, 4, 5])
    if (said.length > 0) expect(mailbox.entries.every(({ flags }) => flags.includes('\\Seen'))).toBe(true)
  })
})

it('loses nothing when processes that deliver side by side are killed, one after the other', async () => {
  const mailboxes = await openMaildir(root, nodeFileSystem)
  const reader = await mailboxes.openMailbox('INBOX')
  const seen = new Map<number, string>()
  const acknowledged: string[] = []
  const rounds = [3, 17, 1, 40, 9, 26].map(async (lines, round) => {
    const ended = await work('flood', [root, `p${round}`], { lines })
    expect(ended.killed).toBe(true)
    acknowledged.push(...ended.said)
  })
  let running = true
  const reading = (async () => {
    while (running) {
      await reader.refresh()
      for (const { uid, id } of reader.entries) {
        expect(seen.get(uid) ?? id).toBe(id)
        seen.set(uid, id)
      }
    }
  })()
  await Promise.all(rounds).finally(() => {
    running = false
  })
  await reading
  await reader.refresh()
  const found = await labels(reader)
  expect(new Set(found).size).toBe(found.length)
  expect(acknowledged.filter((label) => !found.includes(label))).toEqual([])
  for (const [uid, id] of seen) expect(reader.entries.find((entry) => entry.uid === uid)?.id).toBe(id)
})
