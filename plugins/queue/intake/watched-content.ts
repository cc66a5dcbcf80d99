import { Readable } from 'node:stream'
import type { Content } from 'mailwright'

/** A content that also tells `failed` what keeps it from being read: whoever delivers it only says that it could not. */
export function watchedContent(content: Content, failed: (error: unknown) => void): Content {
  const told = (error: unknown): never => {
    failed(error)
    throw error
  }
  async function* chunks(start?: number, end?: number): AsyncGenerator<Buffer> {
    const stream = content.stream(start, end)
    const own: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
    try {
      // Chunk by chunk: what a reader ends it with is no fault of the content.
      for (;;) {
        const next = await own.next().catch(told)
        if (next.done === true) return
        yield next.value
      }
    } finally {
      stream.destroy()
    }
  }
  return {
    size: content.size,
    read: (start, end) => content.read(start, end).catch(told),
    stream: (start, end) => Readable.from(chunks(start, end), { objectMode: false }),
  }
}

/** Rejects where not all of it can be read. */
export async function readThrough(content: Content): Promise<void> {
  for await (const _ of content.stream());
}
