import { writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Writes octets to a descriptor; answers how many it took. */
export type WriteOctets = (descriptor: number, octets: Uint8Array) => number

// A pipe is full while its reader is busy. Each round is a wait of the whole process.
const roundsOfPatience = 20
const roundMilliseconds = 5

const lineFeed = 0x0a

/**
 * A log's lines on a descriptor, each written before the call returns. A line that a full disk, or a reader who has
 * stopped, does not take is lost: nothing is kept in memory, and nobody who logs hears of it. Once lines are taken again
 * the first of them says how many are missing.
 */
export class LogOutput implements DestinationStream {
  readonly #descriptor: number
  /** The line that says so, with its end. */
  readonly #report: (lost: number, error: unknown) => string
  readonly #writeOctets: WriteOctets
  #lost = 0
  #error: unknown
  /** A part of a line is there. What follows it needs a line of its own. */
  #torn = false
  #patient = true

  constructor(
    descriptor: number,
    report: (lost: number, error: unknown) => string,
    writeOctets: WriteOctets = writeSync,
  ) {
    this.#descriptor = descriptor
    this.#report = report
    this.#writeOctets = writeOctets
  }

  /** Never throws. */
  write(line: string): void {
    if (this.#lost > 0 && this.#take(this.#report(this.#lost, this.#error))) this.#lost = 0
    if (this.#lost > 0 || !this.#take(line)) this.#lost++
  }

  /** Whether the whole line has been written. */
  #take(line: string): boolean {
    const octets = Buffer.from(this.#torn ? `\n${line}` : line)
    let written = 0
    let rounds = this.#patient ? roundsOfPatience : 0
    while (written < octets.length) {
      try {
        written += this.#writeOctets(this.#descriptor, octets.subarray(written))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN' && rounds > 0) {
          rounds--
          Atomics.wait(sleeper, 0, 0, roundMilliseconds)
          continue
        }
        this.#error = error
        break
      }
    }
    if (written > 0) this.#torn = octets[written - 1] !== lineFeed
    // A reader who has stopped costs its time once, and not once a line.
    this.#patient = written === octets.length
    return this.#patient
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))
