import type { MessageEntry } from 'mailwright'
import { expect, it, vi } from 'vitest'
import { ExpectedFlags } from './expected-flags.ts'

const entry = (flags: readonly string[]): MessageEntry => ({ flags }) as unknown as MessageEntry

it('are those before, with the change', () => {
  const expected = new ExpectedFlags({ add: ['b'] })
  expect(expected.are(entry(['a']), entry(['a', 'b']))).toBe(true)
  expect(expected.are(entry(['a']), entry(['a', 'b', 'c']))).toBe(false)
  expect(expected.are(entry([]), entry(['b']))).toBe(true)
  expect(expected.are(undefined, entry(['b']))).toBe(false)
})

it('are made once for messages that have the same', () => {
  const flags = ['a', 'b', 'c']
  const changed = vi.spyOn(flags, 'filter')
  const expected = new ExpectedFlags({ remove: ['B'] })
  for (let message = 0; message < 100; message += 1)
    expect(expected.are(entry(flags), entry(['a', 'c']))).toBe(true)
  expect(changed).toHaveBeenCalledTimes(1)
})
