import { hash, parseOptions, verify } from '@node-rs/argon2'
import type { PasswordScheme } from './scheme.ts'

// RFC 9106 with the smallest parameters that OWASP's table still calls safe for argon2id: 19 MiB, two passes, one lane.
const current = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

const currentStart = `$argon2id$v=19$m=${current.memoryCost},t=${current.timeCost},p=${current.parallelism}$`

// What a stored hash may ask for: it may come from a file that someone else wrote, and must not exhaust the machine.
const bounds = { memoryCost: 262_144, timeCost: 16, parallelism: 16, work: 2_097_152 }

// At least 64 bits of salt and 128 of output: a hash of four octets would be found by chance.
const phc =
  /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

/** The hash of a new password as a PHC string. */
export async function hashArgon2id(secret: Buffer): Promise<string> {
  return hash(secret, current)
}

/** No password's hash, with the parameters of {@link hashArgon2id}: comparing with it takes as long. */
export const nobodysHash: string = `${currentStart}${'A'.repeat(22)}$${'A'.repeat(43)}`

/** RFC 9106 in PHC form; verifies argon2i and argon2d as well, which other programs wrote. */
export const argon2: PasswordScheme = {
  names: ['ARGON2ID', 'ARGON2I', 'ARGON2D', 'ARGON2'],
  marked: true,
  read: ({ text }) => (isWithinBounds(text) ? (secret) => verify(text, secret) : undefined),
}

/** Whether a hash, with `{SCHEME}` or without, has the kind and the parameters that {@link hashArgon2id} gives. */
export function isCurrent(stored: string): boolean {
  const hash = stored.replace(/^\{ARGON2(?:ID)?\}/i, '')
  return (
    hash.startsWith(currentStart) &&
    isWithinBounds(hash) &&
    readParameters(hash)?.outputLen === current.outputLen
  )
}

function isWithinBounds(stored: string): boolean {
  if (!phc.test(stored)) return false
  const parameters = readParameters(stored)
  if (parameters === undefined) return false
  const { memoryCost, timeCost, parallelism } = parameters
  return (
    memoryCost <= bounds.memoryCost &&
    timeCost <= bounds.timeCost &&
    parallelism <= bounds.parallelism &&
    memoryCost * timeCost <= bounds.work
  )
}

function readParameters(stored: string): ReturnType<typeof parseOptions> | undefined {
  try {
    return parseOptions(stored)
  } catch {
    return undefined
  }
}
