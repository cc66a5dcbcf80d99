import { expect, it } from 'vitest'
import {
  compareMaildirDeliveryTimes,
  formatMaildirFileName,
  maildirDeliveryTime,
  parseMaildirFileName,
  sizeInMaildirFileName,
} from './file-name.ts'

it.each([
  ['1.M2.host', { base: '1.M2.host', letters: '', rest: '' }],
  ['1.M2.host:2,', { base: '1.M2.host', letters: '', rest: '' }],
  ['1.M2.host,S=5,W=6:2,FS', { base: '1.M2.host,S=5,W=6', letters: 'FS', rest: '' }],
  ['1.M2.host:2,Sabc', { base: '1.M2.host', letters: 'Sabc', rest: '' }],
  ['1.M2.host:2,S,extra', { base: '1.M2.host', letters: 'S', rest: ',extra' }],
  ['1.M2.host:1,experimental', { base: '1.M2.host', letters: '', rest: '' }],
])('takes %s apart', (fileName, name) => {
  expect(parseMaildirFileName(fileName)).toEqual(name)
})

it.each(['', '.', '..', '.nfs0001', ':2,S', 'not utf-8 \ufffd'])('sees no message in %j', (fileName) => {
  expect(parseMaildirFileName(fileName)).toBeUndefined()
})

it('writes what it read', () => {
  for (const fileName of ['a:2,', 'a,S=1:2,DFPRST', 'a:2,S,extra', 'a:2,Szq'])
    expect(formatMaildirFileName(parseMaildirFileName(fileName) ?? { base: '', letters: '', rest: '' })).toBe(
      fileName,
    )
})

it('believes W= only in its place', () => {
  expect(sizeInMaildirFileName('1.M2.host,S=10,W=12')).toBe(12)
  expect(sizeInMaildirFileName('1.M2.host,W=12,S=10')).toBe(12)
  for (const base of [
    '1.M2.host',
    '1.M2.host,S=10',
    '1.M2.hostW=3',
    '1.M2.host,W=12x',
    '1.M2.host,W=',
    '1.M2.host,W=-1',
  ])
    expect(sizeInMaildirFileName(base)).toBeUndefined()
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
  const shuffled = names
    .toReversed()
    .map((base) => ({ base, time: maildirDeliveryTime(base, 1_700_000_003) }))
  expect(
    shuffled.sort((a, b) => compareMaildirDeliveryTimes(a.time, b.time)).map(({ base }) => base),
  ).toEqual(names)
})

it.each([
  ['1700000000.M12P3.host', [1_700_000_000, 12, 0]],
  ['1700000000.P3Q7M000012_0.host', [1_700_000_000, 12, 7]],
  ['1700000000.MM5Mx.host', [1_700_000_000, 5, 0]],
  ['1700000000.M1234567890.host', [1_700_000_000, 123_456_789, 0]],
  ['1700000000.Q1234567890123.host', [1_700_000_000, 0, 123_456_789_012]],
  ['1700000000.host.M12', [1_700_000_000, 0, 0]],
  ['1700000000.M', [1_700_000_000, 0, 0]],
  ['1700000000.M12', [1_700_000_000, 12, 0]],
  ['1700000000', [1_700_000_000, 0, 0]],
  ['99999999999.x', [99_999_999_999, 0, 0]],
  ['100000000000.x', [7, 0, 0]],
  ['17000a.M12', [7, 12, 0]],
  ['.M12', [7, 12, 0]],
  ['', [7, 0, 0]],
  ['x', [7, 0, 0]],
  ['1.M5,S=9.M7', [1, 5, 0]],
])('the time in %j', (base, [seconds, microseconds, counter]) => {
  expect(maildirDeliveryTime(base, 7)).toEqual({ seconds, microseconds, counter })
})
