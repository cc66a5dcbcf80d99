// Two processes, others that are killed, and another program on one Maildir, at random. MAILWRIGHT_RANDOM_SECONDS makes it longer,
// MAILWRIGHT_RANDOM_SEED another one.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { readAll, systemClock } from 'mailwright'
import { maildirFlags, parseMaildirFileName } from 'mailwright/formats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { openMaildir } from '../crash/maildir-tasks.ts'
import { Random } from '../generator/random.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'

const python = requirePeer('python3')
const seconds = Number(process.env.MAILWRIGHT_RANDOM_SECONDS ?? 20)
const seed = Number(process.env.MAILWRIGHT_RANDOM_SEED ?? 1)
const names = ['INBOX', 'Archive'] as const

type Message = readonly [uid: number, id: string, flags: readonly string[], size: number, modSequence: number]

/** What a session sees at the end. */
interface Final {
  readonly final: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSequence: number
  readonly messages: readonly Message[]
  /** UID, label and digest of all messages that it has ever read. */
  readonly prints: readonly (readonly [number, string, string])[]
}

interface Line {
  readonly made?: string
  readonly gone?: string
  readonly started?: true
  readonly stopped?: number
  readonly final?: string
}

let root = ''
const running: Worker[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mailwright-random-'))
})
afterEach(async () => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL')
  await rm(root, { recursive: true, force: true })
})

/** A process that works until it is told to stop. */
class Worker {
  readonly child: ChildProcessWithoutNullStreams
  readonly lines: Line[] = []
  readonly #ended: Promise<string>

  constructor(program: string, words: readonly string[]) {
    this.child = spawn(program, words, { env: environment(), stdio: 'pipe' })
    running.push(this)
    createInterface(this.child.stdout).on('line', (line) => void this.lines.push(JSON.parse(line) as Line))
    let errors = ''
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text
    })
    this.child.stdin.on('error', () => undefined)
    this.#ended = new Promise((resolve) => {
      this.child.on('close', (code) => resolve(code === 0 ? '' : `${errors}ended with ${code}`))
    })
  }

  say(line: string): void {
    this.child.stdin.write(`${line}\n`)
  }

  /** Resolves when it has begun to work; fails when it ends before. */
  async started(): Promise<void> {
    await this.#said(({ started }) => started)
  }

  /** Resolves when it has stopped, with how much it has done. */
  stopped(): Promise<number> {
    return this.#said(({ stopped }) => stopped)
  }

  async #said<T>(of: (line: Line) => T | undefined): Promise<T> {
    let problem: string | undefined
    void this.#ended.then((text) => {
      problem = text
    })
    for (;;) {
      for (const line of this.lines) {
        const found = of(line)
        if (found !== undefined) return found
      }
      if (problem !== undefined) expect.fail(`seed ${seed}: ${problem}`)
      await pause(10)
    }
  }

  /** Resolves at its end; fails where that was not a good one. */
  async end(): Promise<void> {
    this.child.stdin.end()
    expect(await this.#ended, `seed ${seed}`).toBe('')
  }

  /** Kills it; fails where it ended before. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    expect(await this.#ended, `seed ${seed}`).toBe('ended with null')
  }

  /** Fails when it ends before so many milliseconds are over. */
  async runFor(milliseconds: number): Promise<void> {
    const early = await Promise.race([pause(milliseconds), this.#ended])
    expect(early, `seed ${seed}`).toBeUndefined()
  }
}

const newChild = (name: string, at: number): Worker =>
  new Worker(process.execPath, [
    '--conditions=mailwright-source',
    join(projectFolder, 'test/peers/maildir-random-child.ts'),
    root,
    name,
    String(at),
  ])

/** Processes that are killed soon after they have begun to work, one after the other. */
async function mortals(end: number): Promise<readonly Worker[]> {
  const random = new Random(seed)
  const killed: Worker[] = []
  while (Date.now() < end) {
    const child = newChild(`mortal${killed.length}`, seed + 100 + killed.length)
    await child.started()
    await child.runFor(random.below(1000))
    await child.kill()
    killed.push(child)
  }
  return killed
}

const labelsSaid = (lines: readonly Line[], what: 'made' | 'gone'): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => line[what] ?? []))

/** A message, whatever it is called: a copy has its original's id, but not its name. */
function described(octets: Buffer, flags: readonly string[]): string {
  const text = octets.toString('latin1').replace(/\r?\n/g, '\r\n')
  const system = flags.filter((flag) => flag.startsWith('\\'))
  return [createHash('sha256').update(text, 'latin1').digest('hex'), ...system].join(' ')
}

/** The messages as the directories have them: octets and system flags. */
async function onDisk(name: string): Promise<readonly string[]> {
  const path = join(root, 'ann', name === 'INBOX' ? '' : `.${name}`)
  const found: string[] = []
  for (const directory of ['new', 'cur'])
    for (const file of await readdir(join(path, directory))) {
      const octets = await readFile(join(path, directory, file))
      found.push(described(octets, maildirFlags(parseMaildirFileName(file)?.letters ?? '')))
    }
  return found.sort()
}

/** The same as a process shows them that starts now. */
async function shown(name: string): Promise<readonly string[]> {
  const { mailboxes } = await openMaildir(root, nodeFileSystem, systemClock)
  const mailbox = await mailboxes.openMailbox(name)
  const found: string[] = []
  for (const { uid, flags } of mailbox.entries)
    found.push(described(await readAll(await mailbox.content(uid)), flags))
  return found.sort()
}

/** What a process sees that starts now. */
async function freshViews(): Promise<ReadonlyMap<string, readonly Message[]>> {
  const { mailboxes } = await openMaildir(root, nodeFileSystem, systemClock)
  const views = new Map<string, readonly Message[]>()
  for (const name of [...names, ...(await mailboxes.mailboxes()).map((each) => each.name)]) {
    const { entries } = await mailboxes.openMailbox(name)
    views.set(
      name,
      entries.map(({ uid, id, flags, size, modSequence }) => [uid, id, flags, size, modSequence]),
    )
  }
  return views
}

/** The labels of everything that is left. */
async function labelsLeft(): Promise<ReadonlySet<string>> {
  const { mailboxes } = await openMaildir(root, nodeFileSystem, systemClock)
  const left = new Set<string>()
  for (const { name } of await mailboxes.mailboxes()) {
    const mailbox = await mailboxes.openMailbox(name)
    const uids = mailbox.entries.map(({ uid }) => uid)
    for await (const { header } of mailbox.summaries(uids)) left.add(header.first('subject')?.text ?? '')
  }
  return left
}

/** Demands that no two sessions have ever known different messages under one UID. */
function expectOneMessageAUid(finals: readonly Final[]): void {
  const known = new Map<string, string>()
  for (const { final, uidValidity, prints } of finals) {
    for (const [uid, label, digest] of prints) {
      const key = `${final} ${uidValidity} ${uid}`
      expect(known.get(key) ?? `${label} ${digest}`, key).toBe(`${label} ${digest}`)
      known.set(key, `${label} ${digest}`)
    }
  }
}

describe.runIf(python.available)(`two processes, others that are killed, and ${python.title}`, () => {
  it('agree at the end, and no client was told anything wrong before', {
    timeout: (seconds + 100) * 1000,
  }, async () => {
    const { mailboxes } = await openMaildir(root, nodeFileSystem, systemClock)
    for (const name of ['Archive', 'Side/Child']) await mailboxes.createMailbox(name)
    const children = [newChild('one', seed), newChild('two', seed + 7)]
    const others = ['ann', 'ann/.Archive'].map(
      (path, at) =>
        new Worker('python3', [
          join(projectFolder, 'test/peers/maildir-random.py'),
          join(root, path),
          String(seed + at),
        ]),
    )
    const lasting = [...children, ...others]
    const [killed] = await Promise.all([
      mortals(Date.now() + seconds * 1000),
      ...lasting.map((each) => each.runFor(seconds * 1000)),
    ])
    for (const each of others) await each.end()
    for (const each of children) each.say('stop')
    for (const each of children) expect(await each.stopped()).toBeGreaterThan(50)
    // Somebody else's change at the very moment of ours is noticed a second later.
    await pause(1500)
    for (const each of children) each.say('look')
    for (const each of children) await each.end()

    const lines = [...lasting, ...killed].flatMap((each) => each.lines)
    const finals = lines.filter((line): line is Final => line.final !== undefined)
    expect(finals).toHaveLength(8)
    const fresh = await freshViews()
    for (const name of names) {
      const views = finals.filter(({ final }) => final === name)
      for (const { messages } of views) expect(messages, name).toEqual(fresh.get(name))
      expect(await shown(name), name).toEqual(await onDisk(name))
    }
    expectOneMessageAUid(finals)
    const [made, gone, left] = [labelsSaid(lines, 'made'), labelsSaid(lines, 'gone'), await labelsLeft()]
    expect([...made].filter((label) => !gone.has(label) && !left.has(label))).toEqual([])
    // Who was killed may have done what it could not say.
    expect([...left].filter((label) => !made.has(label) && !label.startsWith('mortal'))).toEqual([])
  })
})
