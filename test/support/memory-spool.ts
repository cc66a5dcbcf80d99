import { bufferContent, type Spool } from 'mailwright'

/** A spool that needs no disk. */
export interface MemorySpool extends Spool {
  /** Writers that were disposed of, each once. */
  readonly disposed: number
}

export function memorySpool(): MemorySpool {
  let disposed = 0
  return {
    get disposed() {
      return disposed
    },
    room: async () => Number.POSITIVE_INFINITY,
    receive() {
      const chunks: Buffer[] = []
      let isDisposed = false
      return {
        get size() {
          return chunks.reduce((sum, { length }) => sum + length, 0)
        },
        write: async (chunk) => void chunks.push(Buffer.from(chunk)),
        finish: async () => bufferContent(Buffer.concat(chunks)),
        dispose: async () => {
          if (!isDisposed) disposed++
          isDisposed = true
        },
      }
    },
  }
}
