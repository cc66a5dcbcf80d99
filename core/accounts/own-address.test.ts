import { describe, expect, test } from 'vitest'
import type { RouteResult } from '../flow/flow.ts'
import type { Account } from '../model/account.ts'
import { type Address, formatAddress, parseAddress } from '../model/address/address.ts'
import { reply } from '../model/reply.ts'
import { ownsAddress } from './own-address.ts'

function at(text: string): Address {
  const address = parseAddress(text)
  if (address === undefined) throw new Error(text)
  return address
}

const jo: Account = { id: 'jo', address: at('jo@here.example') }
const anna: Account = { id: 'anna', address: at('anna@here.example') }

const leads: Readonly<Record<string, RouteResult>> = {
  'team@here.example': {
    ok: true,
    routes: [anna, jo].map((account) => ({ kind: 'account', account, address: account.address })),
  },
  'anna@here.example': { ok: true, routes: [{ kind: 'account', account: anna, address: anna.address }] },
  'jo@away.example': { ok: true, routes: [{ kind: 'remote', address: at('jo@away.example') }] },
  'late@here.example': { ok: false, reply: reply(451, '4.3.0', 'Later') },
}

const delivery = {
  route: async ({ address }: { address: Address }): Promise<RouteResult> =>
    leads[formatAddress(address)] ?? { ok: false, reply: reply(550, '5.7.1', 'No route') },
}

describe('an address is an account’s own', () => {
  test.each([
    ['Jo@here.example', true],
    ['team@here.example', true],
    ['anna@here.example', false],
    ['jo@away.example', false],
    ['nobody@here.example', false],
  ])('%s: %s', async (text, expected) => {
    expect(await ownsAddress(jo, at(text), delivery)).toBe(expected)
  })

  test('is not answered where nobody can tell', async () => {
    await expect(ownsAddress(jo, at('late@here.example'), delivery)).rejects.toMatchObject({
      code: 'MAIL_E_UNAVAILABLE',
    })
  })
})
