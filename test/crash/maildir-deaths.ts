// Processes that die at a call to the file system, and what is found after that.
import { spawn } from 'node:child_process'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type AccountStore, type Mailbox, readAll } from 'mailwright'
import { expect } from 'vitest'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { CallRecord } from '../support/faults/call-record.ts'
import { dyingFiles } from '../support/faults/dying-files.ts'
import { interferedFiles, unsyncedFiles } from '../support/faults/failing-files.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { inTime } from './in-time.ts'
import {
  crashMessage,
  deliverLabel,
  isLogged,
  type OpenedMaildir,
  openMaildir,
  tasks,
  timeless,
} from './maildir-tasks.ts'

/** What somebody said before the end, and whether that was death. */
export interface Ended {
  readonly said: readonly string[]
  readonly killed: boolean
}

export type TaskName = keyof typeof tasks

/** Runs a process; kills it when it has said so many lines, or lets it kill itself at a call to the file system. */
export function work(
  task: TaskName,
  words: readonly string[],
  { dieAt = -1, lines = Number.POSITIVE_INFINITY }: { readonly dieAt?: number; readonly lines?: number },
): Promise<Ended> {
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
async function workHere(task: TaskName, at: string, dieAt: number): Promise<Ended> {
  const { files, death, bury, calls } = dyingFiles(nodeFileSystem, dieAt)
  const said: string[] = []
  const done = openMaildir(at, files, timeless, isLogged(task)).then((opened) =>
    tasks[task](opened, (line) => void said.push(line), 'x'),
  )
  const part = { folder: at, calls }
  const ended = () => Promise.race([done.then(() => false), death.then(() => true)])
  const killed = await inTime({ name: `${task}, to die at ${dieAt}`, ...part }, ended)
  await inTime({ name: `burying ${task}, dead at ${dieAt}`, ...part }, bury)
  return { said: [...said], killed }
}

/** What those have asked the disk for who look at a Maildir here. */
const callsHere = new CallRecord()

/** The Maildir as others see it, who do not wait for the disk. */
export function openHere(at: string): Promise<OpenedMaildir> {
  const files = interferedFiles(
    unsyncedFiles(nodeFileSystem),
    () => undefined,
    (call, answer) => callsHere.add(call, answer),
  )
  return openMaildir(at, files, timeless)
}

/** The labels of the messages in a mailbox; fails for a message that is not whole. */
export async function labels(mailbox: Mailbox): Promise<readonly string[]> {
  const found: string[] = []
  for (const { uid } of mailbox.entries) {
    const text = (await readAll(await mailbox.content(uid))).toString()
    const label = /^Subject: (\S+)\r\n/.exec(text)?.[1] ?? ''
    expect(text === crashMessage(label), `message ${label} is whole`).toBe(true)
    found.push(label)
  }
  return found
}

export async function labelsIn(mailboxes: AccountStore, name: string): Promise<readonly string[]> {
  const mailbox = await mailboxes.openMailbox(name)
  const found = await labels(mailbox)
  await mailbox.close()
  return found
}

/** Five messages in INBOX, with UIDs where somebody has looked at them, and one in Archive. */
export async function prepare(at: string, looked = true): Promise<readonly string[]> {
  const { mailboxes, close } = await openHere(at)
  await mailboxes.createMailbox('Archive')
  const all = ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']
  for (const label of all) await deliverLabel(mailboxes, label)
  await deliverLabel(mailboxes, 'old-1', 'Archive')
  if (looked) await close()
  return all
}

export interface Deaths {
  /** A Maildir that is prepared in `prepared` below it, and room for copies. */
  readonly root: string
  readonly task: TaskName
  /** How many calls there are from one death to the next: 1. */
  readonly step?: number
  /** How many real processes die as well: 1. */
  readonly processes?: number
  check(at: string, ended: Ended): Promise<void>
}

/**
 * Lets a task die at its first call to the file system, at its second, and so on, each time on a fresh copy, until one
 * gets to its end; then real processes, at a few of the calls. Answers how many calls there are.
 */
export async function atEveryCall({ root, task, check, step = 1, processes = 1 }: Deaths): Promise<number> {
  const onCopy = async (dieAt: number, run: (at: string) => Promise<Ended>): Promise<Ended> => {
    const at = join(root, `at-${dieAt}`)
    // The text of a lock is whose it is, and no path.
    await cp(join(root, 'prepared'), at, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    })
    const ended = await run(at)
    const part = { folder: at, calls: callsHere }
    await inTime({ name: `the check after ${task}, dead at ${dieAt}`, ...part }, () => check(at, ended))
    await inTime({ name: `removing what ${task} has left, dead at ${dieAt}`, ...part }, () =>
      rm(at, { recursive: true }),
    )
    return ended
  }
  let calls = 0
  while ((await onCopy(calls, (at) => workHere(task, at, calls))).killed) calls += step
  const some = Array.from({ length: processes }, (_, at) => Math.floor((calls * (at + 1)) / (processes + 1)))
  const ended = await Promise.all(
    some.map((dieAt) =>
      onCopy(dieAt, (at) =>
        inTime({ name: `${task} in a process, to die at ${dieAt}`, folder: at, calls: callsHere }, () =>
          work(task, [at, 'x'], { dieAt }),
        ),
      ),
    ),
  )
  expect(ended.every(({ killed }) => killed)).toBe(true)
  return calls
}
