import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database, Metrics, NextHops, Queue } from 'mailwright'
import {
  type CapturedLog,
  capturedLog,
  type FakeClock,
  type FaultyDatabase,
  fakeClock,
  faultyDatabase,
} from 'mailwright/testing'
import { createKeepingQueue, type KeepingQueue } from '../../../plugins/queue/keeping-queue.ts'
import { parseOptions, type QueueInput } from '../../../plugins/queue/options.ts'
import { queueMigrations } from '../../../plugins/queue/tables/migrations.ts'
import type { DatabaseUnderTest } from '../database-under-test.ts'
import { openDatabase } from './queue-database.ts'
import { type Fate, fate } from './queue-fate.ts'
import { type WorldDelivery, worldDelivery } from './queue-world-delivery.ts'
import { type Reporter, reporter } from './queue-world-reports.ts'

export interface QueueWorldOptions {
  readonly options?: QueueInput
  /** Nobody tells senders. */
  readonly silent?: boolean
  readonly nextHops?: NextHops
  /** All processes count here. */
  readonly metrics?: Metrics
}

/** One process with a queue. */
export interface QueueNode {
  readonly queue: Queue
  readonly keeping: KeepingQueue
  readonly log: CapturedLog
  /** Between the queue and its database. */
  readonly faults: FaultyDatabase
  /** As SIGKILL would: nothing that it does has any effect from now on. */
  kill(): void
  /** As SIGSTOP would. Answers the call that lets it go on. */
  freeze(): () => void
  stop(): Promise<void>
}

/** A database, a folder, a clock and a delivery for the queues of one or several processes. */
export interface QueueWorld extends AsyncDisposable {
  readonly base: DatabaseUnderTest
  readonly folder: string
  readonly clock: FakeClock
  readonly delivery: WorldDelivery
  readonly reports: Reporter
  /** For looking into the tables. */
  readonly database: Database
  /** Starts another process. */
  node(options?: QueueInput & { readonly serves?: boolean }): Promise<QueueNode>
  /** Resolves when nobody does anything any more but wait for the clock. */
  quiet(): Promise<void>
  /** Lets time go on, by steps in each of which everybody does what is to be done. */
  pass(milliseconds: number, step?: number): Promise<void>
  /** Files of large contents. */
  files(): Promise<readonly string[]>
  /** The rows of all tables about messages. */
  rows(): Promise<number>
}

/** Makes a world without any process, on a database that goes with it. Its clock begins today: files have their times from the system. */
export async function queueWorld(
  made: Promise<DatabaseUnderTest>,
  options: QueueWorldOptions = {},
): Promise<QueueWorld> {
  const base = await made
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-queue-'))
  const clock = fakeClock(Date.now())
  const work = { count: 0 }
  const [delivery, reports] = [worldDelivery(clock), reporter()]
  const { service: database, close } = await openDatabase(base, queueMigrations)
  const nodes: QueueNode[] = []
  const closing: (() => Promise<void>)[] = [close]

  const node = async ({ serves = true, ...own }: QueueInput & { readonly serves?: boolean } = {}) => {
    const opened = await openDatabase(base, queueMigrations)
    closing.push(opened.close)
    const life = fate(clock)
    const log = capturedLog()
    const faults = faultyDatabase(counted(opened.service, work))
    const keeping = createKeepingQueue({
      options: parseOptions({ ...options.options, ...own }),
      folder,
      database: life.database(faults.database),
      delivery: life.delivery(delivery),
      notifications: options.silent === true ? undefined : reports,
      nextHops: options.nextHops,
      notifier: undefined,
      history: undefined,
      clock: life.clock,
      log,
      ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
    })
    if (serves) await keeping.serve()
    const made = nodeOf(keeping, life, { log, faults })
    nodes.push(made)
    return made
  }

  const quiet = async (): Promise<void> => {
    for (let calm = 0; calm < 12; ) {
      await new Promise((resolve) => (work.count > 0 ? setTimeout(resolve, 1) : setImmediate(resolve)))
      calm = work.count === 0 ? calm + 1 : 0
      // Whoever waits for files is served before this.
      if (calm === 6) await readdir(folder).catch(() => [])
    }
  }

  return {
    base,
    folder,
    clock,
    delivery,
    reports,
    database,
    node,
    quiet,
    async pass(milliseconds, step = 1_000) {
      await quiet()
      for (let left = milliseconds; left > 0; left -= step) {
        clock.advance(Math.min(step, left))
        await quiet()
      }
    },
    files: async () => (await readdir(folder)).filter((name) => !name.startsWith('.')),
    async rows() {
      const counts = await database.query((knex) =>
        Promise.all(
          ['queue_messages', 'queue_recipients', 'queue_reports'].map((name) =>
            knex(name).count({ count: '*' }),
          ),
        ),
      )
      return counts.reduce((sum, [row]) => sum + Number(row?.count), 0)
    },
    async [Symbol.asyncDispose]() {
      delivery.releaseAll()
      for (const each of nodes) await each.stop()
      for (const each of closing) await each()
      await base[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function nodeOf(
  keeping: KeepingQueue,
  life: Fate,
  { log, faults }: Pick<QueueNode, 'log' | 'faults'>,
): QueueNode {
  let stopping: Promise<void> | undefined
  return {
    queue: keeping.queue,
    keeping,
    log,
    faults,
    kill: () => life.kill(),
    freeze: () => life.freeze(),
    stop() {
      stopping ??= life.isDead ? Promise.resolve() : keeping.stop()
      return stopping
    },
  }
}

/** Counts the calls that are under way. */
function counted(database: Database, work: { count: number }): Database {
  const through = async <T>(call: () => Promise<T>): Promise<T> => {
    work.count++
    try {
      return await call()
    } finally {
      work.count--
    }
  }
  return {
    dialect: database.dialect,
    query: (run) => through(() => database.query(run)),
    transaction: (run) => through(() => database.transaction(run)),
  }
}
