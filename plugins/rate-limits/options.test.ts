import { ConfigError } from 'mailwright'
import { describe, expect, it, test } from 'vitest'
import { parseOptions } from './options.ts'
import { rateText } from './rate.ts'
import { inWords } from './replies.ts'

describe('the options', () => {
  it('have defaults', () => {
    const { clients, accounts, exempt } = parseOptions({})
    expect(clients).toHaveLength(1)
    expect(clients[0]).toMatchObject({ connections: 50, messages: [], recipients: [], connectionRate: [] })
    expect(accounts).toEqual({ messages: [], recipients: [] })
    expect(exempt.map(({ text }) => text)).toEqual(['127.0.0.0/8', '::1/128'])
    expect(parseOptions({ clients: [] }).clients).toEqual([])
  })

  it('take rates in several forms', () => {
    const { accounts, recipientAddresses } = parseOptions({
      accounts: { messages: ['100/1h', '500/d'] },
      recipientAddresses: '30/90s',
    })
    expect(accounts.messages).toEqual([
      { most: 100, per: 3_600_000 },
      { most: 500, per: 86_400_000 },
    ])
    expect([...accounts.messages, ...recipientAddresses].map(rateText)).toEqual([
      '100/1h',
      '500/1d',
      '30/90s',
    ])
  })

  const faultsOf = (input: unknown): readonly string[] => {
    try {
      parseOptions(input)
      return []
    } catch (error) {
      return error instanceof ConfigError ? error.faults.map(({ path }) => path) : [String(error)]
    }
  }

  it.each([
    [{ accounts: { messages: '0/1h' } }, ['accounts.messages']],
    [{ accounts: { messages: ['10/1h', '5/60m'] } }, ['accounts.messages[1]']],
    [
      { accounts: { recipients: ['10 per hour', 5, '10/32d', '10/500ms', '10/'] } },
      [0, 1, 2, 3, 4].map((n) => `accounts.recipients[${n}]`),
    ],
    [{ clients: [{}] }, ['clients[0].roles']],
    [{ clients: [{ roles: ['smtp'], connections: -1 }] }, ['clients[0].roles', 'clients[0].connections']],
    [{ exempt: ['example.org'], senders: { by: 'host' } }, ['exempt[0]', 'senders.by']],
    [{ client: [] }, ['client']],
  ])('%j is refused', (input, paths) => {
    expect(faultsOf(input)).toEqual(paths)
  })
})

test.each([
  [undefined, 'later'],
  [1, 'in 1 second'],
  [119_001, 'in 2 minutes'],
  [3 * 3_600_000, 'in 3 hours'],
])('%s ms are "%s"', (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words)
})

test('the role of a plugin of another protocol', () => {
  const [client] = parseOptions({ clients: [{ roles: ['example-nntp', 'imap'], connections: 5 }] }).clients
  expect([...(client?.roles ?? [])]).toEqual(['example-nntp', 'imap'])
})
