// MD5 (RFC 1321) that can go on from a state in its middle, which the digests of Node.js cannot: whoever keeps the two
// states of an HMAC in place of its key needs that.

/** The octets of one block. */
export const md5BlockOctets = 64

/** What every digest begins with (§3.3). A state is its four words, the low-order octet first. */
export const md5Start: Buffer = Buffer.from('0123456789abcdeffedcba9876543210', 'hex')

const sines = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32))
const shifts: readonly (readonly number[])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
]

/** The digest of what made a state, so many octets, and of a text behind it. */
export function md5From(state: Buffer, octetsBefore: number, text: Buffer): Buffer {
  const zeros = (2 * md5BlockOctets - 9 - (text.length % md5BlockOctets)) % md5BlockOctets
  const end = Buffer.alloc(1 + zeros + 8)
  end[0] = 0x80
  end.writeBigUInt64LE(BigInt(octetsBefore + text.length) * 8n, 1 + zeros)
  const padded = Buffer.concat([text, end])
  let current = state
  for (let at = 0; at < padded.length; at += md5BlockOctets)
    current = md5Block(current, padded.subarray(at, at + md5BlockOctets))
  return current
}

/** The state after one more block (§3.4). */
export function md5Block(state: Buffer, block: Buffer): Buffer {
  const before = [0, 4, 8, 12].map((at) => state.readInt32LE(at))
  let [a = 0, b = 0, c = 0, d = 0] = before
  for (let step = 0; step < 64; step += 1) {
    const [mixed, word] = mix(step, b, c, d)
    const sum = (a + mixed + (sines[step] ?? 0) + block.readInt32LE(word * 4)) | 0
    const shift = shifts[step >> 4]?.[step & 3] ?? 0
    const next = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0
    ;[a, b, c, d] = [d, next, b, c]
  }
  const after = Buffer.alloc(16)
  for (const [place, word] of [a, b, c, d].entries())
    after.writeInt32LE(((before[place] ?? 0) + word) | 0, place * 4)
  return after
}

/** What a step makes of three words, and which word of the block it takes. */
function mix(step: number, b: number, c: number, d: number): readonly [mixed: number, word: number] {
  if (step < 16) return [(b & c) | (~b & d), step]
  if (step < 32) return [(d & b) | (~d & c), (5 * step + 1) % 16]
  if (step < 48) return [b ^ c ^ d, (3 * step + 5) % 16]
  return [c ^ (b | ~d), (7 * step) % 16]
}
