import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import type { Clock, Timer } from 'mailwright'
import { isRecord } from './answer.ts'
import { readIfThere, writeDurably } from './durable-file.ts'

/** Milliseconds that a lock lasts without being prolonged: the longest time that others wait for a dead owner. */
export const lockDuration: number = 2 * 60 * 1000

/**
 * A file that lets one process at a time order, of all that share the folder: it protects what lies beside it. It ends by
 * itself where its owner dies. Two owners for a moment (a machine that slept) would order twice and break nothing.
 */
export class OrderLock {
  readonly #path: string
  readonly #clock: Clock
  readonly #owner = `${hostname()}/${process.pid}/${randomUUID()}`
  #timer: Timer | undefined
  #prolonging: Promise<void> = Promise.resolve()
  #released = false

  constructor(path: string, clock: Clock) {
    this.#path = path
    this.#clock = clock
  }

  /** False where another process has it. */
  async take(): Promise<boolean> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    if (!(await this.#create()) && !((await this.#removeDead()) && (await this.#create()))) return false
    this.#prolongLater()
    return true
  }

  async release(): Promise<void> {
    this.#released = true
    this.#timer?.cancel()
    // What is being written would bring the lock back.
    await this.#prolonging
    if (await this.#isMine()) await rm(this.#path, { force: true })
  }

  /** A link, unlike a new file, comes with its content. */
  async #create(): Promise<boolean> {
    const made = `${this.#path}.${randomUUID()}`
    await writeFile(made, this.#text(), { mode: 0o600, flag: 'wx' })
    try {
      await link(made, this.#path)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      await rm(made, { force: true })
    }
  }

  /** True where the lock is gone. What is moved away and turns out to be alive by now is put back. */
  async #removeDead(): Promise<boolean> {
    const seen = await readIfThere(this.#path)
    if (seen === undefined) return true
    if (this.#isAlive(seen)) return false
    const moved = `${this.#path}.${randomUUID()}`
    try {
      await rename(this.#path, moved)
    } catch {
      // Another process was quicker.
      return false
    }
    const isDead = (await readFile(moved, 'utf8')) === seen
    if (!isDead) await link(moved, this.#path).catch(() => undefined)
    await rm(moved, { force: true })
    return isDead
  }

  #isAlive(text: string): boolean {
    const until = Number(lockFacts(text).until)
    const now = this.#clock.now()
    // An end far ahead comes from a clock that was wrong; nobody could wait for it.
    return until > now && until < now + 10 * lockDuration
  }

  async #isMine(): Promise<boolean> {
    return lockFacts((await readIfThere(this.#path)) ?? '').owner === this.#owner
  }

  #prolongLater(): void {
    if (this.#released) return
    this.#timer = this.#clock.after(lockDuration / 4, () => {
      // Where the disk does not take it, it is tried again before the time is over.
      this.#prolonging = this.#prolong()
        .catch(() => undefined)
        .then(() => this.#prolongLater())
    })
  }

  async #prolong(): Promise<void> {
    if (await this.#isMine()) await writeDurably(this.#path, this.#text())
  }

  #text(): string {
    return JSON.stringify({ owner: this.#owner, until: this.#clock.now() + lockDuration })
  }
}

function lockFacts(text: string): Readonly<Record<string, unknown>> {
  try {
    const facts: unknown = JSON.parse(text)
    return isRecord(facts) ? facts : {}
  } catch {
    return {}
  }
}
