import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { OpenListener } from '../host/listeners.ts'
import type { Log } from '../log.ts'
import { type FromWorker, isFromWorker, type ToWorker } from './messages.ts'
import { type AskedWorker, Rounds } from './rounds.ts'

// A worker that ends again and again is started more and more seldom.
const firstPause = 1_000
const longestPause = 30_000
/** Milliseconds after which a worker counts as one that works. */
const healthy = 10_000

/**
 * Several processes that run the same config beside each other, so that a server uses all its processors. This one owns
 * their listening sockets and deals out the connections in turn; it starts again what has ended, and does nothing else.
 */
export class Workers {
  readonly #count: number
  readonly #log: Log
  readonly #clock: Clock
  /** Gives up the rights that ports needed. */
  readonly #bound: (() => void) | undefined
  readonly #rounds: Rounds
  #pause = firstPause
  #stopping = false

  /** `bound`, where it is given, is called when the ports of all are open. */
  constructor(count: number, log: Log, clock: Clock, bound?: () => void) {
    this.#bound = bound
    this.#count = count
    this.#log = log
    this.#clock = clock
    this.#rounds = new Rounds(count, clock)
  }

  /** Starts them all. MAIL_E_START where one of them ends before it is ready: it has said why, and the others are ended. */
  async start(): Promise<readonly OpenListener[]> {
    const begun = Array.from({ length: this.#count }, () => cluster.fork())
    try {
      if (this.#bound !== undefined) {
        await Promise.all(begun.map(bound))
        this.#bound()
        for (const worker of begun) tell(worker, { mailwright: 'begin' })
      }
      const [listeners = []] = await Promise.all(
        begun.map(async (worker) => {
          const own = await ready(worker)
          this.#rounds.attend(asked(worker), true)
          this.#keep(worker)
          return own
        }),
      )
      return listeners
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** Whoever ends though nobody has asked for it is replaced. */
  #keep(worker: Worker): void {
    const began = this.#clock.monotonic()
    worker.once('exit', (code, signal) => {
      if (this.#stopping) return
      this.#log.error('worker-ended', { pid: worker.process.pid, code, signal })
      if (this.#clock.monotonic() - began > healthy) this.#pause = firstPause
      this.#clock.after(this.#pause, () => this.#replace())
      this.#pause = Math.min(longestPause, 2 * this.#pause)
    })
  }

  #replace(): void {
    if (this.#stopping) return
    const worker = cluster.fork()
    this.#rounds.attend(asked(worker), false)
    this.#keep(worker)
    if (this.#bound !== undefined)
      bound(worker).then(
        () => tell(worker, { mailwright: 'begin' }),
        () => undefined,
      )
  }

  /** One after the other takes the config as it is now, so that there is always one who serves. Ends with the first who refuses. */
  async reload(): Promise<boolean> {
    for (const worker of live()) {
      tell(worker, { mailwright: 'reload' })
      const answer = await answerOf(worker, 'reloaded')
      if (answer?.done !== true) return false
    }
    return true
  }

  /** Each finishes its sessions. Answers the highest exit code. */
  async stop(): Promise<number> {
    this.#stopping = true
    const ended = live().map(async (worker) => {
      const exit = once(worker, 'exit') as Promise<[number | null]>
      worker.process.kill('SIGTERM')
      const [code] = await exit
      return code ?? 1
    })
    return Math.max(0, ...(await Promise.all(ended)))
  }
}

function live(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter(
    (worker) => worker !== undefined && !worker.isDead(),
  ) as Worker[]
}

async function bound(worker: Worker): Promise<void> {
  if ((await answerOf(worker, 'bound')) === undefined) throw ended()
}

/** A worker that has just ended hears nothing, and is heard of by its end. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined)
}

function asked(worker: Worker): AskedWorker {
  return {
    send: (message) => tell(worker, message),
    on: (event: 'message' | 'exit', told: (message: unknown) => void) => worker.on(event, told),
  }
}

function ended(): MailwrightError {
  return new MailwrightError('MAIL_E_START', 'a worker could not start')
}

async function ready(worker: Worker): Promise<readonly OpenListener[]> {
  const answer = await answerOf(worker, 'ready')
  if (answer !== undefined) return answer.listeners
  throw ended()
}

/** The next message of a kind; undefined where the worker ends before. */
function answerOf<Kind extends FromWorker['mailwright']>(
  worker: Worker,
  kind: Kind,
): Promise<Extract<FromWorker, { mailwright: Kind }> | undefined> {
  return new Promise((resolve) => {
    const conclude = (answer: Extract<FromWorker, { mailwright: Kind }> | undefined): void => {
      worker.off('message', hear)
      worker.off('exit', end)
      resolve(answer)
    }
    const hear = (message: unknown): void => {
      if (isFromWorker(message) && message.mailwright === kind)
        conclude(message as Extract<FromWorker, { mailwright: Kind }>)
    }
    const end = (): void => conclude(undefined)
    worker.on('message', hear)
    worker.on('exit', end)
  })
}
