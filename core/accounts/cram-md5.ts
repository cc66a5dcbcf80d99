import type { SessionRole } from '../model/session.ts'
import { type CramMd5Key, provesCramMd5Key, readCramMd5Key, type VerifyOptions } from '../passwords/index.ts'
import type { CramMd5Response } from '../services/accounts.ts'
import { appPasswordKey } from './app-password.ts'
import { openedBy } from './identify.ts'
import type { LoginRecord, VerifiedLogin } from './login.ts'

/** A secret's key, with the app password that it is of; undefined where it is the account's own. */
interface Source<Stored> {
  readonly key: CramMd5Key
  readonly from: Stored | undefined
}

/** Compared with as well, so that a login without keys takes about the time of one; the session's flow hides the rest. */
const nobodys = { key: { outer: Buffer.alloc(16), inner: Buffer.alloc(16) }, from: undefined }

/**
 * Verifies an answer to a challenge of CRAM-MD5 (RFC 2195), for an account or for nobody, by what is kept as `{CRAM-MD5}` or in
 * clear. Each secret takes microseconds, and all are looked at. The options say what a hash is that does not say so itself.
 */
export function verifyCramMd5<
  Stored extends { readonly name: string; readonly hash: string; readonly roles: readonly string[] },
>(
  response: CramMd5Response,
  role: SessionRole,
  record: LoginRecord<Stored> | undefined,
  options: VerifyOptions = {},
): VerifiedLogin<Stored> {
  const sources = record === undefined ? [] : sourcesOf(record, options)
  const matching = [...sources, nobodys].filter(({ key }) => provesCramMd5Key(key, response))
  if (record === undefined) return failed('unknown')
  const opened = openedBy(
    record.account,
    role,
    matching.filter((each) => each !== nobodys),
  )
  return opened ?? failed(sources.length === 0 ? 'no-keys' : 'wrong-secret')
}

function failed(reason: 'unknown' | 'no-keys' | 'wrong-secret'): VerifiedLogin<never> {
  return { verification: { ok: false, reason }, used: undefined }
}

function sourcesOf<Stored extends { readonly hash: string }>(
  { password, appPasswords }: LoginRecord<Stored>,
  options: VerifyOptions,
): readonly Source<Stored>[] {
  const own = password === undefined ? undefined : readCramMd5Key(password, options)
  const others = appPasswords.flatMap((from) => {
    const key = appPasswordKey(from.hash)
    return key === undefined ? [] : [{ key, from }]
  })
  return own === undefined ? others : [{ key: own, from: undefined }, ...others]
}
