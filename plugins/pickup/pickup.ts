import { type FSWatcher, watch } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { type Clock, errorCode, errorText, type Log, type Timer } from 'mailwright'
import { type DropFolder, ignore } from './drop-folder.ts'
import type { PickupOptions } from './options.ts'
import type { SettledRecipients } from './settled.ts'
import type { Verdict } from './submission.ts'
import { TakenFiles } from './taken-files.ts'

/** What the loop works with. */
export interface PickupParts {
  readonly drop: DropFolder
  readonly settled: SettledRecipients
  readonly options: PickupOptions
  readonly log: Log
  readonly clock: Clock
  /** Hands on what a file holds. */
  submit(path: string, name: string): Promise<Verdict>
}

// Messages that are tried again later are kept in mind; others wait in the folder.
const mostWaiting = 10_000
// A folder with very many messages is not read to its end each time.
const mostNames = 2_000
const tidyEvery = 3_600_000
// What is being handed on may finish when the server stops; the rest is taken up again at the next start.
const stopTime = 20_000

/** Takes messages from the drop folder, one after the other and some at the same time, and hands them on. */
export class Pickup {
  readonly #parts: PickupParts
  readonly #taken: TakenFiles
  readonly #active = new Set<Promise<void>>()
  /** Names of what waits for its next attempt. */
  readonly #waiting = new Map<string, Timer>()
  /** What cannot be taken, such as folders: said once. */
  readonly #odd = new Set<string>()
  #watcher: FSWatcher | undefined
  #poll: Timer | undefined
  #looking: Promise<void> | undefined
  #lookAgain = false
  #isStopping = false
  #tidied = Number.NEGATIVE_INFINITY
  #askedOthers = Number.NEGATIVE_INFINITY

  constructor(parts: PickupParts) {
    this.#parts = parts
    this.#taken = new TakenFiles(parts.drop)
  }

  async start(): Promise<void> {
    await this.#taken.open()
    try {
      this.#watcher = watch(this.#parts.drop.path, { persistent: false }, () => this.look())
      this.#watcher.on('error', (error) =>
        this.#parts.log.warn('unavailable', { what: 'drop folder', error }),
      )
    } catch (error) {
      // The regular look finds everything a little later.
      this.#parts.log.warn('unavailable', { what: 'drop folder', error })
    }
    this.look()
  }

  /** Looks for messages now, and again if somebody asks meanwhile. */
  look(): void {
    if (this.#isStopping) return
    this.#lookAgain = true
    this.#looking ??= this.#lookOnce().finally(() => {
      this.#looking = undefined
      if (this.#lookAgain) this.look()
    })
  }

  async #lookOnce(): Promise<void> {
    this.#lookAgain = false
    this.#poll?.cancel()
    this.#poll = this.#parts.clock.after(this.#parts.options.pollInterval, () => this.look())
    try {
      await this.#tidy()
      for (const name of await this.#parts.drop.whole(mostNames)) {
        if (this.#isStopping || this.#waiting.size >= mostWaiting) return
        if (this.#active.size >= this.#parts.options.concurrency) await Promise.race(this.#active)
        if (await this.#take(name)) this.#begin(name, 0)
      }
    } catch (error) {
      this.#parts.log.error('unavailable', { what: 'drop folder', error })
    }
  }

  async #tidy(): Promise<void> {
    const { clock, drop, settled, log, options } = this.#parts
    const now = clock.monotonic()
    if (now - this.#askedOthers >= options.pollInterval) {
      this.#askedOthers = now
      const files = await this.#taken.takeOver()
      if (files > 0)
        log.warn('recovered', { what: 'messages that an ended process had taken', messages: files })
    }
    if (now - this.#tidied < tidyEvery) return
    this.#tidied = now
    await drop.removeStale(clock.now())
    await settled.removeStale(clock.now())
  }

  async #take(name: string): Promise<boolean> {
    try {
      return await this.#taken.take(name)
    } catch (error) {
      if (!this.#odd.has(name) && this.#odd.size < mostNames) {
        this.#odd.add(name)
        this.#parts.log.warn('refused', { file: name, text: 'cannot be taken from the drop folder', error })
      }
      return false
    }
  }

  #begin(name: string, attempts: number): void {
    const running = this.#attempt(name, attempts).finally(() => this.#active.delete(running))
    this.#active.add(running)
  }

  async #attempt(name: string, attempts: number): Promise<void> {
    const { log, drop } = this.#parts
    try {
      const verdict = await this.#submit(name)
      if (verdict.kind === 'later') return this.#later(name, attempts + 1, verdict.reason)
      if (verdict.kind === 'keep') {
        log.error('refused', { file: name, text: `kept in ${drop.failed}: ${verdict.reason}` })
        return await drop.keep(this.#taken.path(name), name, verdict.reason)
      }
      if (verdict.kind === 'gone') log.warn('refused', { file: name, text: 'somebody has removed it' })
      await this.#remove(name)
    } catch (error) {
      this.#later(name, attempts + 1, errorText(error))
    }
  }

  /** Everybody has it: where the file cannot be removed now, nothing but that is tried again. */
  async #remove(name: string): Promise<void> {
    const { settled, log, clock, options } = this.#parts
    try {
      await unlink(this.#taken.path(name)).catch(ignore('ENOENT'))
      await settled.forget(name)
    } catch (error) {
      log.error('unavailable', { what: 'drop folder', file: name, error })
      const timer = clock.after(options.longestRetry, () => {
        this.#waiting.delete(name)
        void this.#remove(name)
      })
      this.#waiting.set(name, timer)
    }
  }

  async #submit(name: string): Promise<Verdict> {
    try {
      return await this.#parts.submit(this.#taken.path(name), name)
    } catch (error) {
      if (errorCode(error) === 'MAIL_E_INVALID') return { kind: 'keep', reason: errorText(error) }
      throw error
    }
  }

  #later(name: string, attempts: number, reason: string): void {
    const { log, clock, options } = this.#parts
    log.warn('deferred', { file: name, text: reason, attempts })
    if (this.#isStopping) return
    const delay = Math.min(options.firstRetry * 2 ** Math.min(attempts - 1, 30), options.longestRetry)
    const timer = clock.after(delay, () => {
      this.#waiting.delete(name)
      this.#begin(name, attempts)
    })
    this.#waiting.set(name, timer)
  }

  /** Finishes what is being handed on, and gives the rest back. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#poll?.cancel()
    this.#watcher?.close()
    for (const waiting of this.#waiting.values()) waiting.cancel()
    this.#waiting.clear()
    const finished = Promise.all([this.#looking, ...this.#active])
    let timer: Timer | undefined
    const late = new Promise<'late'>((resolve) => {
      timer = this.#parts.clock.after(stopTime, () => resolve('late'))
    })
    const end = await Promise.race([finished, late])
    timer?.cancel()
    // What is still being handed on stays taken: this process lives.
    if (end === 'late') void finished.then(() => this.#taken.close())
    else await this.#taken.close()
  }
}
