// RFC 3720 §12.1: the polynomial of Castagnoli, its bits reversed.
const polynomial = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, octet) => {
  let value = octet
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1
  return value
})

/** CRC32C of some octets: an unsigned number of 32 bits. */
export function crc32c(octets: Uint8Array): number {
  let value = 0xffffffff
  for (const octet of octets) value = (table[(value ^ octet) & 0xff] ?? 0) ^ (value >>> 8)
  return (value ^ 0xffffffff) >>> 0
}
