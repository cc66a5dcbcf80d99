import { readSync } from 'node:fs'

/** Fills a place from the beginning of an open file. Answers how much there was: less where the file has become shorter. */
export function readWhole(file: number, place: Buffer): number {
  let filled = 0
  while (filled < place.length) {
    const count = readSync(file, place, filled, place.length - filled, filled)
    if (count === 0) break
    filled += count
  }
  return filled
}
