import { CR } from './mbox-line-ends.ts'
import { isFrom } from './mbox-line-rules.ts'
import { type Postmark, parsePostmark } from './mbox-postmark.ts'

/** A line of a file or, where it is very long, a piece of it. */
export interface Line {
  readonly chunk: Buffer
  /** Where the chunk begins in the file. */
  readonly base: number
  readonly at: number
  /** Behind its LF. */
  readonly end: number
  /** Whether its LF is there. */
  readonly ended: boolean
}

/** Octets of the longest line that can be a postmark. */
export const longestPostmark = 1000

export function isEmpty({ chunk, at, end, ended }: Line): boolean {
  return ended && (end - at === 1 || (end - at === 2 && chunk[at] === CR))
}

export function postmarkAt({ chunk, at, end }: Line): Postmark | undefined {
  if (!isFrom(chunk, at) || end - at > longestPostmark) return undefined
  return parsePostmark(chunk.toString('utf8', at, end).trimEnd())
}
