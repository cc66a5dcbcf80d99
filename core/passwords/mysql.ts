import { hash } from 'node:crypto'
import { sameOctets } from './compare.ts'
import { decodeHex } from './encoding.ts'
import type { PasswordScheme } from './scheme.ts'

/** `PASSWORD()` of MySQL 4.1 to 5.7 and of MariaDB: a star, and SHA-1 of SHA-1 in hexadecimal. */
export const mysqlPassword: PasswordScheme = {
  names: ['MYSQL'],
  marked: true,
  read({ text }) {
    const digest = text.startsWith('*') ? decodeHex(text.slice(1)) : undefined
    if (digest?.length !== 20) return undefined
    return async (secret) => sameOctets(hash('sha1', hash('sha1', secret, 'buffer'), 'buffer'), digest)
  },
}

/** `PASSWORD()` before MySQL 4.1, `OLD_PASSWORD()` after: 62 bits in 16 hexadecimal digits, and no salt. */
export const mysqlOldPassword: PasswordScheme = {
  names: ['MYSQL-OLD'],
  marked: false,
  read({ text }) {
    const digest = decodeHex(text)
    if (digest?.length !== 8) return undefined
    return async (secret) => sameOctets(oldPassword(secret), digest)
  },
}

const space = 0x20
const tab = 0x09

// Of the three sums only the lower 31 bits are kept, and no higher bit has a say in them.
function oldPassword(secret: Buffer): Buffer {
  let first = 0x50_30_57_35
  let second = 0x12_34_56_71
  let sum = 7
  for (const octet of secret) {
    if (octet === space || octet === tab) continue
    first ^= Math.imul((first & 63) + sum, octet) + (first << 8)
    second += (second << 8) ^ first
    second |= 0
    sum += octet
  }
  const digest = Buffer.alloc(8)
  digest.writeUInt32BE(first & 0x7f_ff_ff_ff, 0)
  digest.writeUInt32BE(second & 0x7f_ff_ff_ff, 4)
  return digest
}
