import { describe, expect, it } from 'vitest'
import { faultPathsOf } from '../../test/support/config-faults.ts'
import { parseOptions } from './options.ts'

describe('the options of accounts-sql', () => {
  it('have defaults', () => {
    expect(parseOptions({})).toEqual({
      detailSeparator: '+',
      cache: { size: 10_000, ttl: 60_000, checkEvery: 1000 },
      firstAccount: undefined,
    })
    expect(parseOptions({ cache: false }).cache).toBeUndefined()
    expect(parseOptions({ cache: { size: 5, ttl: '2m', checkEvery: 0 } }).cache).toEqual({
      size: 5,
      ttl: 120_000,
      checkEvery: 0,
    })
    expect(parseOptions({ detailSeparator: '' }).detailSeparator).toBe('')
    expect(parseOptions({}).scram).toBeUndefined()
    expect(parseOptions({ scram: {} }).scram).toEqual({ offer: false, iterations: 600_000 })
  })

  it.each([
    [{ detailSeparator: 'a' }, ['detailSeparator']],
    [{ detailSeparator: '@' }, ['detailSeparator']],
    [{ detailSeparator: 5 }, ['detailSeparator']],
    [{ detailSeparator: null }, ['detailSeparator']],
    [{ firstAccount: 'jo@example.org' }, ['firstAccount']],
    [{ firstAccount: {} }, ['firstAccount.address']],
    [{ firstAccount: { address: 'jo' } }, ['firstAccount.address']],
    [{ firstAccount: { address: '""@example.org' } }, ['firstAccount.address']],
    [{ firstAccount: { address: 'jo@example.org', pasword: 'x' } }, ['firstAccount.pasword']],
    [{ cache: true }, ['cache']],
    [
      { cache: { size: 0, ttl: 0, checkEvery: '2m', sise: 1 } },
      ['cache.size', 'cache.ttl', 'cache.checkEvery', 'cache.sise'],
    ],
    [{ scram: true }, ['scram']],
    [
      { scram: { offer: 'yes', iterations: 4095, rounds: 1 } },
      ['scram.offer', 'scram.iterations', 'scram.rounds'],
    ],
    [{ scram: { iterations: 1_000_001 } }, ['scram.iterations']],
    [{ first: {} }, ['first']],
  ])('%j is refused', (input, expected) => {
    expect(faultPathsOf(parseOptions, input)).toEqual(expected)
  })
})
