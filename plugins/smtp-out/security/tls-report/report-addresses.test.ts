import { expect, test } from 'vitest'
import { reportAddresses } from './report-addresses.ts'

const found = (...records: string[]) => ({ kind: 'found', records, secure: false }) as const

test.each<[readonly string[], readonly string[]]>([
  [['v=TLSRPTv1; rua=mailto:tls@example.org'], ['mailto:tls@example.org']],
  [
    ['v=TLSRPTv1;rua=mailto:a@example.org,https://example.org/tls'],
    ['mailto:a@example.org', 'https://example.org/tls'],
  ],
  [['other', 'v=TLSRPTv1; x=y; rua = mailto:a@example.org ;'], ['mailto:a@example.org']],
  [['v=TLSRPTv1; rua=http://example.org/, ftp://x, mailto:a b@example.org'], []],
  [['v=TLSRPTv1; rua=mailto:a@example.org', 'v=TLSRPTv1; rua=mailto:b@example.org'], []],
  [['v=TLSRPTv12; rua=mailto:a@example.org'], []],
  [['v=TLSRPTv1'], []],
  [
    [`v=TLSRPTv1; rua=${Array.from({ length: 99 }, (_, n) => `mailto:a${n}@example.org`).join(',')}`],
    Array.from({ length: 10 }, (_, n) => `mailto:a${n}@example.org`),
  ],
])('%j wants reports at %j', (records, addresses) => {
  expect(reportAddresses(found(...records))).toEqual(addresses)
})

test('no record is no wish, and no answer is not known', () => {
  expect(reportAddresses({ kind: 'none', nameExists: false })).toEqual([])
  expect(reportAddresses({ kind: 'failed', text: 'SERVFAIL' })).toBeUndefined()
})
