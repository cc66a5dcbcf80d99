import { describe, expect, it } from 'vitest'
import { WordTable } from './word-table.ts'

/** Words in their order, each once, as the ranks have them. */
async function ranked(table: WordTable): Promise<readonly string[]> {
  const ranks = await table.ranks()
  const words: string[] = []
  for (let number = 0; number < table.size; number += 1) words[ranks[number] ?? 0] = table.word(number)
  return words
}

describe('WordTable', () => {
  it('numbers different words in the order in which they come', () => {
    const table = new WordTable()
    expect(['b', 'a', 'b', '', 'a'].map((word) => table.add(word))).toEqual([0, 1, 0, 2, 1])
    expect([table.size, table.word(1), table.word(9)]).toEqual([3, 'a', ''])
  })

  it('keeps no more of a long text than its word', () => {
    const table = new WordTable()
    const long = 'x'.repeat(100_000)
    for (let index = 0; index < 100; index += 1) table.add(`${index}${long}`.slice(0, 20))
    expect(table.bytes).toBeLessThan(20_000)
  })

  it('ranks words by their octets, and again when there are more', async () => {
    const table = new WordTable()
    const all = new Set<string>()
    for (const count of [3, 2_000, 1, 0, 700, 20, 5_000]) {
      for (let index = 0; index < count; index += 1) {
        const word = `${(all.size * 7_919) % 10_007}${'\xc3\xbc'.repeat(index % 3)}`
        all.add(word)
        table.add(word)
      }
      expect(await ranked(table)).toEqual([...all].sort())
    }
  })

  it('ranks for several at the same time, whatever is added meanwhile', async () => {
    const table = new WordTable()
    for (let index = 0; index < 3_000; index += 1) table.add(`${(index * 7_919) % 3_001}`)
    const first = table.ranks()
    for (let index = 0; index < 50; index += 1) table.add(`new ${index}`)
    const second = table.ranks()
    const [before, after] = await Promise.all([first, second])
    expect([before.length, after.length]).toEqual([3_000, 3_050])
    for (const ranks of [before, after]) expect(new Set(ranks).size).toBe(ranks.length)
    expect(await ranked(table)).toEqual(
      Array.from({ length: table.size }, (_, number) => table.word(number)).sort(),
    )
  })

  it('ranks nothing', async () => {
    expect((await new WordTable().ranks()).length).toBe(0)
  })
})
