import type { Appended } from 'mailwright'
import { appendSpooled, type SpooledMessages } from './delivery.ts'
import type { FileStatus } from './file-system.ts'
import type { LockedFile } from './mailbox-lock.ts'
import type { MailboxState } from './mailbox-state.ts'

/** Puts spooled messages into a mailbox, all or none, and gives them their UIDs. Durable when it resolves. */
export function appendMessages(
  state: MailboxState,
  spooled: SpooledMessages,
  wanted: readonly (number | undefined)[],
): Promise<Appended> {
  return state.exclusively(undefined, {}, async (locked) => {
    const { context, place } = state
    const before = await locked.file.stat()
    try {
      await appendSpooled(context, place, locked, spooled)
      await locked.file.datasync()
      const savedDate = Math.floor(context.clock.now() / 1000) * 1000
      const { added } = await state.settle(locked, { arrival: { savedDate, wanted } })
      return { uidValidity: state.known.uidValidity, uids: added.map(({ uid }) => uid) }
    } catch (error) {
      await takeBack(state, locked, before)
      throw error
    }
  })
}

interface Waiting {
  readonly spooled: SpooledMessages
  resolve(): void
  reject(error: unknown): void
}

// What one lock and one flush to the disk are shared by.
const mostAtOnce = 64

/**
 * Deliveries into one mailbox. Those that come while others are under way share the next lock and the next flush. They
 * get no UIDs: whoever looks at the mailbox next gives them theirs.
 */
export class Deliveries {
  readonly #state: MailboxState
  #waiting: Waiting[] = []
  #running = false

  constructor(state: MailboxState) {
    this.#state = state
  }

  /** Resolves when the messages are in the mailbox for good. */
  add(spooled: SpooledMessages): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ spooled, resolve, reject })
    if (!this.#running) void this.#run()
    return promise
  }

  async #run(): Promise<void> {
    this.#running = true
    while (this.#waiting.length > 0) {
      let batch: readonly Waiting[] = []
      try {
        await this.#state.locked((locked) => {
          batch = this.#waiting.splice(0, mostAtOnce)
          return this.#put(locked, batch)
        })
        for (const { resolve } of batch) resolve()
      } catch (error) {
        const failed = batch.length > 0 ? batch : this.#waiting.splice(0)
        for (const { reject } of failed) reject(error)
      }
    }
    this.#running = false
  }

  async #put(locked: LockedFile, batch: readonly Waiting[]): Promise<void> {
    const { context, place } = this.#state
    const before = await locked.file.stat()
    try {
      for (const { spooled } of batch) await appendSpooled(context, place, locked, spooled)
      await locked.file.datasync()
    } catch (error) {
      await takeBack(this.#state, locked, before)
      throw error
    }
    await this.#state.noteAppend(before, locked)
  }
}

/** Takes away what was put behind a mailbox's messages. Nobody was promised it, and whoever sent it tries again. */
async function takeBack(state: MailboxState, locked: LockedFile, { size }: FileStatus): Promise<void> {
  try {
    await locked.file.truncate(size)
    await locked.file.datasync()
  } catch (error) {
    state.context.log.warn('unavailable', {
      mailbox: locked.path,
      problem: 'a failed delivery may be there',
      error,
    })
  }
}
