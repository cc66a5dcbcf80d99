import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { parseMaildirSize } from './maildirsize.ts'

const pieces = ['0', ' ', '\t', '-', 'S', 'C', ',', '\n', '1 1', '9'.repeat(20), '10S\n', '\0', '\xff']

it('does not choke on very much of one thing', () => {
  for (const start of ['', '10S\n', '10S,5C\n1 '])
    for (const piece of pieces) {
      const octets = Buffer.from(start + piece.repeat(100_000 / piece.length), 'latin1')
      expect(() => parseMaildirSize(octets), `${start} ${piece}`).not.toThrow()
    }
})

it('throws for no octets at all, and believes no sums below zero', () => {
  for (let round = 0; round < 1000; round++) {
    const dice = createHash('shake256', { outputLength: 64 }).update(`${round}`).digest()
    const text = [...dice].map((die) => pieces[die % pieces.length]).join('')
    const sizes = parseMaildirSize(Buffer.from(`10S\n${text}`, 'latin1'))
    expect(sizes?.sums?.bytes ?? 0, JSON.stringify(text)).toBeGreaterThanOrEqual(0)
  }
})
