import { describe, expect, test } from 'vitest'
import { listsHost, parseStsPolicy, stsPolicyId } from './policy-text.ts'

const text =
  'version: STSv1\r\nmode: enforce\r\nmx: mx1.example.org\r\nmx: *.Example.net\r\nmax_age: 604800\r\n'

describe('a policy', () => {
  test('is read with either end of line, unknown fields and odd spaces', () => {
    const policy = { mode: 'enforce', maxAge: 604_800, mx: ['mx1.example.org', '*.example.net'] }
    expect(parseStsPolicy(text)).toEqual(policy)
    expect(parseStsPolicy(text.replaceAll('\r', ''))).toEqual(policy)
    expect(parseStsPolicy(`${text}x-new: what: ever\n\n  mode :  testing \n`)).toEqual(policy)
  })

  test('of the mode none needs no hosts', () => {
    expect(parseStsPolicy('version: STSv1\nmode: none\nmax_age: 0')).toEqual({
      mode: 'none',
      maxAge: 0,
      mx: [],
    })
  })

  test('does not last for more than a year', () => {
    expect(parseStsPolicy(text.replace('604800', '9999999999'))).toMatchObject({ maxAge: 31_557_600 })
  })

  test.each([
    ['', 'its version is not STSv1'],
    [text.replace('STSv1', 'STSv2'), 'its version is not STSv1'],
    [text.replace('enforce', 'force'), 'it has no known mode'],
    [text.replace('mode: enforce\r\n', ''), 'it has no known mode'],
    [text.replace('604800', '-1'), 'it has no max_age'],
    [text.replace('604800', '1e3'), 'it has no max_age'],
    [text.replace('max_age', 'maxage'), 'it has no max_age'],
    [text.replace(/mx:.*\r\n/g, ''), 'it names no mx'],
    [text.replace('mx1.example.org', 'a*.example.org'), 'an mx is no host name'],
    [text.replace('mx1.example.org', ''), 'an mx is no host name'],
    [text.replace('mx1.example.org', '*'), 'an mx is no host name'],
    [`${text}<html>`, 'a line is no field'],
    [`${text}${'mx: a.example\n'.repeat(1_001)}`, 'an mx is no host name'],
  ])('is none: %j', (given, problem) => {
    expect(parseStsPolicy(given)).toBe(problem)
  })
})

test.each([
  ['mx1.example.org', true],
  ['mx2.example.org', false],
  ['a.example.net', true],
  ['a.b.example.net', false],
  ['example.net', false],
  ['.example.net', false],
])('a policy lists %s: %s', (host, isListed) => {
  const policy = parseStsPolicy(text)
  expect(typeof policy === 'string' ? policy : listsHost(policy, host)).toBe(isListed)
})

test.each<[readonly string[], string | undefined]>([
  [['v=STSv1; id=20260101T000000;'], '20260101T000000'],
  [['v=STSv1;id=a'], 'a'],
  [['other', 'v=STSv1; x=y; id=a1 ; z'], 'a1'],
  [['v=STSv1; id=a;', 'v=STSv1; id=b;'], undefined],
  [['v=STSv1; id=;'], undefined],
  [['v=STSv1; id=a-b;'], undefined],
  [[`v=STSv1; id=${'a'.repeat(33)};`], undefined],
  [['v=STSv1'], undefined],
  [['v=STSv2; id=a'], undefined],
  [['V=STSv1; id=a'], undefined],
  [[], undefined],
])('of the records %j the id is %s', (records, id) => {
  expect(stsPolicyId(records)).toBe(id)
})
