import { describe, expect, it } from 'vitest'
import { isOn, textOf } from './values.ts'

describe('values of drivers', () => {
  it.each([1, '1', true, 'Y', 'yes', ' T ', 'true', 'on', 2, '01', 1n, Buffer.from([1]), Buffer.from('Y')])(
    '%s is on',
    (value) => {
      expect(isOn(value)).toBe(true)
    },
  )

  it.each([
    0,
    '0',
    false,
    'N',
    'no',
    '',
    null,
    undefined,
    '-1',
    'perhaps',
    {},
    Buffer.from([0]),
    Buffer.from('0'),
    Number.NaN,
  ])('%s is off', (value) => {
    expect(isOn(value)).toBe(false)
  })

  it.each([
    ['a', 'a'],
    [1, '1'],
    [10n ** 18n, '1000000000000000000'],
    [Buffer.from('jö'), 'jö'],
    [null, undefined],
    [{}, undefined],
  ])('%s is the text %s', (value, text) => {
    expect(textOf(value)).toBe(text)
  })
})
