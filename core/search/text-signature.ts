import { crc32 } from 'node:zlib'
import type { Content } from '../model/content.ts'
import { Pacer } from '../summary/pacer.ts'
import { readTexts, type TextReader } from './message-texts.ts'
import { TrigramSet, trigramAt } from './trigram-set.ts'

// Changed whenever signatures, or the texts and folding they are made of, change: no store must read one by another rule.
const VERSION = 1
// The version and a CRC-32 of what follows.
const PREFIX = 5

// A Bloom filter of ten bits a trigram that are asked four times says yes to one in eighty trigrams that are not there.
const bitsEach = 10
const probes = 4
const smallest = 64
/** Bits of the largest signature, 64 KiB. A text with more trigrams is a candidate for every search. */
const largest = 524_288

/** A text that is looked for, prepared for many signatures. */
export interface FoldedNeedle {
  /** As `foldText` folds. */
  readonly folded: string
  /** Each of its trigrams once. */
  readonly trigrams: Uint32Array
}

/** Prepares a text, folded as `foldText` folds, for `mayContain`. */
export function foldedNeedle(folded: string): FoldedNeedle {
  const trigrams = new Set<number>()
  for (let at = 2; at < folded.length; at += 1) trigrams.add(trigramAt(folded, at))
  return { folded, trigrams: Uint32Array.from(trigrams) }
}

/** Builds the signature of a text from its pieces, each folded as `foldText` folds. */
export class TextSignatureBuilder {
  readonly #trigrams = new TrigramSet(Math.floor(largest / bitsEach))
  /** The end of the text so far: a trigram may begin in it. */
  #tail = ''

  /** Whether the text has more than a signature can tell apart: what is added then makes no difference. */
  get isFull(): boolean {
    return this.#trigrams.isFull
  }

  /** Takes the next piece. Where pieces do not belong together nothing is lost by adding them one after the other. */
  add(folded: string): void {
    if (folded.length === 0 || this.isFull) return
    if (this.#tail !== '') this.#trigrams.addAll(this.#tail + folded.slice(0, 2))
    this.#trigrams.addAll(folded)
    this.#tail = (this.#tail + folded.slice(-2)).slice(-2)
  }

  /** The signature: an octet of version, a checksum, and ten bits for each different trigram, at most 64 KiB. */
  finish(): Buffer {
    const size = Math.max(smallest, Math.ceil((this.#trigrams.size * bitsEach) / 8) * 8)
    const signature = Buffer.alloc(PREFIX + (this.isFull ? 0 : size / 8))
    if (!this.isFull) setBits(signature.subarray(PREFIX), this.#trigrams.values())
    signature[0] = VERSION
    signature.writeUInt32LE(crc32(signature.subarray(PREFIX)), 1)
    return signature
  }
}

/**
 * Whether the text of a signature may contain a needle. Never false where it does; for a needle of less than three
 * characters, and for a signature that is damaged, cut or of another version, always true.
 */
export function mayContain(signature: Buffer, needle: FoldedNeedle): boolean {
  const size = (signature.length - PREFIX) * 8
  if (size <= 0 || signature[0] !== VERSION) return true
  for (const trigram of needle.trigrams) {
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(trigram, probe, size)
      if (((signature[PREFIX + (bit >>> 3)] ?? 0) & (1 << (bit & 7))) === 0) return isDamaged(signature)
    }
  }
  return true
}

/** The signature of all texts that a search looks in, read as a search reads them. Fails as the content does. */
export async function signText(content: Content): Promise<Buffer> {
  const builder = new TextSignatureBuilder()
  const reader: TextReader = {
    get isDone() {
      return builder.isFull
    },
    take: (folded) => builder.add(folded),
  }
  await readTexts(content, reader, new Pacer())
  return builder.finish()
}

function isDamaged(signature: Buffer): boolean {
  return crc32(signature.subarray(PREFIX)) !== signature.readUInt32LE(1)
}

function setBits(octets: Buffer, trigrams: Uint32Array): void {
  const size = octets.length * 8
  for (let index = 0; index < trigrams.length; index += 1) {
    const trigram = trigrams[index] ?? 0
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = bitOf(trigram, probe, size)
      octets[bit >>> 3] = (octets[bit >>> 3] ?? 0) | (1 << (bit & 7))
    }
  }
}

/** Which of `size` bits a trigram has for a probe. */
function bitOf(trigram: number, probe: number, size: number): number {
  const step = Math.imul(trigram ^ (trigram >>> 15), 0x2c1b_3c6d) | 1
  const mixed = Math.imul(trigram, 0x9e37_79b1) + Math.imul(step, probe)
  return Math.floor(((mixed >>> 0) * size) / 2 ** 32)
}
