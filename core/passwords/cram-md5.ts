import { createHash } from 'node:crypto'
import type { CramMd5Response } from '../services/accounts.ts'
import { sameOctets } from './compare.ts'
import { decodeHex } from './encoding.ts'
import { md5Block, md5BlockOctets, md5From, md5Start } from './md5.ts'
import type { PasswordScheme } from './scheme.ts'

/**
 * What a password makes of the two states of HMAC-MD5 (RFC 2104 §2, RFC 2195 §3). It answers challenges as the password
 * does, but it is not the password.
 */
export interface CramMd5Key {
  readonly outer: Buffer
  readonly inner: Buffer
}

const stateOctets = md5Start.length

/** The key of a password. */
export function cramMd5KeyOf(secret: Buffer): CramMd5Key {
  const short = secret.length > md5BlockOctets ? createHash('md5').update(secret).digest() : secret
  const block = Buffer.alloc(md5BlockOctets)
  short.copy(block)
  const stateOf = (pad: number) => md5Block(md5Start, Buffer.from(block.map((octet) => octet ^ pad)))
  return { outer: stateOf(0x5c), inner: stateOf(0x36) }
}

/** Whether a client's response is that of a key. */
export function provesCramMd5Key(
  { outer, inner }: CramMd5Key,
  { challenge, digest }: CramMd5Response,
): boolean {
  const text = md5From(inner, md5BlockOctets, Buffer.from(challenge))
  return sameOctets(md5From(outer, md5BlockOctets, text), digest)
}

/** As Dovecot writes it: both states in hexadecimal digits, the outer first. */
export function writeCramMd5Key({ outer, inner }: CramMd5Key): string {
  return `{CRAM-MD5}${Buffer.concat([outer, inner]).toString('hex')}`
}

/** Whether a stored password is such a key. */
export function isCramMd5Hash(stored: string): boolean {
  return /^\{(?:CRAM|HMAC)-MD5\}/i.test(stored)
}

/** Dovecot has two names for it. */
export const cramMd5: PasswordScheme = {
  names: ['CRAM-MD5', 'HMAC-MD5'],
  marked: false,
  read(stored) {
    const key = readKey(stored)
    return key && (async (secret) => isKeyOf(key, secret))
  },
  cramMd5Key: readKey,
}

function readKey({
  text,
  octets = decodeHex(text),
}: Parameters<PasswordScheme['read']>[0]): CramMd5Key | undefined {
  if (octets?.length !== 2 * stateOctets) return undefined
  return { outer: octets.subarray(0, stateOctets), inner: octets.subarray(stateOctets) }
}

/** Whether a key is that of a password. */
export function isKeyOf({ outer, inner }: CramMd5Key, secret: Buffer): boolean {
  // To HMAC a NUL at the end of a key is as good as none.
  if (secret.includes(0)) return false
  const made = cramMd5KeyOf(secret)
  return sameOctets(Buffer.concat([made.outer, made.inner]), Buffer.concat([outer, inner]))
}
