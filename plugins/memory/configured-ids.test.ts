import { parseAddress } from 'mailwright'
import { expect, it } from 'vitest'
import { createMemoryAccounts } from './accounts.ts'

const jo = parseAddress('jo@example.org')

async function idOf(accounts: ReturnType<typeof createMemoryAccounts>): Promise<string | undefined> {
  const found = jo && (await accounts.resolve(jo))
  return found?.kind === 'account' ? found.account.id : undefined
}

it('gives an account of a config the same id at every start', async () => {
  const [one, other] = [
    await idOf(createMemoryAccounts({ accounts: [{ address: 'jo@example.org' }] })),
    await idOf(
      createMemoryAccounts({ accounts: [{ address: 'Jo@EXAMPLE.org' }, { address: 'a@example.org' }] }),
    ),
  ]
  expect(one).toMatch(/^[0-9abcdefghjkmnpqrstvwxyz]{26}$/)
  expect(other).toBe(one)
})

it('takes the id that an account of a config names', async () => {
  const accounts = [{ address: 'jo@example.org', id: 'Jo.2' }, { address: 'a@example.org' }]
  expect(await idOf(createMemoryAccounts({ accounts }))).toBe('Jo.2')
})

it.each(['', '.x', 'a/b', 'x'.repeat(65)])('refuses the id %j', (id) => {
  expect(() => createMemoryAccounts({ accounts: [{ address: 'jo@example.org', id }] })).toThrow(
    /accounts\[0\]\.id/,
  )
})

it('refuses an id that another account has', () => {
  const accounts = [
    { address: 'jo@example.org', id: 'x' },
    { address: 'a@example.org', id: 'x' },
  ]
  expect(() => createMemoryAccounts({ accounts })).toThrow('accounts[1].id: is another account’s already')
})

it('gives another id to another address, and to one that gets the address later', async () => {
  const accounts = createMemoryAccounts({
    accounts: [{ address: 'jo@example.org' }, { address: 'a@example.org' }],
  })
  const before = await accounts.administration?.accounts()
  expect(new Set(before?.map(({ id }) => id)).size).toBe(2)
  const first = await idOf(accounts)
  if (jo === undefined) throw new Error('that is an address')
  await accounts.administration?.removeAccount(jo)
  await accounts.administration?.addAccount({ address: jo })
  expect(await idOf(accounts)).not.toBe(first)
})
