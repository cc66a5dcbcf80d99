import type { Log, Spool } from 'mailwright'

/** Whether there is room on the disk for one more message: who finds none in the middle of one has received it for nothing. */
export class DiskRoom {
  readonly #spool: Spool
  readonly #minFree: number
  readonly #log: Log
  #isShort = false

  /** `minFree` octets are to be left, whatever comes. */
  constructor(spool: Spool, minFree: number, log: Log) {
    this.#spool = spool
    this.#minFree = minFree
    this.#log = log
  }

  /** Whether a message of so many octets is better not begun. The log is told when that begins and when it is over. */
  async isShortFor(size: number): Promise<boolean> {
    const free = await this.#spool.room()
    const isShort = free < this.#minFree
    if (isShort !== this.#isShort) {
      this.#isShort = isShort
      // The spool answers 0 where no more files can be made, however much is free.
      const text = free === 0 ? 'no room on the disk, or no inodes' : 'too little room on the disk'
      if (isShort) this.#log.warn('limit-reached', { text, free, minFree: this.#minFree })
      else this.#log.warn('recovered', { service: 'room on the disk', free })
    }
    return free < this.#minFree + size
  }
}
