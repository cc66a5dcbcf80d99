import { describe, expect, test } from 'vitest'
import type { TapOptions } from '../hooks/kinds.ts'
import { orderTaps, type PlacedTap } from './tap-order.ts'

function tap(name: string, position: number, options: TapOptions = {}): PlacedTap {
  return { name, plugin: name.split('/')[0] ?? '', position, options, run: async () => undefined }
}

const names = (taps: readonly PlacedTap[]) => orderTaps('group.hook', taps).map(({ name }) => name)

describe('orderTaps', () => {
  test('follows the config, and within a plugin the order of its taps', () => {
    expect(names([tap('b/x', 1), tap('a/z', 0), tap('a/y', 0)])).toEqual(['a/z', 'a/y', 'b/x'])
    expect(names([])).toEqual([])
  })

  test.each<[string, readonly PlacedTap[], readonly string[]]>([
    ['before a tap', [tap('a/1', 0), tap('b/1', 1), tap('c/1', 2, { before: 'b/1' })], ['a/1', 'c/1', 'b/1']],
    [
      'before a plugin',
      [tap('a/1', 0), tap('a/2', 0), tap('b/1', 1, { before: 'a' })],
      ['b/1', 'a/1', 'a/2'],
    ],
    ['after a tap', [tap('a/1', 0, { after: 'b/1' }), tap('b/1', 1), tap('c/1', 2)], ['b/1', 'a/1', 'c/1']],
    ['after a plugin', [tap('a/1', 0, { after: 'b' }), tap('b/1', 1), tap('b/2', 1)], ['b/1', 'b/2', 'a/1']],
    [
      'between two',
      [tap('a/1', 0), tap('b/1', 1), tap('c/1', 2, { after: 'a', before: ['b/1'] })],
      ['a/1', 'c/1', 'b/1'],
    ],
    ['within the own plugin', [tap('a/1', 0), tap('a/2', 0, { before: 'a/1' })], ['a/2', 'a/1']],
    ['the own plugin means its other taps', [tap('a/1', 0), tap('a/2', 0, { before: 'a' })], ['a/2', 'a/1']],
    [
      'what is in order already',
      [tap('a/1', 0, { before: 'b' }), tap('b/1', 1, { after: 'a' })],
      ['a/1', 'b/1'],
    ],
  ])('moves as little as it must: %s', (_, taps, order) => {
    expect(names(taps)).toEqual(order)
  })

  test.each<[string, readonly PlacedTap[], string]>([
    [
      'a tap that is not there',
      [tap('a/one', 0), tap('b/two', 1, { before: 'a/oen' })],
      'b/two in group.hook wants to be ordered by "a/oen", which taps nothing there (did you mean "a/one"?)',
    ],
    [
      'a plugin that taps something else',
      [tap('b/two', 1, { after: 'maildir' })],
      'b/two in group.hook wants to be ordered by "maildir", which taps nothing there',
    ],
    [
      'itself',
      [tap('a/1', 0, { before: 'a/1' })],
      'a/1 in group.hook wants to be ordered by "a/1", which taps nothing there',
    ],
    [
      'a circle',
      [tap('x/1', 0, { after: 'a' }), tap('a/1', 1, { before: 'b' }), tap('b/1', 2, { before: 'a' })],
      'group.hook: the order of a/1, b/1 goes round in a circle',
    ],
  ])('refuses %s', (_, taps, message) => {
    expect(() => names(taps)).toThrow(expect.objectContaining({ code: 'MAIL_E_HOOK', message }))
  })
})
