import { type BigIntStats, constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'

const MAX_OCTETS = 64 * 1024 * 1024

/** The file as it was at one moment. */
export interface RawContents {
  /** With its byte order mark, where it has one. */
  readonly text: string
  /** See {@link stateOf}. */
  readonly state: string
}

/** Tells one state of a file from the next: another file in its place, or the same one written to. */
export function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}/${ino}/${size}/${mtimeNs}/${ctimeNs}`
}

/** The state of the file now; one of its own for each reason why it cannot be told. */
export async function lookAt(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(stateOf, (error) => `no state: ${error.code}`)
}

/** Reads the file as one state of it. Undefined where it was written to meanwhile; rejects where it cannot be read. */
export async function readContents(path: string): Promise<RawContents | undefined> {
  // Not blocking: somebody may have put a pipe there.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const before = await handle.stat({ bigint: true })
    if (!before.isFile()) throw new Error('it is not a file')
    if (before.size > MAX_OCTETS) throw new Error(`it is longer than ${MAX_OCTETS} octets`)
    const octets = await handle.readFile()
    const after = await handle.stat({ bigint: true })
    // Not the whole state: where another file took this one's place meanwhile, this one is still all there.
    const isWhole = after.size === before.size && after.mtimeNs === before.mtimeNs
    return isWhole ? { text: decode(octets), state: stateOf(before) } : undefined
  } finally {
    await handle.close()
  }
}

function decode(octets: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
  } catch {
    throw new Error('it is not UTF-8')
  }
}
