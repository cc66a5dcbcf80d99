import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'

// RFC 3720 Appendix B.4.
test.each([
  [Buffer.alloc(32), 0x8a9136aa],
  [Buffer.alloc(32, 0xff), 0x62a8ab43],
  [Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  [Buffer.from('123456789'), 0xe3069283],
  [Buffer.alloc(0), 0],
])('of %j', (octets, value) => {
  expect(crc32c(octets)).toBe(value)
})
