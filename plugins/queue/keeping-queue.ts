import type {
  Clock,
  Database,
  DeliveryFlow,
  History,
  Log,
  Metrics,
  NextHops,
  Notifier,
  Queue,
  StatusNotifications,
} from 'mailwright'
import { Deliverer } from './deliverer.ts'
import { DurableQueue } from './durable-queue.ts'
import { ContentFiles } from './intake/content-files.ts'
import { ContentFolder } from './intake/content-folder.ts'
import { Contents, hasLargeMessages } from './intake/contents.ts'
import { Intake } from './intake/intake.ts'
import { Numbers } from './intake/numbers.ts'
import { Holder } from './lanes/holder.ts'
import { Lanes } from './lanes/lanes.ts'
import { Listing } from './management/listing.ts'
import { Management } from './management/management.ts'
import type { QueueOptions } from './options.ts'
import { Ageing } from './outcomes/ageing.ts'
import { createHeldAttempts } from './outcomes/held-attempts.ts'
import { Settlement } from './outcomes/settlement.ts'
import { Farewell } from './reports/farewell.ts'
import { Reports } from './reports/reports.ts'
import { Teller } from './reports/teller.ts'
import { Scheduler } from './scheduler.ts'
import { Changes } from './tables/changes.ts'
import { GroupCommit } from './tables/group-commit.ts'
import { Measures } from './tables/measures.ts'
import { outagesOf } from './tables/outage-log.ts'
import { createTidying } from './tidying.ts'

export interface KeepingQueueSettings {
  readonly options: QueueOptions
  /** Absolute; for large contents. */
  readonly folder: string
  readonly database: Database
  readonly delivery: DeliveryFlow
  readonly notifications: StatusNotifications | undefined
  readonly nextHops: NextHops | undefined
  readonly notifier: Notifier | undefined
  readonly history: History | undefined
  readonly clock: Clock
  readonly log: Log
  readonly metrics?: Metrics
}

/** A queue that keeps what waits, with its beginning and its end. */
export interface KeepingQueue {
  readonly queue: Queue
  /** Delivers from now on. MAIL_E_UNAVAILABLE. */
  serve(): Promise<void>
  stop(): Promise<void>
}

/** Milliseconds that deliveries under way are given at the end. */
const drainTime = 15_000

/** Puts the parts of the queue together. */
export function createKeepingQueue(settings: KeepingQueueSettings): KeepingQueue {
  const { options, folder, delivery, clock } = settings
  const { database, log } = outagesOf(settings.database, settings.log, clock)
  const { schedule } = options
  const ending = new AbortController()
  const cutting = new AbortController()
  const measures = settings.metrics && new Measures(clock, settings.metrics)
  const files = new ContentFiles(new ContentFolder(folder, () => hasLargeMessages(database)), measures)
  const contents = new Contents(database, files, clock)
  const commits = new GroupCommit(database, undefined, measures)
  const holder = new Holder(database, clock, log)
  const lanes = new Lanes(options)
  const numbers = new Numbers(database)
  const intake = new Intake({ numbers, contents, schedule, nextHops: settings.nextHops })
  const reports = new Reports({ ...settings })
  const common = {
    database,
    commits,
    holder,
    lanes,
    intake,
    contents,
    reports,
    schedule,
    delivery,
    clock,
    log,
    signal: ending.signal,
    scheduler: () => scheduler,
    measures,
  }
  const teller = new Teller({ ...common, numbers })
  const settlement = new Settlement({ ...common, teller }, () => scheduler)
  const farewell = new Farewell({ ...common, teller })
  const deliverer = new Deliverer({
    ...common,
    settlement,
    open: (message) => contents.open(message),
    cutting: cutting.signal,
  })
  const scheduler = new Scheduler({ ...common, ...options }, (lane, turn) => {
    const deliver = () => deliverer.deliver(lane, turn)
    return measures?.delivery(deliver) ?? deliver()
  })
  const durable = new DurableQueue({ ...common, settlement, scheduler, quarantine: options.quarantine })
  const changes = new Changes(database, settings.notifier, { clock, log })
  const listing = new Listing(database, () => clock.now())
  const management = new Management({ ...common, listing, changes, farewell })
  const ageing = new Ageing({ ...common, farewell, tells: reports.tellsFailures })
  const heldAttempts = createHeldAttempts(common)
  const tidying = createTidying({ ...common, files, longest: options })

  return {
    queue: offered(durable, management),
    async serve() {
      await holder.start(() => scheduler.startAgain())
      await changes.start(() => scheduler.look({ anew: true }))
      await tidying.start()
      await heldAttempts.start()
      await teller.start()
      await ageing.start()
      scheduler.start()
    },
    async stop() {
      await tidying.stop()
      await heldAttempts.stop()
      await changes.stop()
      await ageing.stop()
      await durable.close()
      ending.abort()
      // A host that has the whole message already is about to answer: whoever does not wait for it sends it once more.
      const cut = clock.after(drainTime, () => cutting.abort())
      await scheduler.stop()
      cut.cancel()
      await teller.stop()
      await commits.settled()
      await holder.stop()
    },
  }
}

function offered(durable: DurableQueue, management: Management): Queue {
  return {
    supports: durable.supports,
    accept: (submission) => durable.accept(submission),
    list: (selection, limit, after) => management.list(selection, limit, after),
    show: (id) => management.show(id),
    message: (id) => management.message(id),
    statistics: (limit) => management.statistics(limit),
    distribution: (by, selection, limit) => management.distribution(by, selection, limit),
    flush: (selection) => management.flush(selection),
    requeue: (selection) => management.requeue(selection),
    hold: (selection, reason) => management.hold(selection, reason),
    release: (selection) => management.release(selection),
    remove: (selection) => management.remove(selection),
    bounce: (selection, untold) => management.bounce(selection, untold),
    redirect: (id, from, to) => management.redirect(id, from, to),
  }
}
