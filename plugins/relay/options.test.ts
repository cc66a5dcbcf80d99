import { ConfigError, parseAddress } from 'mailwright'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('nobody but users who log in may relay where nothing is said', () => {
  const options = parseOptions({})
  expect(options).toMatchObject({
    networks: [],
    accounts: 'all',
    clientCertificates: { anyVerified: false },
    senders: 'own',
    fromField: 'own',
    addressLiterals: false,
    nextHop: undefined,
  })
  expect(options.clientCertificates.fingerprints.size + options.clientCertificates.subjects.size).toBe(0)
  expect(options.backupMxFor.hasDomain('example.org')).toBe(false)
})

test('texts are read in any spelling', () => {
  const jo = parseAddress('jo@example.org')
  if (jo === undefined) throw new Error('no address')
  const options = parseOptions({
    accounts: ['Example.ORG'],
    clientCertificates: { fingerprints: [Array(32).fill('AB').join(':')] },
    extraSenders: { 'Jo@example.org': ['@lists.example', '.lists.example', 'info@'] },
  })
  expect(options.accounts === 'all' || options.accounts.has(jo)).toBe(true)
  expect([...options.clientCertificates.fingerprints]).toEqual(['ab'.repeat(32)])
  expect([...options.extraSenders.keys()]).toEqual(['example.org@jo'])
  const extra = options.extraSenders.get('example.org@jo')
  const asked = ['x@lists.example', 'x@a.lists.example', 'Info@any.example', 'x@any.example']
  expect(asked.map((text) => extra?.has(parseAddress(text) ?? null))).toEqual([true, true, true, false])
})

test.each([
  [{ networks: ['10.0.0.1/8'] }, 'networks[0]: must be'],
  [{ networks: '10.0.0.0/8' }, 'networks: must be a list of texts'],
  [{ accounts: ['jo'] }, 'accounts[0]: must be an address'],
  [{ accounts: ['<>'] }, 'accounts[0]: must be an address'],
  [{ accounts: 'none' }, 'accounts: must be a list of texts'],
  [
    { clientCertificates: { fingerprints: ['ab:cd'] } },
    'clientCertificates.fingerprints[0]: must be a SHA-256',
  ],
  [{ clientCertificates: { anyVerifed: true } }, 'did you mean "anyVerified"?'],
  [{ backupMxFor: ['[192.0.2.1]'] }, 'backupMxFor[0]: must be a domain'],
  [{ backupRecipients: '/etc/recipients' }, 'backupRecipients: is for `backupMxFor`'],
  [
    { backupMxFor: ['example.org'], backupRecipients: 'recipients' },
    'backupRecipients: must be an absolute path',
  ],
  [{ detailSeparator: 1 }, 'detailSeparator: must be a text'],
  [{ senders: 'all' }, 'senders: must be one of'],
  [{ extraSenders: [] }, 'extraSenders: must be an object'],
  [{ extraSenders: { jo: [] } }, 'extraSenders: "jo" is no address'],
  [{ extraSenders: { 'jo@example.org': ['x'] } }, 'extraSenders.jo@example.org[0]: must be'],
  [{ extraSenders: { 'jo@example.org': 'x' } }, 'extraSenders.jo@example.org: must be a list'],
  [{ nextHop: 'smart host' }, 'nextHop: must be a host'],
  [{ nextHop: 'a.example:587;rm' }, 'nextHop: must be a host'],
])('%j is told with its path', (input, problem) => {
  expect(() => parseOptions(input)).toThrow(ConfigError)
  expect(() => parseOptions(input)).toThrow(problem)
})

test.each(['smart.example.org', 'smart.example.org:587', '192.0.2.1:25', '[2001:db8::1]:25'])(
  'the next hop may be %s',
  (nextHop) => {
    expect(parseOptions({ nextHop }).nextHop).toBe(nextHop)
  },
)
