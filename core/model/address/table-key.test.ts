import { expect, test } from 'vitest'
import { domainKeys, localPartKeys, patternKeys, tableKey } from './table-key.ts'

test.each([
  ['Jo@Example.ORG', 'jo@example.org'],
  ['jo@MÜNCHEN.example', 'jo@xn--mnchen-3ya.example'],
  ['@münchen.example', '@xn--mnchen-3ya.example'],
  ['jo\u0308@a.example', 'j\u00f6@a.example'],
  ['J\u00d6', 'j\u00f6'],
  ['"A;b"@a.example', '"a;b"@a.example'],
  ['"jo"@a.example', 'jo@a.example'],
  ['"no address', '"no address'],
  ['jö@no domain', 'jö@no domain'],
])('%j is %j', (text, key) => {
  expect(tableKey(text)).toBe(key)
})

test('what is asked has one spelling, or two', () => {
  expect(localPartKeys('Jo')).toEqual(['jo'])
  expect(localPartKeys('two Words')).toEqual(['"two words"', 'two words'])
  expect(domainKeys('.a.example')).toEqual(['.a.example'])
  expect(domainKeys('xn--mnchen-3ya.example')).toEqual(['xn--mnchen-3ya.example', 'münchen.example'])
  expect(domainKeys('.xn--mnchen-3ya.example')).toEqual(['.xn--mnchen-3ya.example', '.münchen.example'])
  expect(patternKeys({ localPart: 'Jo', domain: 'xn--mnchen-3ya.example' })).toEqual([
    'Jo@xn--mnchen-3ya.example',
    'Jo@münchen.example',
  ])
})
