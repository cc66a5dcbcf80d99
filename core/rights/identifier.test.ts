import { describe, expect, test } from 'vitest'
import { parseAddress } from '../model/address/address.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  addressIdentifier,
  canonicalIdentifier,
  identifierFor,
  identifiersOf,
  isNegative,
  meantBy,
  speaksOf,
} from './identifier.ts'

describe('the one spelling of an identifier', () => {
  test.each([
    ['anyone', 'anyone'],
    ['ANYONE', 'anyone'],
    ['-Anyone', '-anyone'],
    ['01h-Id_X', '01h-Id_X'],
    ['$team', '$team'],
    ['Bob@Example.ORG', 'bob@example.org'],
    ['-Bob@Example.ORG', '-bob@example.org'],
    ['"bob"@example.org', 'bob@example.org'],
    ['"b ob"@example.org', '"b ob"@example.org'],
    ['"-bob"@example.org', '"-bob"@example.org'],
    ['e\u0301@example.org', '\u00e9@example.org'],
    ['two words', 'two words'],
  ])('%j is %j', (given, canonical) => {
    expect(canonicalIdentifier(given)).toBe(canonical)
    expect(canonicalIdentifier(canonical), 'again').toBe(canonical)
  })

  test.each([
    '',
    '-',
    '--bob',
    '--',
    'bo\0b',
    'bob\r\n',
    'bob\t',
    '\x7f',
    'b\u202eob',
    'b\u200bob',
    'b\ud800ob',
    'b\u2028ob',
    '\ufffd',
    'x'.repeat(513),
    'ü'.repeat(257),
    `${'x'.repeat(100_000)}`,
  ])('%j is none', async (given) => {
    await expectCode((async () => canonicalIdentifier(given))(), 'MAIL_E_INVALID')
  })

  test('the longest that fits is taken', () => {
    expect(canonicalIdentifier(`-${'x'.repeat(512)}`)).toHaveLength(513)
  })
})

test('a sign tells what takes away from what gives', () => {
  expect([isNegative('bob'), isNegative('-bob')]).toEqual([false, true])
  expect([meantBy('bob'), meantBy('-bob')]).toEqual(['bob', 'bob'])
})

test('an account is meant by everybody, its id and its address', () => {
  const address = parseAddress('Bob@example.org') ?? { localPart: '', domain: '' }
  expect([...identifiersOf({ id: 'I', address })].sort()).toEqual(['I', 'anyone', 'bob@example.org'])
  expect([...identifiersOf({ id: 'bad\0id', address })].sort()).toEqual(['anyone', 'bob@example.org'])
  expect(speaksOf('I', { id: 'I', address })).toBe(true)
  expect(speaksOf('-bob@example.org', { id: 'I', address })).toBe(true)
  expect(speaksOf('anyone', { id: 'I', address })).toBe(false)
  expect(speaksOf('i', { id: 'I', address })).toBe(false)
})

test('a list calls an account by its id, or by its address where no identifier can be the id', () => {
  const address = { localPart: 'Bob', domain: 'example.org' }
  expect(identifierFor({ id: '01h', address })).toBe('01h')
  for (const id of ['', '-x', 'bad\0id']) expect(identifierFor({ id, address })).toBe('bob@example.org')
})

test('an address is no identifier that takes away, whatever it begins with', () => {
  const identifier = addressIdentifier({ localPart: '-bob', domain: 'example.org' })
  expect(identifier).toBe('"-bob"@example.org')
  expect([isNegative(identifier), canonicalIdentifier(identifier)]).toEqual([false, identifier])
})
