import { expect, test } from 'vitest'
import {
  readAddressPatterns,
  readByDomain,
  readDomainPatterns,
  readRecipientPatterns,
} from './address-patterns-option.ts'
import { ConfigError } from './errors.ts'
import { ofDomain } from './model/address/address-patterns.ts'
import { type OptionReader, readOptions } from './options.ts'

/** The paths of faults that reading `who` finds. */
function faults(who: readonly string[], readWho: (read: OptionReader) => unknown): readonly string[] {
  const read = readOptions({ who })
  try {
    read.done(readWho(read))
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults.map(({ path }) => path)
  }
}

const addresses = ['jo@example.org', 'jo@', 'example.org', '@example.org', '.example.org', '[192.0.2.1]']

test('addresses', () => {
  expect(faults([...addresses, 'word', 'a b', '<>'], (read) => readAddressPatterns(read, 'who'))).toEqual([
    'who[7]',
    'who[8]',
  ])
  expect(
    faults([...addresses, 'word', '<>', ''], (read) =>
      readAddressPatterns(read, 'who', { nullSender: true, words: 'fault' }),
    ),
  ).toEqual(['who[6]', 'who[8]'])
})

test('recipients', () => {
  const standard = { default: ['postmaster'] }
  expect(
    faults([...addresses, 'word', 'a b', '<>'], (read) => readRecipientPatterns(read, 'who', standard)),
  ).toEqual(['who[7]', 'who[8]'])
  const lenient = readRecipientPatterns(readOptions({ who: ['a b', 'word'] }), 'who', {
    ...standard,
    lenient: true,
  })
  expect([lenient.size, lenient.doubts]).toEqual([1, ['`who`: "a b" names nobody']])
  // A network, or a text with which other programs mean several names.
  expect(
    faults(['192.0.2.0/24', '192.0.2.1', '*.example.org', '!word', '*'], (read) =>
      readRecipientPatterns(read, 'who', standard),
    ),
  ).toHaveLength(5)
  const absent = readRecipientPatterns(readOptions({}), 'who', standard)
  expect(absent.has({ localPart: 'Postmaster', domain: '' })).toBe(true)
})

test('domains', () => {
  expect(faults(addresses, (read) => readDomainPatterns(read, 'who'))).toEqual(['who[0]', 'who[1]', 'who[5]'])
  expect(faults(['[192.0.2.1]'], (read) => readDomainPatterns(read, 'who', { literals: true }))).toEqual([])
})

test('values by domain', () => {
  const read = readOptions({
    of: { 'Example.org': 'one', '.example.org': 'below', '@münchen.example': 'exact' },
  })
  const values = read.done(readByDomain(read, 'of', (each, name) => each.string(name)))
  const names = ['example.org', 'a.example.org', 'xn--mnchen-3ya.example', 'x.example']
  expect(names.map((name) => ofDomain(values, name))).toEqual(['one', 'below', 'exact', undefined])
  const wrong = readOptions({ of: { 'a b': 'one' } })
  expect(() => wrong.done(readByDomain(wrong, 'of', (each, name) => each.string(name)))).toThrow(
    'of.a b: must be a domain',
  )
})
