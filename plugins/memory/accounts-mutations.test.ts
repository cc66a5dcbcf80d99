import { formatAddress, type MailwrightError, type Resolution, UnavailableError } from 'mailwright'
import { accountsSeed, overlay } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import {
  brokenAccounts,
  type AccountsFaults as Faults,
  failuresOf,
} from '../../test/support/faults/broken-accounts.ts'

const unknown: Resolution = { kind: 'unknown' }

/** Mistakes that such services make, each with the beginning of a case that must notice it. */
const mistakes: readonly (readonly [mistake: string, noticedBy: string, faults: Faults])[] = [
  [
    'domains are compared octet by octet',
    'domain: finds ours',
    {
      accounts: (inner) => ({
        domain: async (name) => (name === name.toLowerCase() ? inner.domain(name) : undefined),
      }),
    },
  ],
  [
    'every domain is ours',
    'domain: hostile names',
    { accounts: () => ({ domain: async (name) => ({ name }) }) },
  ],
  [
    'local parts are compared octet by octet',
    'resolve: case, quoting',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          return found.kind === 'account' && found.account.address.localPart !== address.localPart
            ? unknown
            : found
        },
      }),
    },
  ],
  [
    'foreign is taken for unknown',
    'resolve: unknown in our domains',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          return found.kind === 'foreign' ? unknown : found
        },
      }),
    },
  ],
  [
    '% is a wildcard',
    'resolve: hostile addresses',
    {
      accounts: (inner) => ({
        resolve: (address) =>
          inner.resolve(address.localPart === '%' ? { ...address, localPart: 'jo' } : address),
      }),
    },
  ],
  [
    'a detail is lost',
    'resolve: splits off a detail',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          return found.kind === 'account' ? { kind: 'account', account: found.account } : found
        },
      }),
    },
  ],
  [
    'details come before whole names',
    'resolve: splits off a detail',
    {
      accounts: (inner) => ({
        resolve: (address) =>
          inner.resolve({ ...address, localPart: address.localPart.replace('+exact', '+x') }),
      }),
    },
  ],
  [
    'aliases are resolved to the end',
    'resolve: an alias',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          const [target] = found.kind === 'alias' ? found.addresses : []
          return target === undefined || formatAddress(target) !== 'info@example.org'
            ? found
            : inner.resolve(target)
        },
      }),
    },
  ],
  [
    'a catch-all calls itself an alias',
    'resolve: a catch-all',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          return found.kind === 'alias' ? { ...found, via: 'alias' } : found
        },
      }),
    },
  ],
  [
    'ids find addresses',
    'byId:',
    {
      accounts: (inner) => ({
        byId: async (id) => (await inner.byId(id)) ?? (await inner.administration?.accounts())?.[0],
      }),
    },
  ],
  [
    'the secret is trimmed',
    'verify: nothing but exactly',
    { accounts: (inner) => ({ verify: (login, secret, role) => inner.verify(login, secret.trim(), role) }) },
  ],
  [
    'the secret ends at NUL',
    'verify: nothing but exactly',
    {
      accounts: (inner) => ({
        verify: (login, secret, role) => inner.verify(login, secret.split('\0')[0] ?? '', role),
      }),
    },
  ],
  [
    'the secret is cut at 72 octets',
    'setPassword: the new one works',
    {
      accounts: (inner) => ({
        verify: (login, secret, role) => inner.verify(login, secret.slice(0, 72), role),
      }),
      administration: (inner) => ({
        setPassword: (address, password) => inner.setPassword(address, password.slice(0, 72)),
      }),
    },
  ],
  ...[72, 128].map((octets) => {
    // A comparison that stops there takes whatever comes after it.
    const whole = (secret: string): string =>
      accountsSeed.accounts.find(({ password }) => password?.slice(0, octets) === secret.slice(0, octets))
        ?.password ?? secret
    const faults: Faults = {
      accounts: (inner) => ({
        verify: (login, secret, role) => inner.verify(login, whole(secret), role),
      }),
    }
    return [`secrets are compared up to ${octets} octets`, 'verify: every octet', faults] as const
  }),
  [
    'nobody is told that an account is disabled',
    'resolve, byId: a disabled account',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          if (found.kind !== 'account') return found
          const { disabled: _, ...account } = found.account
          return { ...found, account }
        },
      }),
    },
  ],
  [
    'disabled accounts may log in',
    'verify: a disabled account',
    {
      accounts: (inner) => ({
        verify: async (login, secret, role) => {
          const verification = await inner.verify(login, secret, role)
          if (verification.ok || verification.reason !== 'disabled') return verification
          const found = await inner.resolve({ localPart: 'off', domain: 'example.org' })
          return found.kind === 'account' ? { ok: true, account: found.account } : verification
        },
      }),
    },
  ],
  [
    'the login is trimmed',
    'verify: unknown logins',
    { accounts: (inner) => ({ verify: (login, secret, role) => inner.verify(login.trim(), secret, role) }) },
  ],
  [
    'a hostile login throws',
    'verify: unknown logins',
    {
      accounts: (inner) => ({
        verify: async (login, secret, role) => {
          encodeURIComponent(login)
          return inner.verify(login, secret, role)
        },
      }),
    },
  ],
  [
    'no password lets everybody in',
    'verify: nobody gets into an account',
    {
      accounts: (inner) => ({
        verify: async (login, secret, role) => {
          const account = (await inner.administration?.accounts())?.find(
            (each) => formatAddress(each.address) === login,
          )
          return login.startsWith('nobody') && account
            ? { ok: true, account }
            : inner.verify(login, secret, role)
        },
      }),
    },
  ],
  [
    'an error has no code',
    'domains: MAIL_E_EXISTS',
    {
      administration: (inner) => ({
        addDomain: (name) => inner.addDomain(name).catch(() => Promise.reject(new Error('MAIL_E_EXISTS'))),
      }),
    },
  ],
  [
    'a domain in use can be removed',
    'domains: MAIL_E_EXISTS',
    {
      administration: (inner) => ({
        removeDomain: (name) =>
          inner
            .removeDomain(name)
            .catch((error: MailwrightError) =>
              error.code === 'MAIL_E_IN_USE' ? undefined : Promise.reject(error),
            ),
      }),
    },
  ],
  [
    'accounts are listed as they were made',
    'accounts: list all',
    {
      administration: (inner) => ({
        accounts: async (domain) => (await inner.accounts(domain)).toReversed(),
      }),
    },
  ],
  [
    'an account takes an alias’s address',
    'addAccount: MAIL_E_EXISTS',
    {
      administration: (inner) => ({
        addAccount: async (account) => {
          await inner.removeAlias(account.address).catch(() => {})
          return inner.addAccount(account)
        },
      }),
    },
  ],
  [
    'an empty password passes',
    'addAccount: MAIL_E_INVALID',
    {
      administration: (inner) => ({
        addAccount: ({ password, ...rest }) => inner.addAccount(password ? { ...rest, password } : rest),
      }),
    },
  ],
  [
    'a quota cannot be lifted',
    'setQuota:',
    {
      administration: (inner) => ({ setQuota: (address, quota) => inner.setQuota(address, quota ?? 0) }),
    },
  ],
  [
    'a removed account stays',
    'removeAccount:',
    {
      administration: (inner) => ({
        removeAccount: async (address) => void (await inner.setPassword(address, 'x')),
      }),
    },
  ],
  [
    'the last target leaves an empty alias',
    'aliases: add targets',
    {
      administration: () => ({ removeAlias: async () => {} }),
    },
  ],
  [
    'an alias domain has accounts of its own',
    'alias domains: have nothing',
    {
      administration: (inner) => ({
        addAccount: (account) => inner.addAccount(account).catch(() => ({ ...account, id: 'x' })),
      }),
    },
  ],
  [
    'a domain that others stand for can be removed',
    'alias domains: have nothing',
    {
      administration: (inner) => ({
        removeDomain: (name) => inner.removeDomain(name).catch(() => undefined),
      }),
    },
  ],
  [
    'accounts of a disabled domain are unknown',
    'disabled domains',
    {
      accounts: (inner) => ({
        resolve: async (address) => {
          const found = await inner.resolve(address)
          return found.kind === 'account' && found.account.disabled ? unknown : found
        },
      }),
    },
  ],
  [
    'a domain’s quota is not looked at when an account’s is changed',
    'domain limits: the quotas',
    {
      administration: (inner) => ({
        setQuota: (address, quota) => inner.setQuota(address, quota).catch(() => undefined),
      }),
    },
  ],
  [
    'a disabled account logs in',
    'setDisabled:',
    {
      accounts: (inner) => ({
        verify: async (login, secret, role) => {
          const verified = await inner.verify(login, secret, role)
          const account = (await inner.administration?.accounts())?.[0]
          return !verified.ok && verified.reason === 'disabled' && account ? { ok: true, account } : verified
        },
      }),
    },
  ],
  [
    'renaming makes a new account',
    'rename: another address',
    {
      administration: (inner) => ({
        rename: async (address, to) => {
          await inner.removeAccount(address)
          return inner.addAccount({ address: to })
        },
      }),
    },
  ],
  [
    'an app password opens everything',
    'app passwords: open what they are for',
    {
      administration: (inner) => ({
        addAppPassword: (address, { roles: _, ...wanted }) => inner.addAppPassword(address, wanted),
      }),
    },
  ],
  [
    'an app password is told as the account’s own',
    'app passwords: open what they are for',
    {
      accounts: (inner) => ({
        verify: async (login, secret, role) => {
          const verified = await inner.verify(login, secret, role)
          return verified.ok ? { ok: true, account: verified.account } : verified
        },
      }),
    },
  ],
  [
    'a revoked app password still works',
    'app passwords: a given secret',
    { administration: () => ({ removeAppPassword: async () => {} }) },
  ],
  [
    'an expired alias goes on',
    'aliases: a target ends',
    {
      administration: (inner) => ({
        addAlias: (address, { expiresAt: _, ...target }) => inner.addAlias(address, target),
      }),
    },
  ],
  [
    'a restored account has lost its password',
    'restoreAccount: everything is as it was',
    {
      administration: (inner) => ({
        restoreAccount: async (which) => {
          const restored = await inner.restoreAccount(which)
          await inner.setPassword(restored.address, 'another')
          return restored
        },
      }),
    },
  ],
  [
    'a purged account can be restored',
    'removeAccount: the address is free',
    { administration: () => ({ purgeAccount: async () => {} }) },
  ],
  [
    'nobody is told who made a change',
    'audit: every change is there',
    { administration: (inner) => ({ actingAs: () => inner }) },
  ],
  [
    'the audit trail has the newest first',
    'audit: every change is there',
    {
      administration: (inner) => ({
        actingAs: (actor) =>
          overlay(inner.actingAs(actor), { audit: async (query) => (await inner.audit(query)).toReversed() }),
      }),
    },
  ],
  [
    'it says that changes last',
    'reopen: everything is there',
    {
      accounts: (inner) => ({ supports: { ...inner.supports, persistent: true } }),
    },
  ],
  [
    'it hides its administration',
    'administration: is there',
    { accounts: () => ({ administration: undefined }) },
  ],
]

describe('the accounts contract notices', () => {
  it.each(mistakes)('%s', async (_mistake, noticedBy, faults) => {
    expect(await failuresOf(() => brokenAccounts(faults), noticedBy)).not.toEqual([])
  })

  it.each([
    ['says "unknown" in an outage', false],
    ['says "unavailable" in an outage', true],
  ])('whether a service %s', async (_what, honest) => {
    const failures = await failuresOf(async () => {
      let out = false
      const guarded =
        <Args extends readonly unknown[], Result>(run: (...args: Args) => Promise<Result>, none: Result) =>
        async (...args: Args): Promise<Result> => {
          if (out && honest) throw new UnavailableError('no database')
          return out ? none : run(...args)
        }
      const { accounts } = await brokenAccounts({
        accounts: (inner) => ({
          domain: guarded(inner.domain, undefined),
          resolve: guarded(inner.resolve, unknown),
          byId: guarded(inner.byId, undefined),
          verify: guarded(inner.verify, { ok: false, reason: 'unknown' }),
        }),
      })
      const injectOutage = () => {
        out = true
        return () => {
          out = false
        }
      }
      return { accounts, injectOutage }
    })
    expect(failures).toEqual(honest ? [] : [expect.stringContaining('outage:')])
  })
})
