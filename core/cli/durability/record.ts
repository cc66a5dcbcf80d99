import { crc32 } from 'node:zlib'

/** Octets of a record: they lie across the borders of a disk's sectors. */
export const recordSize = 80

// `        17 6c1f… 0f3a91c2 ` and dots up to the end of the line.
const recordForm = /^ *(\d+) (\w+) ([0-9a-f]{8}) \.+\n$/

/** A record that can be told from a half one and from those of another run. Numbers begin with 1. */
export function encodeRecord(number: number, run: string): Buffer {
  const head = `${String(number).padStart(16)} ${run}`
  const sum = crc32(head).toString(16).padStart(8, '0')
  return Buffer.from(`${`${head} ${sum} `.padEnd(recordSize - 1, '.')}\n`, 'latin1')
}

/** The number of a whole record of a run. */
export function decodeRecord(octets: Buffer, run: string): number | undefined {
  const text = octets.toString('latin1')
  const [, number = '', of, sum] = recordForm.exec(text) ?? []
  if (of !== run) return undefined
  const head = `${number.padStart(16)} ${run}`
  return crc32(head).toString(16).padStart(8, '0') === sum ? Number(number) : undefined
}

/** How many records stand whole and in their order at the beginning of some octets. */
export function countRecords(octets: Buffer, run: string): number {
  let count = 0
  while (decodeRecord(octets.subarray(count * recordSize, (count + 1) * recordSize), run) === count + 1)
    count++
  return count
}
