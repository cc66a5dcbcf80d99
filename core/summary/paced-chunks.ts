import type { Content } from '../model/content.ts'
import type { Pacer } from './pacer.ts'

// Little enough to be worked through in well under the time between two turns.
const longest = 65_536

/**
 * The octets of a content from `start` to `end` in chunks of at most 64 KiB, whatever the content gives at once, and in
 * turn with other work: what is done with each chunk counts.
 */
export async function* pacedChunks(
  content: Content,
  pacer: Pacer,
  start = 0,
  end: number = content.size,
): AsyncGenerator<Buffer> {
  for await (const chunk of content.stream(start, end)) {
    const octets = chunk as Buffer
    for (let at = 0; at < octets.length; at += longest) {
      yield octets.subarray(at, at + longest)
      if (pacer.isDue) await pacer.rest()
    }
  }
}
