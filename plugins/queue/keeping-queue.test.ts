import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, DeliveryFlow, Queue, StatusNotifications } from 'mailwright'
import { capturedLog, queueContract } from 'mailwright/testing'
import { type DatabaseUnderTest, databaseUnderTest } from '../../test/support/database-under-test.ts'
import { openDatabase } from '../../test/support/queue/queue-database.ts'
import { createKeepingQueue } from './keeping-queue.ts'
import { leaseDuration } from './lanes/holder-id.ts'
import { parseOptions } from './options.ts'
import { queueMigrations } from './tables/migrations.ts'

/** Tells the sender by sending the message back. */
const notifications: StatusNotifications = {
  compose: async ({ reversePath, message }) => (reversePath === null ? [] : [{ to: reversePath, message }]),
}

/** A clock that stands still for those who were killed. */
function mortal(clock: Clock): { readonly clock: Clock; kill(): void } {
  let isDead = false
  return {
    clock: {
      ...clock,
      after: (milliseconds, run) => clock.after(milliseconds, () => (isDead ? undefined : run())),
    },
    kill: () => {
      isDead = true
    },
  }
}

async function start(
  base: DatabaseUnderTest,
  folder: string,
  { delivery, clock }: { readonly delivery: DeliveryFlow; readonly clock: Clock },
): Promise<{ queue: Queue; kill(): void; stop(): Promise<void> }> {
  const { service, close } = await openDatabase(base, queueMigrations)
  const life = mortal(clock)
  const keeping = createKeepingQueue({
    options: parseOptions({}),
    folder,
    database: service,
    delivery,
    notifications,
    nextHops: undefined,
    notifier: undefined,
    history: undefined,
    clock: life.clock,
    log: capturedLog(),
  })
  await keeping.serve()
  const stop = async (): Promise<void> => {
    await keeping.stop()
    await close()
  }
  return { queue: keeping.queue, kill: life.kill, stop }
}

queueContract({
  name: 'queue with a database',
  async create({ delivery, clock }) {
    const base = await databaseUnderTest()
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-queue-'))
    const first = await start(base, folder, { delivery, clock })
    const running = [first]
    return {
      queue: first.queue,
      async reopen() {
        first.kill()
        clock.advance(leaseDuration + 1)
        const next = await start(base, folder, { delivery, clock })
        running.push(next)
        return next.queue
      },
      async cleanup() {
        for (const each of running) await each.stop()
        await base[Symbol.asyncDispose]()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})
