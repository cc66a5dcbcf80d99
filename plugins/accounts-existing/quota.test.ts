import { describe, expect, it } from 'vitest'
import { readQuota } from './quota.ts'

describe('readQuota', () => {
  it.each([
    ['51200000', 1, 51_200_000],
    ['512', 1024, 524_288],
    ['512M', 1, 536_870_912],
    ['1g', 1024, 1_073_741_824],
    ['100.00', 1, 100],
    ['10000000S,1000C', 1, 10_000_000],
    ['1000C,10000000S', 1, 10_000_000],
    ['*:bytes=1000', 1, 1000],
    ['*:storage=100', 1, 102_400],
    ['*:storage=1G', 1, 1_073_741_824],
    ['*:messages=5:storage=2M', 1, 2_097_152],
  ])('%s in units of %i', (text, unit, octets) => {
    expect(readQuota(text, unit)).toBe(octets)
  })

  it.each([
    undefined,
    '',
    '0',
    '-1',
    '0S',
    '1000C',
    'none',
    '1e9',
    '9'.repeat(18),
    '9'.repeat(100_000),
    'Trash:storage=1M',
  ])('knows no limit in %s', (text) => {
    expect(readQuota(text, 1)).toBeUndefined()
  })

  it('reads a hostile rule in linear time', () => {
    expect(readQuota(`*:${'a:'.repeat(200_000)}`, 1)).toBeUndefined()
  })
})
