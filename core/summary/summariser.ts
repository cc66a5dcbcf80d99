import type { Content } from '../model/content.ts'
import { MimeScanner, scanMessage } from '../model/mime/mime-scanner.ts'
import type { MessageSummary, SummaryFacts } from '../model/summary.ts'
import { pacedChunks } from './paced-chunks.ts'
import { Pacer } from './pacer.ts'
import { previewOf } from './preview.ts'
import { storedSummary, withUid } from './stored-summary.ts'

// Text that begins behind so many octets of a message gives no preview.
const kept = 65_536
// A message of this size is read at once.
const smallMessage = 262_144

/**
 * Makes the summary of a message whose octets go by, as while it is written to disk. Keeps its headers and its first
 * 64 KiB; how the octets are cut into chunks makes no difference.
 */
export class Summariser {
  readonly #scanner = new MimeScanner()
  readonly #beginning: Buffer[] = []
  #length = 0
  #facts: SummaryFacts | undefined

  /** Takes the next octets, with CRLF line ends as the store shows them. The chunk may be reused afterwards. */
  add(chunk: Buffer): void {
    this.#scanner.push(chunk)
    if (this.#facts !== undefined || this.#length >= kept || chunk.length === 0) return
    const part = Buffer.from(chunk.subarray(0, kept - this.#length))
    this.#beginning.push(part)
    this.#length += part.length
  }

  /** Ends the message; after that nothing is taken. Asked again it gives the same answer. */
  finish(): SummaryFacts {
    if (this.#facts !== undefined) return this.#facts
    const { root } = this.#scanner.finish()
    const [first = Buffer.alloc(0), ...more] = this.#beginning
    const octets = more.length === 0 ? first : Buffer.concat([first, ...more], this.#length)
    this.#facts = storedSummary(root, previewOf(root, octets))
    this.#beginning.length = 0
    return this.#facts
  }
}

/** Reads a message once and makes its summary, in turn with other work. Fails as the content does. */
export async function summarise(uid: number, content: Content): Promise<MessageSummary> {
  if (content.size <= smallMessage) return withUid(uid, summaryOf(await content.read(0, content.size)))
  const summariser = new Summariser()
  for await (const chunk of pacedChunks(content, new Pacer())) summariser.add(chunk)
  return withUid(uid, summariser.finish())
}

function summaryOf(octets: Buffer): SummaryFacts {
  const { root } = scanMessage(octets)
  return storedSummary(root, previewOf(root, octets.subarray(0, kept)))
}
