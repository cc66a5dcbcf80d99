import { expect, it, vi } from 'vitest'
import { textFinder } from './text-finder.ts'

it('finds what includes finds', () => {
  let seed = 1
  const random = (most: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % most
  }
  const letters = (length: number): string =>
    Array.from({ length }, () => (random(8) === 0 ? 'B' : 'A')).join('')
  for (let round = 0; round < 2_000; round += 1) {
    const text = letters(random(400))
    const start = random(400)
    const needle = random(2) === 0 ? text.slice(start, start + 20 + random(100)) : letters(random(60))
    expect(textFinder(needle)(text)).toBe(text.includes(needle))
  }
})

it('finds a needle at either end, over beginnings of itself', () => {
  const needle = `${'A'.repeat(40)}B${'A'.repeat(60)}`
  const has = textFinder(needle)
  expect([has(needle), has(`${needle}C`), has(`C${'A'.repeat(70)}${needle}`), has(needle.slice(1))]).toEqual([
    true,
    true,
    true,
    false,
  ])
})

it('looks at a character a few times at most, however alike needle and text are', () => {
  const needle = `${'A'.repeat(300)}B${'A'.repeat(9_000)}`
  const has = textFinder(needle)
  const looks = vi.spyOn(String.prototype, 'charCodeAt')
  try {
    expect(has('A'.repeat(100_000))).toBe(false)
    expect(looks.mock.calls.length).toBeLessThan(1_000_000)
  } finally {
    looks.mockRestore()
  }
})
