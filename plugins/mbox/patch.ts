import { writeFully } from 'mailwright/disk'
import type { MboxField } from 'mailwright/formats'
import { readRange } from './durable-file.ts'
import type { OpenFile } from './file-system.ts'

/** New octets for a field, where it stands. */
export interface Patch {
  readonly start: number
  readonly end: number
  readonly text: string
}

const LF = 0x0a
const CR = 0x0d
const space = 0x20

/** The patch that gives a field a value, padded with spaces; undefined where there is no room for it. */
export function fieldPatch({ valueStart, valueEnd, end }: MboxField, value: string): Patch | undefined {
  const text = value === '' ? '' : ` ${value}`
  return text.length <= valueEnd - valueStart ? { start: valueStart, end, text } : undefined
}

/** The patch that leaves a field without a value. */
export function blankPatch({ valueStart, end }: MboxField): Patch {
  return { start: valueStart, end, text: '' }
}

/** Writes patches. Line ends stay where they are, so nothing moves. */
export async function applyPatches(file: OpenFile, patches: readonly Patch[]): Promise<void> {
  for (const { start, end, text } of patches) {
    const octets = await readRange(file, start, end)
    for (const [place, octet] of octets.entries()) if (octet !== LF && octet !== CR) octets[place] = space
    octets.write(text, 'latin1')
    await writeFully(file, octets, start)
  }
}
