import { expect, it } from 'vitest'
import { caseless } from './caseless.ts'

it.each([
  ['Jo', 'jo'],
  ['JOSE\u0301', 'jos\u00e9'],
  // Only the small letter has one of its own with that mark.
  ['T\u0308om', '\u1e97om'],
  ['', ''],
])('%j is %j', (text, compared) => {
  expect(caseless(text)).toBe(compared)
  expect(caseless(compared)).toBe(compared)
})
