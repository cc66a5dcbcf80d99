import type { ImapSelected } from 'mailwright/imap'
import { expect, it } from 'vitest'
import { selectedScope } from './scope.ts'

it('the saved result is the same ranges wherever a search names it', () => {
  const scope = selectedScope({ saved: [1, 2, 4] } as unknown as ImapSelected)
  const ranges = scope.ranges('$', true)
  expect(ranges).toEqual([
    { first: 1, last: 2 },
    { first: 4, last: 4 },
  ])
  expect(scope.ranges('$', false)).toBe(ranges)
})
