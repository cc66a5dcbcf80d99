const CR = 0x0d
const LF = 0x0a
// In each octet of a word: one more than the largest that is looked at, and the highest bit.
const aboveCr = 0x0e0e0e0e
const highest = 0x80808080

/**
 * Where the first CR without LF, or LF without CR, is (RFC 5321 §2.3.8); -1 where there is none. A CR at the end counts as one
 * without LF. Looks at four octets at a time and makes nothing that has to be collected afterwards: as fast as a native expression
 * over a string, for which every message would have to be copied.
 */
export function findBareLineEnd(octets: Buffer): number {
  const unaligned = (4 - (octets.byteOffset & 3)) & 3
  if (octets.length < unaligned + 4) return firstOf(octets, 0, octets.length)
  const words = (octets.length - unaligned) >> 2
  const rest = unaligned + words * 4
  const view = new Int32Array(octets.buffer, octets.byteOffset + unaligned, words)
  const found = firstOf(octets, 0, unaligned)
  if (found !== -1) return found
  for (let word = 0; word < words; word++) {
    const four = view[word] ?? 0
    // Not 0 where one of them is at most CR; seldom also otherwise.
    if (((four - aboveCr) & ~four & highest) === 0) continue
    const at = unaligned + word * 4
    const bare = firstOf(octets, at, at + 4)
    if (bare !== -1) return bare
  }
  return firstOf(octets, rest, octets.length)
}

function firstOf(octets: Buffer, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const octet = octets[at]
    if (octet === LF ? octets[at - 1] !== CR : octet === CR && octets[at + 1] !== LF) return at
  }
  return -1
}
