import type { MessageSummary } from '../model/summary.ts'
import type { TextFact } from './fact.ts'
import { FactColumn } from './fact-column.ts'
import { grown } from './grown.ts'

const firstBlock = 4_096
const largestBlock = 1_048_576
const noOctets: Buffer = Buffer.alloc(0)

/** Texts of messages, in their order. */
export interface TextRows {
  /** As it was given: one character an octet. */
  text(index: number): string
  /** The octets, which are the cache's own and must not be changed. */
  octets(index: number): Buffer
}

/** Texts packed into few blocks of memory, as so many strings would be work for the garbage collector. */
export class TextColumn extends FactColumn {
  readonly #fact: TextFact
  readonly #blocks: Buffer[] = []
  #room = noOctets
  #blockBytes = 0
  #blockOf = new Uint32Array(0)
  #starts = new Uint32Array(0)
  #lengths = new Uint32Array(0)

  constructor(fact: TextFact) {
    super()
    this.#fact = fact
  }

  protected get valueBytes(): number {
    return this.#blockBytes + this.#blockOf.byteLength + this.#starts.byteLength + this.#lengths.byteLength
  }

  protected store(slot: number, message: MessageSummary): void {
    const text = this.#fact.of(message)
    if (text.length > this.#room.length) this.#addBlock(text.length)
    const block = this.#blocks.at(-1) ?? noOctets
    this.#blockOf = grown(this.#blockOf, slot + 1)
    this.#starts = grown(this.#starts, slot + 1)
    this.#lengths = grown(this.#lengths, slot + 1)
    this.#blockOf[slot] = this.#blocks.length - 1
    this.#starts[slot] = block.length - this.#room.length
    this.#lengths[slot] = this.#room.write(text, 'latin1')
    this.#room = this.#room.subarray(text.length)
  }

  rows(slots: Uint32Array): TextRows {
    return {
      text: (index) => this.#octets(slots[index] ?? 0).toString('latin1'),
      octets: (index) => this.#octets(slots[index] ?? 0),
    }
  }

  #octets(slot: number): Buffer {
    const start = this.#starts[slot] ?? 0
    const block = this.#blocks[this.#blockOf[slot] ?? 0] ?? noOctets
    return block.subarray(start, start + (this.#lengths[slot] ?? 0))
  }

  #addBlock(atLeast: number): void {
    const wanted = Math.min(Math.max(firstBlock, this.#blockBytes), largestBlock)
    this.#room = Buffer.allocUnsafeSlow(Math.max(wanted, atLeast))
    this.#blockBytes += this.#room.length
    this.#blocks.push(this.#room)
  }
}
