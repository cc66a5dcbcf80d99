import { expect, it } from 'vitest'
import {
  baseOfPrintable,
  compareDeliveryTimes,
  deliveryTime,
  formatFileName,
  parseFileName,
  printableName,
  sizeInName,
} from './message-name.ts'

it.each([
  ['1.M2.host', { base: '1.M2.host', letters: '', rest: '' }],
  ['1.M2.host:2,', { base: '1.M2.host', letters: '', rest: '' }],
  ['1.M2.host,S=5,W=6:2,FS', { base: '1.M2.host,S=5,W=6', letters: 'FS', rest: '' }],
  ['1.M2.host:2,Sabc', { base: '1.M2.host', letters: 'Sabc', rest: '' }],
  ['1.M2.host:2,S,extra', { base: '1.M2.host', letters: 'S', rest: ',extra' }],
  ['1.M2.host:1,experimental', { base: '1.M2.host', letters: '', rest: '' }],
])('takes %s apart', (fileName, name) => {
  expect(parseFileName(fileName)).toEqual(name)
})

it.each(['.', '..', '.nfs0001', ':2,S', 'not utf-8 \ufffd'])('sees no message in %j', (fileName) => {
  expect(parseFileName(fileName)).toBeUndefined()
})

it('writes what it read', () => {
  for (const fileName of ['a:2,', 'a,S=1:2,DFPRST', 'a:2,S,extra', 'a:2,Szq'])
    expect(formatFileName(parseFileName(fileName) ?? { base: '', letters: '', rest: '' })).toBe(fileName)
})

it('believes W= only in its place', () => {
  expect(sizeInName('1.M2.host,S=10,W=12')).toBe(12)
  expect(sizeInName('1.M2.host,W=12,S=10')).toBe(12)
  for (const base of [
    '1.M2.host',
    '1.M2.host,S=10',
    '1.M2.hostW=3',
    '1.M2.host,W=12x',
    '1.M2.host,W=',
    '1.M2.host,W=-1',
  ])
    expect(sizeInName(base)).toBeUndefined()
})

it('sorts names of several programs by their time', () => {
  const names = [
    '1700000000.M5P1Q1.host',
    '1700000000.M5P1Q2.host',
    '1700000000.M20P1Q1.host',
    '1700000001.12345_0.host',
    '1700000002.R99.host',
    'no-time-in-it',
  ]
  const shuffled = names.toReversed().map((base) => ({ base, time: deliveryTime(base, 1_700_000_003) }))
  expect(shuffled.sort((a, b) => compareDeliveryTimes(a.time, b.time)).map(({ base }) => base)).toEqual(names)
})

it('makes any name printable, and back', () => {
  for (const base of ['plain', 'a b', 'line\nfeed', '100%', 'ü', '\u{1f4e7}', 'tab\t', '\x7f']) {
    expect(printableName(base)).toMatch(/^[\x21-\x7e]+$/)
    expect(baseOfPrintable(printableName(base))).toBe(base)
  }
  expect(baseOfPrintable('%zz')).toBeUndefined()
})
