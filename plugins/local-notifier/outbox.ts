import { missedFrame } from './frame.ts'

/** Octets that may wait for one process. */
export const longestWait: number = 1024 * 1024

/**
 * Frames that wait for a process that reads slowly or cannot be reached. Beyond the limit all of them make way for the
 * word that hints were missed, which says the same in a few octets.
 */
export class Outbox {
  #frames: Buffer[] = []
  #octets = 0
  #hasMissed = false

  get isEmpty(): boolean {
    return this.#frames.length === 0 && !this.#hasMissed
  }

  add(frame: Buffer): void {
    this.#frames.push(frame)
    this.#octets += frame.length
    if (this.#octets <= longestWait) return
    this.clear()
    this.miss()
  }

  /** Notes that hints may have been lost on the way. */
  miss(): void {
    this.#hasMissed = true
  }

  clear(): void {
    this.#frames = []
    this.#octets = 0
    this.#hasMissed = false
  }

  /** All that waits, as one piece; nothing waits afterwards. */
  take(): Buffer {
    const taken = Buffer.concat(this.#hasMissed ? [missedFrame, ...this.#frames] : this.#frames)
    this.clear()
    return taken
  }
}
