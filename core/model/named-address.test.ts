import { expect, test } from 'vitest'
import { namesAddress } from './named-address.ts'

test.each([
  ['Postmaster', 'a.example', true],
  ['jo', 'a.example', true],
  ['Jo', 'b.example', false],
  ['abuse', 'a.example', false],
])('%s@%s', (localPart, domain, named) => {
  expect(namesAddress(['postmaster', 'jo@a.example'], { localPart, domain })).toBe(named)
})
