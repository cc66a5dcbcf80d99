import { expect, it } from 'vitest'
import { canonicalMailboxName, isWithin, levelFile, levelOf, parentsOf } from './mailbox-name.ts'

it.each([
  ['inbox', 'INBOX'],
  ['InBox/Below', 'INBOX/Below'],
  ['Work/inbox', 'Work/inbox'],
  ['Tom & Jerry', 'Tom & Jerry'],
])('spells %j as %j', (name, canonical) => {
  expect(canonicalMailboxName(name)).toBe(canonical)
})

it.each([
  '',
  '/',
  'a//b',
  '/a',
  'a/',
  'a\0',
  'a\nb',
  '\ud800',
  'x'.repeat(221),
  `${'ü'.repeat(111)}`,
  'x/'.repeat(600),
])('refuses %j', (name) => {
  expect(() => canonicalMailboxName(name)).toThrow(expect.objectContaining({ code: 'MAIL_E_INVALID' }))
})

it.each([
  ['Work', 'Work'],
  ['.x', '%2ex'],
  ['..', '%2e.'],
  ['a.lock', 'a%2elock'],
  ['a.messages', 'a%2emessages'],
  ['100%', '100%25'],
  ['日本語', '日本語'],
])('calls the file of %j %j, and finds back', (level, file) => {
  expect(levelFile(level)).toBe(file)
  expect(levelOf(file)).toBe(level)
})

it.each(['.hidden', 'a.lock', 'a.messages', '50%', '%41', '%zz', '%ff', 'a\ufffd'])(
  'takes the file %j for no mailbox',
  (file) => {
    expect(levelOf(file)).toBeUndefined()
  },
)

it('knows what is above and below', () => {
  expect(parentsOf('a/b/c')).toEqual(['a', 'a/b'])
  expect(parentsOf('a')).toEqual([])
  expect([isWithin('a/b', 'a'), isWithin('a', 'a'), isWithin('ab', 'a')]).toEqual([true, true, false])
})
