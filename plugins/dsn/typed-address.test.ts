import { expect, test } from 'vitest'
import { typedAddress, typedOriginal } from './typed-address.ts'

const ascii = { localPart: 'bob smith', domain: 'xn--bcher-kva.example' }
const utf8 = { localPart: 'käthe+1', domain: 'xn--bcher-kva.example' }

test('an address in ASCII is of the type rfc822, with A-labels', () => {
  for (const isGlobal of [false, true])
    expect(typedAddress(ascii, isGlobal)).toBe('rfc822; "bob smith"@xn--bcher-kva.example')
})

test('another one is of the type utf-8: as it is, or as ASCII', () => {
  expect(typedAddress(utf8, true)).toBe('utf-8; käthe+1@bücher.example')
  expect(typedAddress(utf8, false)).toBe('utf-8; k\\x{E4}the\\x{2B}1@b\\x{FC}cher.example')
})

test.each([
  ['rfc822;bob+tag@example.net', 'rfc822; bob+tag@example.net', 'rfc822; bob+tag@example.net'],
  ['x400;/C=de/ /S=x', 'x400; /C=de/ /S=x', 'x400; /C=de/ /S=x'],
  ['utf-8;k\\x{E4}the@example.net', 'utf-8; k\\x{E4}the@example.net', 'utf-8; käthe@example.net'],
  ['utf-8;k\\x{e4}the@example.net', 'utf-8; k\\x{E4}the@example.net', 'utf-8; käthe@example.net'],
  ['utf-8;käthe@example.net', 'utf-8; k\\x{E4}the@example.net', 'utf-8; käthe@example.net'],
  ['rfc822;käthe@example.net', 'utf-8; k\\x{E4}the@example.net', 'utf-8; käthe@example.net'],
  [
    'utf-8;\\x{110000}\\x{D}\\x{0D}\\x{0A}x',
    'utf-8; \\x{5C}x{110000}\\x{5C}x{D}\\x{20}x',
    'utf-8; \\x{5C}x{110000}\\x{5C}x{D}\\x{20}x',
  ],
  ['no type', 'unknown; no type', 'unknown; no type'],
])('what the sender wrote: %s', (given, inAscii, inUtf8) => {
  expect(typedOriginal(given, false)).toBe(inAscii)
  expect(typedOriginal(given, true)).toBe(inUtf8)
})
