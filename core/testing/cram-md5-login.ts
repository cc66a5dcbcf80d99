import { createHmac } from 'node:crypto'
import { expect } from 'vitest'
import type { SessionRole } from '../model/session.ts'
import type { Accounts, Verification } from '../services/accounts.ts'

/** Logs in to an accounts service as a client does that knows a secret and speaks CRAM-MD5 (RFC 2195). */
export async function loginByCramMd5(
  accounts: Accounts,
  login: string,
  secret: string,
  role: SessionRole = 'imap',
): Promise<Verification> {
  const challenge = '<1896.697170952@postoffice.example.org>'
  const digest = createHmac('md5', secret).update(challenge).digest()
  return (
    (await accounts.verifyCramMd5?.(login, { challenge, digest }, role)) ??
    expect.fail('there is no verifyCramMd5')
  )
}
