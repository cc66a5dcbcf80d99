import { ConfigError } from 'mailwright'
import { expect, it } from 'vitest'
import { parseAccountsOptions } from './options.ts'

function faultsOf(input: unknown): readonly string[] {
  try {
    parseAccountsOptions(input)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.map((fault) => fault.path)
  }
}

it('needs nothing', () => {
  const nothing = { domains: [], accounts: [], aliases: [] }
  expect(parseAccountsOptions({})).toEqual({ ...nothing, detailSeparator: '+', cramMd5: false })
})

it('reads domains, accounts and aliases, and makes their domains ours', () => {
  const options = parseAccountsOptions({
    domains: ['Example.org', 'münchen.example'],
    accounts: [
      { address: 'Jo@example.com', password: 'x', name: 'Jo', quotaBytes: '1M', disabledProtocols: ['pop3'] },
      { address: 'an@example.org' },
    ],
    aliases: [{ address: '@example.net', targets: ['jo@example.com', 'x@elsewhere.example'] }],
    detailSeparator: '',
  })
  expect(options.domains).toEqual(['example.org', 'xn--mnchen-3ya.example', 'example.com', 'example.net'])
  expect(options.accounts[0]).toMatchObject({ quotaBytes: 1_048_576, disabledProtocols: ['pop3'] })
  expect(options.accounts[1]).toEqual({
    id: expect.any(String),
    address: { localPart: 'an', domain: 'example.org' },
  })
  expect(options.aliases[0]?.address).toEqual({ localPart: '', domain: 'example.net' })
  expect(options.detailSeparator).toBe('')
})

it('names every fault with its path', () => {
  expect(
    faultsOf({
      domains: ['a b'],
      accounts: [{ address: 'nobody' }, { password: 1 }, { address: 'jo@example.org', password: '' }],
      aliases: [
        { address: 'info@example.org', targets: ['x'] },
        { address: '@a b', targets: [] },
      ],
      detailSeparator: 1,
      acounts: [],
    }),
  ).toEqual([
    'domains[0]',
    'accounts[0].address',
    'accounts[1].password',
    'accounts[1].address',
    'accounts[2].password',
    'aliases[0].targets[0]',
    'aliases[1].address',
    'detailSeparator',
    'acounts',
  ])
})

it('refuses two accounts of one address, and an alias beside an account', () => {
  expect(faultsOf({ accounts: [{ address: 'jo@example.org' }, { address: 'JO@example.org' }] })).toEqual([
    'accounts[1].address',
  ])
  const alias = { address: 'jo@example.org', targets: ['x@example.org'] }
  expect(faultsOf({ accounts: [{ address: 'jo@example.org' }], aliases: [alias] })).toEqual([
    'aliases[0].address',
  ])
  for (const password of ['x'.repeat(2000), 'a\tb', 'a\u200eb'])
    expect(faultsOf({ accounts: [{ address: 'jo@example.org', password }] })).toEqual([
      'accounts[0].password',
    ])
})
