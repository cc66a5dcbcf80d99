import { expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

it('have defaults', () => {
  expect(parseOptions({})).toEqual({
    delay: 300_000,
    retryWindow: 2 * 86_400_000,
    maxAge: 35 * 86_400_000,
    prefixes: { ipv4: 24, ipv6: 64 },
    allowAfter: 5,
    nullSender: 'message',
    whenUnavailable: 'pass',
    maxTriplets: 1_000_000,
    exempt: [],
    ownClients: false,
    allowClientNames: expect.objectContaining({ size: 0 }),
    allowSenders: expect.objectContaining({ size: 0 }),
    allowRecipients: expect.objectContaining({ size: 2 }),
    roles: ['transfer'],
  })
})

it.each<[object, readonly string[]]>([
  [{ delay: '2h', retryWindow: '1h' }, ['retryWindow']],
  [{ ipv4Prefix: 33, ipv6Prefix: 8 }, ['ipv4Prefix', 'ipv6Prefix']],
  [{ exempt: ['192.0.2.1/24'] }, ['exempt[0]']],
  [
    { allowClientNames: ['a@b.example', '192.0.2.0/24', 'b.example'] },
    ['allowClientNames[0]', 'allowClientNames[1]'],
  ],
  [
    { allowSenders: ['192.0.2.1', 'x y'], allowRecipients: ['@'] },
    ['allowSenders[0]', 'allowSenders[1]', 'allowRecipients[0]'],
  ],
  [
    { allowClientNames: ['[192.0.2.1]'], allowRecipients: ['<>'] },
    ['allowClientNames[0]', 'allowRecipients[0]'],
  ],
  [{ roles: ['imap'], nullSender: 'data' }, ['nullSender', 'roles']],
])('%j has faults at %j', (input, faults) => {
  expect(faultPathsOf(parseOptions, input)).toEqual(faults)
})
