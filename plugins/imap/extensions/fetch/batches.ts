import { encodeSummary, type Mailbox, type MessageEntry, type MessageSummary } from 'mailwright'

/** Messages that are read together, between two looks at the clock. */
const mostTogether = 250
/** Octets of summaries, and of texts, that are held together: they are large where messages have thousands of parts. */
export const mostOctets: number = 8 * 1024 * 1024

/** Messages that follow each other, with what was read of them. */
export interface Batch {
  /** How many there are, those included that are gone. */
  readonly asked: number
}

/**
 * Messages of a FETCH, which ascend, in batches of which what has to be known fits into memory. `read` cuts some of them
 * into batches. With `descending` the last messages come first.
 */
export async function* inBatches<Read extends Batch>(
  entries: readonly MessageEntry[],
  descending: boolean,
  read: (entries: readonly MessageEntry[]) => AsyncIterable<Read>,
): AsyncGenerator<Read, void> {
  if (!descending) {
    for (let from = 0; from < entries.length; from += mostTogether)
      yield* read(entries.slice(from, from + mostTogether))
    return
  }
  let size = mostTogether
  for (let end = entries.length; end > 0; ) {
    let last: Read | undefined
    // What stores answer ascends: what comes before the last batch is read again when its turn comes.
    for await (const batch of read(entries.slice(Math.max(0, end - size), end))) last = batch
    if (last === undefined) return
    yield last
    end -= last.asked
    size = Math.min(mostTogether, 2 * last.asked)
  }
}

/** Messages with their summaries. */
export interface Summarised {
  /** Ascending. */
  readonly entries: readonly MessageEntry[]
  /** Of those that are not gone. */
  readonly summaries: ReadonlyMap<number, MessageSummary>
}

/** Reads the summaries of messages, which ascend, and cuts behind the one with which they are too large. */
export async function* summarised(
  mailbox: Pick<Mailbox, 'summaries'>,
  entries: readonly MessageEntry[],
): AsyncGenerator<Summarised, void> {
  let summaries = new Map<number, MessageSummary>()
  let octets = 0
  let from = 0
  let at = 0
  for await (const summary of mailbox.summaries(entries.map(({ uid }) => uid))) {
    while (at < entries.length && (entries[at]?.uid ?? 0) <= summary.uid) at += 1
    summaries.set(summary.uid, summary)
    octets += encodeSummary(summary).length
    if (octets <= mostOctets) continue
    yield { entries: entries.slice(from, at), summaries }
    summaries = new Map()
    octets = 0
    from = at
  }
  if (from < entries.length) yield { entries: entries.slice(from), summaries }
}
