import { expect, it } from 'vitest'
import { parseMaildirFileName } from './file-name.ts'
import { maildirHostName } from './host-name.ts'

it.each([
  ['mail.example.org', 'mail.example.org'],
  ['a/b:c,d', 'a\\057b\\072c\\054d'],
  ['a b\nü', 'a_b__'],
  ['', 'localhost'],
])('makes %j %s', (hostname, name) => {
  expect(maildirHostName(hostname)).toBe(name)
  expect(parseMaildirFileName(`1.M2.${name}:2,S`)).toEqual({ base: `1.M2.${name}`, letters: 'S', rest: '' })
})

it('keeps names short', () => {
  expect(maildirHostName('x'.repeat(1000))).toHaveLength(64)
})
