import { expect, it } from 'vitest'
import { defaultUidlFormat, formatUidl, isUidl } from './pop3-uidl.ts'

const facts = { uid: 2, uidValidity: 0x6b0b4ecf, base: '1795903183.M1P2.host,S=38', guid: 'abc' }

it('makes the UIDLs that Dovecot makes', () => {
  expect(formatUidl(defaultUidlFormat, facts)).toBe('000000026b0b4ecf')
  expect(formatUidl('%v.%u', facts)).toBe('1795903183.2')
  expect(formatUidl('%f', facts)).toBe(facts.base)
  expect(formatUidl('%g', facts)).toBe('abc')
  expect(formatUidl('UID%u-%v', facts)).toBe('UID2-1795903183')
})

it('makes none by a format with something else, and none that no client would take', () => {
  for (const format of ['%m', '%08Xu%', '%%', '%5u', '', '%u %v'])
    expect(formatUidl(format, facts), format).toBeUndefined()
  expect(formatUidl('%f', { ...facts, base: 'ü' })).toBeUndefined()
})

it('knows what a UIDL is', () => {
  expect(isUidl('a~!')).toBe(true)
  for (const text of ['', 'a b', 'a\n', 'ü', '\x7f']) expect(isUidl(text), text).toBe(false)
})
