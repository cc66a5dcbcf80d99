import { expect, test } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import { formatAccessLists } from './access-list-file.ts'
import { ParsedLists } from './parsed-lists.ts'

function file(owner: string, rights: string): Buffer {
  return formatAccessLists({ owner, lists: new Map([['Work', [{ identifier: 'x', rights }]]]) })
}

test('the same octets are taken apart once, others of the same length again', () => {
  const parsed = new ParsedLists()
  const first = parsed.parse('a', file('ann', 'lr'))
  expect(first?.lists.get('Work')).toEqual([{ identifier: 'x', rights: 'lr' }])
  expect(parsed.parse('a', file('ann', 'lr'))).toBe(first)
  expect(parsed.parse('a', file('ann', 'li'))?.lists.get('Work')).toEqual([{ identifier: 'x', rights: 'li' }])
  expect(parsed.parse('a', file('ann', 'lr'))).toEqual(first)
})

test('files of different names are told apart', () => {
  const parsed = new ParsedLists()
  const anns = parsed.parse('a', file('ann', 'lr'))
  expect(parsed.parse('b', file('bob', 'lr'))?.owner).toBe('bob')
  expect(parsed.parse('a', file('ann', 'lr'))).toBe(anns)
})

test('damage stays damage, and a later version is no damage each time', async () => {
  const parsed = new ParsedLists()
  const later = Buffer.from('mailwright-access 2\n')
  for (let time = 0; time < 2; time++) {
    expect(parsed.parse('a', Buffer.from('x'))).toBeUndefined()
    await expectCode(
      Promise.resolve().then(() => parsed.parse('a', later)),
      'MAIL_E_UNAVAILABLE',
    )
  }
  expect(parsed.parse('a', file('ann', 'lr'))?.owner).toBe('ann')
})

test('of many long files those used last are remembered', () => {
  const parsed = new ParsedLists()
  const [anns, bobs] = [file('ann', 'lr'), file('bob', 'lr')]
  const [first, kept] = [parsed.parse('first', anns), parsed.parse('kept', bobs)]
  for (let index = 0; index < 40; index++) {
    parsed.parse(String(index), Buffer.alloc(256 * 1024))
    expect(parsed.parse('kept', bobs)).toBe(kept)
  }
  expect(parsed.parse('first', anns)).toEqual(first)
  expect(parsed.parse('first', anns)).not.toBe(first)
})
