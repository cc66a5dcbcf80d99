import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { expect } from 'vitest'
import type { SessionRole } from '../model/session.ts'
import type { Accounts, ScramKeys, ScramVerifier, Verification } from '../services/accounts.ts'

/** What a service with the ability `scram` answers for a login; fails the test where it has no such method. */
export async function scramVerifierOf(
  accounts: Accounts,
  login: string,
  role: SessionRole = 'imap',
): Promise<ScramVerifier> {
  return (
    (await accounts.scramVerifier?.(login, role, 'SCRAM-SHA-256')) ?? expect.fail('there is no scramVerifier')
  )
}

/** Which keys a client with a secret proves to know (RFC 5802 §3), worked out apart from the server's own code. */
export function provenKeysOf(
  { salt, iterations, keys }: ScramVerifier,
  secret: string,
): ScramKeys | undefined {
  const salted = pbkdf2Sync(secret, salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(keyed('Client Key')).digest()
  const proven = keys.find((each) => each.storedKey.equals(storedKey))
  if (proven !== undefined)
    expect(proven.serverKey, 'the server can prove itself').toEqual(keyed('Server Key'))
  return proven
}

/** Logs in to an accounts service as a client does that knows a secret and speaks SCRAM-SHA-256. */
export async function loginByScram(
  accounts: Accounts,
  login: string,
  secret: string,
  role: SessionRole = 'imap',
): Promise<Verification> {
  const verifier = await scramVerifierOf(accounts, login, role)
  return verifier.verify(provenKeysOf(verifier, secret))
}
