import { randomBytes } from 'node:crypto'
import { parseAddress, type ScramVerifier } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { type AccountsFaults, brokenAccounts, failuresOf } from '../../test/support/faults/broken-accounts.ts'

/** Mistakes of logins by SCRAM and by tokens, each with the beginning of a case that must notice it. */
const mistakes: readonly (readonly [mistake: string, noticedBy: string, faults: AccountsFaults])[] = [
  [
    'strangers get no salt',
    'scramVerifier: logins that nobody has',
    scram((verifier) => (verifier.keys.length === 0 ? { ...verifier, salt: Buffer.alloc(0) } : verifier)),
  ],
  [
    'strangers get another salt each time',
    'scramVerifier: logins that nobody has',
    scram((verifier) => (verifier.keys.length === 0 ? { ...verifier, salt: randomBytes(16) } : verifier)),
  ],
  [
    'an account without keys gets another salt than a stranger',
    'scramVerifier: does not show',
    scram((verifier, known) =>
      verifier.keys.length === 0 && known ? { ...verifier, salt: Buffer.alloc(16, 1) } : verifier,
    ),
  ],
  [
    'whoever is known is let in without a proof',
    'scramVerifier: the right secret',
    scram((verifier) => ({
      ...verifier,
      verify: async (proven) => verifier.verify(proven ?? verifier.keys[0]),
    })),
  ],
  [
    'what the account is at the beginning counts',
    'scramVerifier: a new password works',
    {
      accounts: (inner) => ({
        async scramVerifier(...asked) {
          const verifier = await required(inner.scramVerifier)(...asked)
          const early = await Promise.all(verifier.keys.map((keys) => verifier.verify(keys)))
          return {
            ...verifier,
            verify: async (proven) => {
              const place = proven === undefined ? -1 : verifier.keys.indexOf(proven)
              return early[place] ?? verifier.verify(proven)
            },
          }
        },
      }),
    },
  ],
  [
    'the server has other keys than the client',
    'scramVerifier: the right secret',
    scram((verifier) => ({
      ...verifier,
      keys: verifier.keys.map((keys) => ({ ...keys, serverKey: Buffer.alloc(32) })),
    })),
  ],
  [
    'app passwords have no keys',
    'scramVerifier: app passwords',
    scram((verifier) => ({ ...verifier, keys: verifier.keys.slice(0, 1) })),
  ],
  [
    'roles do not count',
    'scramVerifier: a protocol',
    {
      accounts: (inner) => ({
        scramVerifier: (login, _role, mechanism) => required(inner.scramVerifier)(login, 'http', mechanism),
      }),
    },
  ],
  [
    'ability without the method',
    'scramVerifier: the right secret',
    { accounts: () => ({ scramVerifier: undefined as never }) },
  ],
  [
    'aliases are somebody',
    'identify: the account of a login',
    {
      accounts: (inner) => ({
        async identify(login, role) {
          const address = parseAddress(login)
          const found = address && (await inner.resolve(address))
          return found?.kind === 'account'
            ? { ok: true, account: found.account }
            : required(inner.identify)(login, role)
        },
      }),
    },
  ],
  [
    'any protocol may be used',
    'identify: a protocol',
    { accounts: (inner) => ({ identify: (login) => required(inner.identify)(login, 'http') }) },
  ],
  [
    'disabled accounts may log in',
    'identify: a disabled account',
    {
      accounts: (inner) => ({
        async identify(login, role) {
          const found = await required(inner.identify)(login, role)
          if (found.ok || found.reason !== 'disabled') return found
          return { ok: true, account: { id: 'x', address: { localPart: 'jo', domain: 'example.org' } } }
        },
      }),
    },
  ],
]

/** A service whose verifiers are changed; told whether there is such an account. */
function scram(change: (verifier: ScramVerifier, known: boolean) => ScramVerifier): AccountsFaults {
  return {
    accounts: (inner) => ({
      async scramVerifier(login, role, mechanism) {
        const address = parseAddress(login)
        const known = address !== undefined && (await inner.resolve(address)).kind === 'account'
        return change(await required(inner.scramVerifier)(login, role, mechanism), known)
      },
    }),
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('not there')
  return value
}

describe('the accounts contract notices', () => {
  it.each(mistakes)('%s', async (_mistake, noticedBy, faults) => {
    expect(await failuresOf(() => brokenAccounts(faults), noticedBy)).not.toEqual([])
  })
})
