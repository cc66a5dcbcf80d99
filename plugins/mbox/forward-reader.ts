import { readRange } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'

const windowSize = 1024 * 1024

/** Reads small ranges of a file one after the other with few calls to the system. */
export class ForwardReader {
  readonly #file: OpenFile
  #window: Buffer = Buffer.alloc(0)
  #start = 0

  constructor(file: OpenFile) {
    this.#file = file
  }

  /** Octets from `start` on, some or all up to `end`; none only where the file ends. */
  async read(start: number, end: number): Promise<Buffer> {
    const at = start - this.#start
    if (at < 0 || at >= this.#window.length) {
      this.#window = await readRange(this.#file, start, start + windowSize)
      this.#start = start
      return this.#window.subarray(0, end - start)
    }
    return this.#window.subarray(at, at + end - start)
  }
}
