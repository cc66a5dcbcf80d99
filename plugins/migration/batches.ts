import type { LoadedMessages, SourceEntry } from './source.ts'

// A batch is stored with one change of the mailbox; more of it would only take more memory.
const mostMessages = 200
const mostOctets = 8 * 1024 * 1024

/** Puts messages together that are stored together. */
export async function* batches(entries: AsyncIterable<SourceEntry>): AsyncGenerator<readonly SourceEntry[]> {
  let batch: SourceEntry[] = []
  let octets = 0
  for await (const entry of entries) {
    if (batch.length > 0 && (batch.length >= mostMessages || octets + entry.size > mostOctets)) {
      yield batch
      batch = []
      octets = 0
    }
    batch.push(entry)
    octets += entry.size
  }
  if (batch.length > 0) yield batch
}

type Ahead<T> = Promise<{ readonly result: IteratorResult<T> } | { readonly error: unknown }>

/** The same, with the next one being read while one is stored. What was read and not asked for is disposed of. */
export async function* ahead<T extends LoadedMessages>(all: AsyncGenerator<T>): AsyncGenerator<T> {
  const read = (): Ahead<T> =>
    all.next().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    )
  let next = read()
  try {
    for (;;) {
      const current = await next
      if ('error' in current) throw current.error
      if (current.result.done === true) return
      next = read()
      yield current.result.value
    }
  } finally {
    const last = await next
    if ('result' in last && last.result.done !== true) await last.result.value.dispose()
    await all.return(undefined)
  }
}
