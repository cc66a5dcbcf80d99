import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type QueueItem, reply } from 'mailwright'
import { type Ran, runCommand } from '../command-line.ts'
import { temporaryProject } from '../project.ts'
import { projectFolder } from '../project-files.ts'
import type { ListedQueue } from './listed-queue.ts'

/** A project whose queue holds what a test says. */
export interface QueueProject extends AsyncDisposable {
  readonly folder: string
  /** From now on the queue holds this, and no call has come. */
  hold(what: ListedQueue): Promise<void>
  /** `mailwright queue …` */
  run(...words: readonly string[]): Promise<Ran>
  /** What the queue was asked for. */
  calls(): Promise<readonly unknown[]>
}

const minute = 60_000
const ago = (minutes: number): Date => new Date(Date.now() - minutes * minute - 5_000)
const ahead = (minutes: number): Date => new Date(Date.now() + minutes * minute + 30_000)

/** Waits for many recipients. */
export const greylisted: QueueItem = {
  id: 'first',
  place: '1',
  reversePath: { localPart: 'someone', domain: 'example.org' },
  arrivedAt: new Date('2026-11-28T10:00:00.123Z'),
  expiresAt: ahead(3 * 24 * 60),
  size: 12_345,
  state: 'waiting',
  nextAttempt: ahead(12),
  recipients: [
    {
      address: { localPart: 'bob', domain: 'xn--mller-kva.example' },
      destination: 'xn--mller-kva.example',
      attempts: 3,
      nextAttempt: ahead(12),
      lastReply: reply(450, '4.2.0', ['Greylisted', 'come back']),
      lastCause: 'greylisted',
      lastHost: 'mx.example.net',
    },
    {
      address: { localPart: 'al', domain: 'example.net' },
      destination: 'example.net',
      attempts: 0,
      nextAttempt: ago(1),
      lastReply: undefined,
    },
  ],
  recipientCount: 2_502,
}

const nasty: QueueItem = {
  id: 'second',
  place: '2',
  reversePath: null,
  arrivedAt: new Date('2026-11-29T11:00:00Z'),
  expiresAt: ago(5),
  size: 5 * 1_048_576,
  state: 'held',
  reason: 'looks\nlike \x1b[31mspam',
  nextAttempt: undefined,
  recipients: [
    {
      address: { localPart: 'a\u202eb', domain: 'example.net' },
      destination: 'example.net',
      attempts: 1,
      nextAttempt: undefined,
      // As no reply of ours may be: what a provider of another's making might hand over.
      lastReply: { code: 451, enhanced: undefined, lines: ['\x1b]0;title\x07'] },
    },
  ],
  recipientCount: 1,
}

const active: QueueItem = {
  ...greylisted,
  id: 'third',
  place: '3',
  state: 'active',
  size: 0,
  recipientCount: 2,
  nextAttempt: undefined,
}

/** Three messages and two destinations. */
export const listed: ListedQueue = {
  items: [greylisted, nasty, active],
  total: {
    recipients: 47,
    held: 3,
    ages: [10, 1, 0, 0, 0, 0, 0, 0, 0, 36],
    oldest: ago(3 * 24 * 60).getTime(),
    destinations: 3,
    paused: 1,
  },
  destinations: [
    {
      destination: 'example.net',
      recipients: 44,
      ages: [10, 0, 0, 0, 0, 0, 0, 0, 0, 34],
      oldest: ago(3 * 24 * 60).getTime(),
      pausedUntil: ahead(7),
      pausedFor: reply(451, '4.4.1', 'No answer'),
      pausedCause: 'unreachable',
      held: 3,
    },
    {
      destination: 'local',
      recipients: 1,
      ages: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
      oldest: ago(6).getTime(),
      pausedUntil: undefined,
    },
  ],
  messages: {
    first: 'Subject: caf\xe9 \x1b[2J\r\nTo: bob@example.net\r\n\r\nbody \xff\x00\r\n',
  },
}

export async function queueProject(): Promise<QueueProject> {
  const project = await temporaryProject()
  const file = join(project.folder, 'queue.json')
  const plugin = join(projectFolder, 'test/support/queue/listed-queue.ts')
  await project.write(
    'mailwright.config.ts',
    `import { listedQueue } from ${JSON.stringify(plugin)}
     export default { dataDir: 'data', plugins: [listedQueue({ file: ${JSON.stringify(file)} })] }`,
  )
  return {
    folder: project.folder,
    async hold(what) {
      await writeFile(file, JSON.stringify(what))
      await rm(`${file}.calls`, { force: true })
    },
    run: (...words) => runCommand(project.folder, ['queue', ...words]),
    async calls() {
      const text = await readFile(`${file}.calls`, 'utf8').catch(() => '')
      const lines = text.split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line) as unknown)
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  }
}
