import { expect, it } from 'vitest'
import { parseAddressList } from '../model/address/address-list.ts'
import { plainAddresses } from './plain-addresses.ts'

/** What the model's reader makes of a list, in the same form; for lists without quotes and backslashes in them. */
function byTheModel(list: string): string {
  const { mailboxes } = parseAddressList(list)
  const texts = mailboxes.map(
    ({ displayName, localPart, domain }) =>
      `(${displayName === '' ? 'NIL' : `"${displayName}"`} NIL "${localPart}" "${domain}")`,
  )
  return texts.join('')
}

it.each([
  ['a@example.org', '(NIL NIL "a" "example.org")'],
  ['<a@example.org>', '(NIL NIL "a" "example.org")'],
  ['One <a@example.org>', '("One" NIL "a" "example.org")'],
  ['One<a@example.org>', '("One" NIL "a" "example.org")'],
  ['J. R. Two  <a.b@example.org>', '("J. R. Two" NIL "a.b" "example.org")'],
  ['"Three, Of" <a@example.org>', '("Three, Of" NIL "a" "example.org")'],
  ['"" <a@example.org>', '(NIL NIL "a" "example.org")'],
  [
    'a@example.org, \tOne <b@example.org> ,c@example.org',
    '(NIL NIL "a" "example.org")("One" NIL "b" "example.org")(NIL NIL "c" "example.org")',
  ],
])('writes %j', (list, text) => {
  expect(plainAddresses(list, 3)).toEqual({ text, end: list.length })
  expect(byTheModel(list)).toBe(text)
})

it.each([
  '',
  'a',
  'a@',
  '@b',
  'a b@c',
  'a@b c',
  ',a@b',
  'One  Two <a@b>',
  'One\tTwo <a@b>',
  '"a \\" b" <a@b>',
  '"open <a@b>',
  '"a"@b',
  '"One" Two <a@b>',
  'One "Two" <a@b>',
  'One (comment) <a@b>',
  'a@b (One)',
  'Group: a@b;',
  '<@x:a@b>',
  '< a@b>',
  '<a@b',
  'a@[192.0.2.1]',
  'J\xfcrgen <a@b>',
  '"J\xfcrgen" <a@b>',
  'a@b@c',
  'a@b <c@d>',
  '<a@b> c',
  `${'x'.repeat(1_001)} <a@b>`,
  `${'x'.repeat(1_001)}@b`,
])('leaves %j to others', (list) => {
  expect(plainAddresses(list, 3)).toEqual({ text: '', end: 0 })
})

it.each([
  ['a@b,', 'a@b,'],
  ['a@b, c (d)', 'a@b,'],
  ['a@b,c@d , "e', 'a@b,c@d ,'],
  ['a@b,c@d,e@f,g@h', 'a@b,c@d,e@f,'],
])('stops in %j behind %j', (list, beginning) => {
  const { text, end } = plainAddresses(list, 3)
  expect(list.slice(0, end)).toBe(beginning)
  expect(text).toBe(byTheModel(beginning))
})

it('says what the model says wherever it says something', () => {
  const pieces = [
    'a',
    'b.c',
    ' ',
    '@',
    '<',
    '>',
    ',',
    ', ',
    '"',
    '"x y"',
    '(',
    ':',
    ';',
    '[',
    ' <a@b>',
    'c@d',
  ]
  let said = 0
  let state = 1
  for (let round = 0; round < 30_000; round += 1) {
    let list = ''
    for (let count = round % 9; count >= 0; count -= 1) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      list += pieces[(state >>> 16) % pieces.length]
    }
    const { text, end } = plainAddresses(list, 100)
    if (end === 0) continue
    said += 1
    const whole = byTheModel(list)
    if (whole !== text + byTheModel(list.slice(end)))
      expect(text + byTheModel(list.slice(end)), list).toBe(whole)
  }
  expect(said).toBeGreaterThan(200)
})
