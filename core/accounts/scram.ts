import { createHmac } from 'node:crypto'
import type { Account } from '../model/account.ts'
import { type Address, addressKey, formatAddress, parseAddress } from '../model/address/address.ts'
import type { SessionRole } from '../model/session.ts'
import { hashForScram, type KeptScramKeys, readScramKeys, type ScramSettings } from '../passwords/index.ts'
import type { ScramKeys, ScramVerifier } from '../services/accounts.ts'
import { openedBy } from './identify.ts'

/** How a provider makes keys for SCRAM, and what it says of logins that have none. */
export interface ScramPolicy {
  /** 32 octets that nobody outside knows, the same in all processes with the same accounts: salts are made of it. */
  readonly saltKey: Buffer
  readonly iterations: number
}

/** An account as SCRAM needs it. Keys are texts; what is no key counts as none. */
export interface ScramRecord<Stored extends ScramSecret> {
  /** Disabled, too, where its domain is. */
  readonly account: Account
  /** Those of the account's own password. */
  readonly scramKeys: string | undefined
  readonly appPasswords: readonly Stored[]
}

/** An app password with its keys. */
export interface ScramSecret {
  readonly name: string
  readonly roles: readonly string[]
  readonly scramKeys?: string | undefined
}

const SALT_OCTETS = 16

/** The secrets that an account has already. */
export type ScramSecrets = Pick<ScramRecord<ScramSecret>, 'scramKeys' | 'appPasswords'>

/** Makes the keys of a secret that an account is to have. Its other secrets keep theirs: all of them share a salt. */
export function makeScramKeys(
  policy: ScramPolicy,
  secret: string,
  address: Address,
  others?: ScramSecrets,
): Promise<string> {
  return hashForScram(secret, scramSettingsOf(policy, address, others))
}

/** What keys of an account are to be made with. */
export function scramSettingsOf(policy: ScramPolicy, address: Address, others?: ScramSecrets): ScramSettings {
  return settingsOf(policy, formatAddress(address), others)
}

/** Whether a secret has no keys yet that can be used beside those of the account's other secrets. */
export function lacksScramKeys(
  policy: ScramPolicy,
  record: ScramRecord<ScramSecret>,
  kept: string | undefined,
): boolean {
  const keys = read(kept)
  return keys === undefined || !isMadeWith(keys, scramSettingsOf(policy, record.account.address, record))
}

/** Who wants to log in by SCRAM, and where that account is. */
export interface ScramQuestion<Stored extends ScramSecret> {
  readonly login: string
  readonly role: SessionRole
  /** The account as it is now; undefined where there is none. Asked again when the proof has come. */
  load(): Promise<ScramRecord<Stored> | undefined>
  /** Told of an app password that has opened the account. */
  onUse?(used: Stored): Promise<void>
}

/**
 * What a login by SCRAM needs, for an account or for nobody. A client proves one secret of several without saying
 * which: so all secrets of an account are kept with one salt, and its proof is compared with each. A secret that is
 * changed or revoked before the proof has come opens nothing.
 */
export async function scramVerifierOf<Stored extends ScramSecret>(
  policy: ScramPolicy,
  { login, role, load, onUse }: ScramQuestion<Stored>,
): Promise<ScramVerifier> {
  const shown = await load()
  const settings = settingsOf(policy, login, shown)
  return {
    ...settings,
    keys: sourcesOf(shown, settings).map(({ keys }) => keys),
    async verify(proven) {
      const record = await load()
      if (record === undefined) return { ok: false, reason: 'unknown' }
      const sources = sourcesOf(record, settings)
      const matching = sources.filter(({ keys }) => proven?.storedKey.equals(keys.storedKey))
      const opened = openedBy(record.account, role, matching)
      if (opened === undefined)
        return { ok: false, reason: sources.length === 0 ? 'no-keys' : 'wrong-secret' }
      if (opened.used !== undefined) await onUse?.(opened.used)
      return opened.verification
    },
  }
}

/** Keys of an account, each with the app password that it is of; undefined where it is the account's own. */
interface Source<Stored> {
  readonly keys: ScramKeys
  readonly from: Stored | undefined
}

function sourcesOf<Stored extends ScramSecret>(
  record: ScramRecord<Stored> | undefined,
  settings: ScramSettings,
): readonly Source<Stored>[] {
  if (record === undefined) return []
  const own = { kept: record.scramKeys, from: undefined }
  const all = [own, ...record.appPasswords.map((from) => ({ kept: from.scramKeys, from }))]
  return all.flatMap(({ kept, from }) => {
    const keys = read(kept)
    return keys !== undefined && isMadeWith(keys, settings) ? [{ keys, from }] : []
  })
}

/** What keys of an account are made with: what the first of them was, else what a login without any is shown. */
function settingsOf(
  { saltKey, iterations }: ScramPolicy,
  login: string,
  record: ScramSecrets | undefined,
): ScramSettings {
  const kept = [record?.scramKeys, ...(record?.appPasswords ?? []).map(({ scramKeys }) => scramKeys)]
  const first = kept.map(read).find((keys) => keys !== undefined)
  if (first !== undefined) return { salt: first.salt, iterations: first.iterations }
  const address = parseAddress(login)
  const name = address === undefined ? login.toLowerCase() : addressKey(address)
  const salt = createHmac('sha256', saltKey).update(name).digest().subarray(0, SALT_OCTETS)
  return { salt, iterations }
}

function isMadeWith(keys: KeptScramKeys, { salt, iterations }: ScramSettings): boolean {
  return keys.iterations === iterations && keys.salt.equals(salt)
}

function read(kept: string | undefined): KeptScramKeys | undefined {
  return kept === undefined ? undefined : readScramKeys(kept)
}
