import { describe, expect, test } from 'vitest'
import { parseAddress } from './address.ts'
import { isAddress } from './address-check.ts'

describe('isAddress', () => {
  test.each([
    'jo@example.org',
    'Jo.Doe+tag@example.org',
    '"a b"@example.org',
    '"\\"\\\\"@example.org',
    'jö@bücher.example',
    'jo@[192.0.2.1]',
  ])('what was parsed of %s is one', (text) => {
    const address = parseAddress(text)
    expect(address).toBeDefined()
    expect(isAddress(address)).toBe(true)
  })

  test('so is the bare postmaster', () => {
    expect(isAddress({ localPart: 'Postmaster', domain: '' })).toBe(true)
    expect(isAddress({ localPart: 'jo', domain: '' })).toBe(false)
  })

  test.each([
    undefined,
    null,
    'jo@example.org',
    {},
    { localPart: 'jo' },
    { localPart: 'jo', domain: 7 },
    { localPart: 'jo', domain: 'Example.ORG' },
    { localPart: 'jo', domain: 'example.org.' },
    { localPart: 'jo', domain: 'bücher.example' },
    { localPart: 'jo', domain: 'a b' },
    { localPart: 'jo\r\nRCPT TO:<x', domain: 'example.org' },
    { localPart: 'jo', domain: 'example.org>\r\nDATA' },
    { localPart: 'jo\0', domain: 'example.org' },
    { localPart: 'x'.repeat(257), domain: 'example.org' },
    { localPart: 'x'.repeat(10_000_000), domain: 'example.org' },
  ])('%# is none', (value) => {
    expect(isAddress(value)).toBe(false)
  })
})
