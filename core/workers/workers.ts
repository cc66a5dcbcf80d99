import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Clock } from '../clock.ts'
import { MailwrightError } from '../errors.ts'
import type { OpenListener } from '../host/listeners.ts'
import type { Log } from '../log.ts'
import { Heartbeat, type WatchedWorker } from './heartbeat.ts'
import { type FromWorker, isFromWorker, type ToWorker } from './messages.ts'
import { Rounds } from './rounds.ts'
import { SharedFiles } from './shared-files.ts'

// A worker that ends again and again is started more and more seldom.
const firstPause = 1_000
const longestPause = 30_000
/** Milliseconds after which a worker counts as one that works. */
const healthy = 10_000

export interface WorkersOptions {
  readonly count: number
  /** The config file, absolute: found once, so that all of them run the same. */
  readonly config: string
  readonly log: Log
  readonly clock: Clock
  /** Gives up the rights that ports needed; called when the ports of all are open. */
  readonly bound: (() => void) | undefined
}

type Ready = Extract<FromWorker, { mailwright: 'ready' }>

/**
 * Several processes that run the same config beside each other, so that a server uses all its processors. This one owns
 * their listening sockets and deals out the connections in turn; it starts again what has ended, and does nothing else.
 */
export class Workers {
  readonly #count: number
  readonly #log: Log
  readonly #clock: Clock
  readonly #bound: (() => void) | undefined
  readonly #rounds: Rounds
  readonly #heartbeat: Heartbeat
  readonly #files = new SharedFiles()
  /** What each says when it serves; undefined where it ends before. */
  readonly #ready = new WeakMap<Worker, Promise<Ready | undefined>>()
  /** Why one ends, as it says itself. */
  readonly #reasons = new WeakMap<Worker, string>()
  #reloading: Promise<unknown> = Promise.resolve()
  #pause = firstPause
  #stopping = false
  #stopped: Promise<number> | undefined

  constructor({ count, config, log, clock, bound }: WorkersOptions) {
    // Whoever has named a file has named this one, and behind it.
    cluster.setupPrimary({ args: ['--config', config, ...process.argv.slice(2)] })
    this.#bound = bound
    this.#count = count
    this.#log = log
    this.#clock = clock
    this.#rounds = new Rounds(count, clock)
    this.#heartbeat = new Heartbeat(log, clock)
  }

  /** Starts them all. MAIL_E_START, with its reason, where one of them ends before it is ready; the others are ended. */
  async start(): Promise<readonly OpenListener[]> {
    const begun = Array.from({ length: this.#count }, () => this.#fork())
    try {
      if (this.#bound !== undefined) {
        await Promise.all(begun.map((worker) => this.#isBound(worker)))
        this.#bound()
        for (const worker of begun) tell(worker, { mailwright: 'begin' })
      }
      const [listeners = []] = await Promise.all(
        begun.map(async (worker) => {
          const ready = await this.#ready.get(worker)
          if (ready === undefined) throw this.#ended(worker)
          this.#rounds.attend(watched(worker), true)
          this.#keep(worker)
          return ready.listeners
        }),
      )
      return listeners
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  #fork(): Worker {
    const worker = cluster.fork()
    const seen = watched(worker)
    const ready = answerOf(worker, 'ready')
    this.#ready.set(worker, ready)
    this.#files.attend(seen)
    void answerOf(worker, 'failed').then((said) => said && this.#reasons.set(worker, said.reason))
    void ready.then((answer) => answer && this.#heartbeat.attend(seen))
    return worker
  }

  /** Whoever ends though nobody has asked for it is replaced. */
  #keep(worker: Worker): void {
    const began = this.#clock.monotonic()
    worker.once('exit', (code, signal) => {
      const error = this.#reasons.get(worker)
      // Who is asked to end has a reason where it could not in peace.
      if (!this.#stopping || error !== undefined)
        this.#log.error('worker-ended', { pid: worker.process.pid, code, signal, error })
      if (this.#stopping) return
      if (this.#clock.monotonic() - began > healthy) this.#pause = firstPause
      this.#clock.after(this.#pause, () => this.#replace())
      this.#pause = Math.min(longestPause, 2 * this.#pause)
    })
  }

  #replace(): void {
    if (this.#stopping) return
    const worker = this.#fork()
    this.#rounds.attend(watched(worker), false)
    this.#keep(worker)
    if (this.#bound !== undefined)
      this.#isBound(worker).then(
        () => tell(worker, { mailwright: 'begin' }),
        () => undefined,
      )
  }

  async #isBound(worker: Worker): Promise<void> {
    if ((await answerOf(worker, 'bound')) === undefined) throw this.#ended(worker)
  }

  #ended(worker: Worker): MailwrightError {
    const { exitCode, signalCode } = worker.process
    const end = signalCode === null ? `it ended with the code ${exitCode}` : `it was ended by ${signalCode}`
    return new MailwrightError('MAIL_E_START', 'a worker could not start', {
      cause: this.#reasons.get(worker) ?? end,
    })
  }

  /** Whether some worker answers, and so whether there is a server. */
  get isAlive(): boolean {
    return this.#heartbeat.isFelt
  }

  /** One after the other takes the config as it is now, so that there is always one who serves. Ends with the first who refuses. */
  reload(): Promise<boolean> {
    const done = this.#reloading.then(() => this.#reload())
    this.#reloading = done
    return done
  }

  async #reload(): Promise<boolean> {
    const workers = live()
    let reloaded = 0
    for (const worker of workers) {
      // It hears nothing before. Who takes the place of one that has ended reads the config as it is then.
      if ((await this.#ready.get(worker)) === undefined || worker.isDead()) continue
      tell(worker, { mailwright: 'reload' })
      const answer = await answerOf(worker, 'reloaded')
      if (answer?.done !== true) {
        // Who refuses has said why. Who takes the place of one that has ended runs the new config.
        if (answer === undefined || reloaded > 0) this.#tellApart(reloaded, workers.length)
        return false
      }
      reloaded++
    }
    return true
  }

  #tellApart(reloaded: number, workers: number): void {
    if (this.#stopping) return
    this.#log.error('reload-refused', { text: 'not all workers run the same config', reloaded, workers })
  }

  /** Each finishes its sessions. Answers the highest exit code; 1 where none was left. Only the first call counts. */
  stop(): Promise<number> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<number> {
    this.#stopping = true
    const ended = live().map(async (worker) => {
      const exit = once(worker, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
      worker.process.kill('SIGTERM')
      const [code, signal] = await exit
      // Who has only just begun does not hear the signal yet, and has nothing to stop.
      if (signal === 'SIGTERM' && (await this.#ready.get(worker)) === undefined) return 0
      return code ?? 1
    })
    const codes = await Promise.all(ended)
    await this.#files.settled()
    return codes.length === 0 ? 1 : Math.max(...codes)
  }
}

function live(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter(
    (worker) => worker !== undefined && !worker.isDead(),
  ) as Worker[]
}

/** A worker that has just ended hears nothing, and is heard of by its end. */
function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => undefined)
}

function watched(worker: Worker): WatchedWorker {
  return {
    pid: worker.process.pid,
    kill: () => void worker.process.kill('SIGKILL'),
    send: (message) => tell(worker, message),
    on: (event: 'message' | 'exit', told: (message: unknown) => void) => worker.on(event, told),
  }
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
