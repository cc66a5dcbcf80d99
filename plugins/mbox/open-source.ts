import type { MboxSource } from 'mailwright/formats'
import { readRange } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'

/** An open file as the scanner of mbox files reads it, up to a size. */
export function openSource(file: OpenFile, size: number): MboxSource {
  return { size, read: (start, end) => readRange(file, start, Math.min(end, size)) }
}
