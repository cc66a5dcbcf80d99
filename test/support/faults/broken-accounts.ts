import type { Accounts, AccountsAdministration } from 'mailwright'
import { createMemoryAccounts } from 'mailwright/plugins/memory'
import {
  type AccountsFixture,
  accountsCases,
  accountsSeed,
  fakeClock,
  overlay,
  runCases,
  seedAccounts,
} from 'mailwright/testing'
import { expect } from 'vitest'

/** What is wrong with a service. */
export interface AccountsFaults {
  readonly accounts?: (inner: Accounts) => Partial<Accounts>
  readonly administration?: (inner: AccountsAdministration) => Partial<AccountsAdministration>
}

/** The service of `memory` with the seed and these faults. */
export async function brokenAccounts(faults: AccountsFaults): Promise<AccountsFixture> {
  const clock = fakeClock()
  const inner = createMemoryAccounts({}, clock)
  const { administration } = inner
  if (administration === undefined) throw new TypeError('no administration')
  await seedAccounts(administration, accountsSeed)
  const broken = overlay(administration, faults.administration?.(administration) ?? {})
  const accounts = overlay(inner, { administration: broken, ...faults.accounts?.(inner) })
  return { accounts, clock }
}

/** Which cases fail, of those whose names begin so. */
export async function failuresOf(
  create: () => Promise<AccountsFixture>,
  beginning = '',
): Promise<readonly string[]> {
  const cases = accountsCases(await create()).filter(({ name }) => name.startsWith(beginning))
  expect(cases, beginning).not.toEqual([])
  return (await runCases(cases, create)).map((failure) => failure.name)
}
