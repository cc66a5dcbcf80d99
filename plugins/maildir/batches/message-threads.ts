import { availableParallelism } from 'node:os'
import { readFlags } from 'mailwright/disk'
import type { BatchAnswer, MessageWork } from './file-batch-task.ts'
import { FileBatchThread, messagesProgram } from './file-batch-thread.ts'

// More would only take memory: what they make has to be taken by one.
const mostThreads = 4
// Of fewer messages the process itself makes it in the time that threads need to start and to become fast.
const worthAStart = 2000
const worthATask = 8
// Octets of a message that is held in memory as a whole.
const mostOctets = 1024 * 1024

/** What was made of each message; undefined where whoever asks has to do it. */
export type MadeValues = readonly (Buffer | undefined)[]

/**
 * Threads that make summaries and signatures of messages, so that nobody else waits for it, and several at the same time
 * where there are processors. They end when they were not needed for a while.
 */
export class MessageThreads {
  readonly #threads: readonly FileBatchThread[]

  constructor(
    count: number = Math.min(availableParallelism(), mostThreads),
    make = (): FileBatchThread => new FileBatchThread(messagesProgram),
  ) {
    this.#threads = Array.from({ length: count }, make)
  }

  /** How many tasks keep them at work. */
  get atATime(): number {
    return 2 * this.#threads.length
  }

  /** So many messages are going to be made: where that is worth it they are started. */
  expect(count: number): void {
    if (count >= worthAStart) this.#start()
  }

  /** Whether so many messages are made sooner by them: they have to run already. */
  areWorth(count: number): boolean {
    return count >= worthATask && this.#threads.every(({ isReady }) => isReady)
  }

  /** Makes something of the messages in files. What is no message, is too large or fails is left to whoever asks. */
  async make(kind: MessageWork, paths: readonly string[]): Promise<MadeValues> {
    const free = this.#threads.reduce((best, each) => (each.tasks < best.tasks ? each : best))
    try {
      return valuesIn(await free.ask({ kind, paths, flags: readFlags, most: mostOctets }), paths.length)
    } catch {
      // The thread died, for whatever reason: only the work of the process itself can tell.
      return paths.map(() => undefined)
    }
  }

  /** Ends all of them as soon as they have nothing to do. */
  end(): void {
    for (const thread of this.#threads) thread.end()
  }

  #start(): void {
    for (const thread of this.#threads)
      if (thread.tasks === 0 && !thread.isReady)
        thread.ask({ kind: 'summary', paths: [] }).catch(() => undefined)
  }
}

function valuesIn({ facts, octets = new ArrayBuffer(0) }: BatchAnswer, count: number): MadeValues {
  let start = 0
  return Array.from({ length: count }, (_, at) => {
    const length = facts?.[at] ?? -1
    if (length < 0) return undefined
    const value = Buffer.from(octets, start, length)
    start += length
    return value
  })
}
