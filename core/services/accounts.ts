import type { Account } from '../model/account.ts'
import type { Address } from '../model/address/address.ts'
import type { SessionRole } from '../model/session.ts'
import type { AccountsAdministration, Domain } from './accounts-administration.ts'
import { type ServiceKey, serviceKey } from './key.ts'

export type * from './accounts-administration.ts'

/** What a provider can do beyond look-up and verification. What is absent it cannot do. */
export interface AccountsAbilities {
  /** `administration` is there. */
  readonly administration: boolean
  /** Aliases to one or many addresses. */
  readonly aliases: boolean
  /** `@domain` aliases that take what no account and no other alias takes. */
  readonly catchAll: boolean
  /** Changes outlive the process, so that the command line can make them. */
  readonly persistent: boolean
  /** Alias domains (`Domain.aliasOf`). */
  readonly aliasDomains?: boolean
  /** Domains with a quota, with a number of accounts at most, and disabled ones. */
  readonly domainSettings?: boolean
  /** `setName`, `setDisabled`, `setProtocols` and `rename`. */
  readonly accountSettings?: boolean
  /** Accounts can be added with a hash in place of a password. */
  readonly hashes?: boolean
  /** Targets of aliases that end at a time. */
  readonly expiringAliases?: boolean
  readonly appPasswords?: boolean
  /** Limits of sending, which the provider's own taps enforce. */
  readonly sendingLimits?: boolean
  /** A removed account can be restored. */
  readonly restoring?: boolean
  /** A record of every change. */
  readonly audit?: boolean
  /** `scramVerifier` is there, and clients shall be offered SCRAM. */
  readonly scram?: boolean
  /** `verifyCramMd5` is there, and clients shall be offered CRAM-MD5. */
  readonly cramMd5?: boolean
  /** `identify` is there. */
  readonly identify?: boolean
}

/**
 * What an address is here. For an address of an alias domain: what the same local part is at the other domain. A
 * disabled account is found like any other; whoever takes mail for it refuses it (550 5.2.1, RFC 3463 §3.3). In a
 * disabled domain accounts are disabled and everything else is unknown. Targets of aliases that have expired are not
 * there; an alias without any other is none.
 */
export type Resolution =
  | {
      readonly kind: 'account'
      readonly account: Account
      /** The `+detail` that was split off (RFC 5233). */
      readonly detail?: string
    }
  | { readonly kind: 'alias'; readonly addresses: readonly Address[]; readonly via: 'alias' | 'catch-all' }
  /** The domain is ours but nobody has that address. */
  | { readonly kind: 'unknown' }
  /** The domain is not ours. */
  | { readonly kind: 'foreign' }

/** Why a login failed. `no-keys`: by SCRAM or CRAM-MD5, and nothing is kept of the account's password that could verify it. */
export type LoginFailure = 'unknown' | 'wrong-secret' | 'disabled' | 'protocol' | 'no-keys'

/** What came of a login. The reason is for the history, never for the client: all failures look the same to it. */
export type Verification =
  | {
      readonly ok: true
      readonly account: Account
      /** The name of the app password that was used in place of the account's own. */
      readonly appPassword?: string
    }
  | { readonly ok: false; readonly reason: LoginFailure }

/** The SCRAM mechanisms (RFC 5802) that there can be keys for; each has a variant with channel binding. */
export type ScramMechanism = 'SCRAM-SHA-256'

/** What verifies a client's proof, and proves the server to the client (RFC 5802 §3). */
export interface ScramKeys {
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** One login by SCRAM, as the accounts service knows it. */
export interface ScramVerifier {
  readonly salt: Buffer
  /** At least 4,096 where the provider has made the keys (RFC 7677 §4). */
  readonly iterations: number
  /** Those of the account's password and of its app passwords for the role; none where nobody can log in so. */
  readonly keys: readonly ScramKeys[]
  /** What the login comes to: the client has proven to know one of the keys, or none. To be called once. */
  verify(proven: ScramKeys | undefined): Promise<Verification>
}

/** What a client by CRAM-MD5 has answered to a challenge (RFC 2195 §2). */
export interface CramMd5Response {
  /** As the client got it, without its base64. */
  readonly challenge: string
  /** HMAC-MD5 of the challenge, with the password as key: 16 octets. */
  readonly digest: Buffer
}

/**
 * Who has an address here, and who is logging in. Every call may fail with MAIL_E_UNAVAILABLE; nobody may take that
 * for "unknown".
 */
export interface Accounts {
  readonly supports: AccountsAbilities
  /** The domain where it is ours. The name may be written in any form. */
  domain(name: string): Promise<Domain | undefined>
  /** One step of resolution: an alias of an alias is resolved by asking again. */
  resolve(address: Address): Promise<Resolution>
  byId(id: string): Promise<Account | undefined>
  /**
   * Verifies a secret for a login, which is an address or what the provider allows beside it: the account's password,
   * or an app password for that role. Takes about as long for an unknown login as for a wrong secret.
   */
  verify(login: string, secret: string, role: SessionRole): Promise<Verification>
  /**
   * What a login by SCRAM needs. Nobody learns from the answer whether there is such an account: a login that nobody
   * has gets a salt too, always the same one, in every process. Absent where `supports.scram` is.
   */
  scramVerifier?(login: string, role: SessionRole, mechanism: ScramMechanism): Promise<ScramVerifier>
  /**
   * Verifies an answer to a challenge: by the account's password, or by an app password for that role. Takes about as long for an
   * unknown login as for a wrong answer; the flow tells a failure after 25 ms at the earliest. Absent where `supports.cramMd5` is.
   */
  verifyCramMd5?(login: string, response: CramMd5Response, role: SessionRole): Promise<Verification>
  /**
   * Who a login is, and whether it may be used for a role: for logins that somebody else vouches for, such as those of
   * bearer tokens. Absent where `supports.identify` is.
   */
  identify?(login: string, role: SessionRole): Promise<Verification>
  /** Absent where `supports.administration` is false. */
  readonly administration: AccountsAdministration | undefined
}

export const accounts: ServiceKey<Accounts> = serviceKey(
  'accounts',
  'domains, accounts, aliases and passwords',
  ['accounts-sql', 'accounts-existing', 'accounts-file', 'memory'],
)
