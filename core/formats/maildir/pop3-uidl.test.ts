import { expect, it } from 'vitest'
import { defaultDovecotUidlFormat, formatDovecotUidl, isPop3Uidl } from './pop3-uidl.ts'

const facts = { uid: 2, uidValidity: 0x6b0b4ecf, base: '1795903183.M1P2.host,S=38', guid: 'abc' }

it('makes the UIDLs that Dovecot makes', () => {
  expect(formatDovecotUidl(defaultDovecotUidlFormat, facts)).toBe('000000026b0b4ecf')
  expect(formatDovecotUidl('%v.%u', facts)).toBe('1795903183.2')
  expect(formatDovecotUidl('%f', facts)).toBe(facts.base)
  expect(formatDovecotUidl('%g', facts)).toBe('abc')
  expect(formatDovecotUidl('UID%u-%v', facts)).toBe('UID2-1795903183')
})

it('makes none by a format with something else, and none that no client would take', () => {
  for (const format of ['%m', '%08Xu%', '%%', '%5u', '', '%u %v'])
    expect(formatDovecotUidl(format, facts), format).toBeUndefined()
  expect(formatDovecotUidl('%f', { ...facts, base: 'ü' })).toBeUndefined()
})

it('knows what a UIDL is', () => {
  expect(isPop3Uidl('a~!')).toBe(true)
  for (const text of ['', 'a b', 'a\n', 'ü', '\x7f']) expect(isPop3Uidl(text), text).toBe(false)
})
