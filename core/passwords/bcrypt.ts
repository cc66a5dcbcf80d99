import type { PasswordScheme } from './scheme.ts'

const form = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

// Each step doubles the work: 16 takes some four seconds of a thread.
const highestCost = 16

/** bcrypt, which sees only the first 72 octets of a secret. */
export const bcrypt: PasswordScheme = {
  names: ['BLF-CRYPT', 'BCRYPT', 'CRYPT'],
  marked: true,
  read({ text }) {
    const cost = Number(form.exec(text)?.[1])
    return cost >= 4 && cost <= highestCost ? (secret) => verifyBcrypt(secret, text) : undefined
  },
}

/** Loaded when the first such hash is met: most systems have none, and it costs 5 MiB. */
async function verifyBcrypt(
  secret: Parameters<typeof import('@node-rs/bcrypt').verify>[0],
  hash: string,
): Promise<boolean> {
  const { verify } = await import('@node-rs/bcrypt')
  return verify(secret, hash)
}
