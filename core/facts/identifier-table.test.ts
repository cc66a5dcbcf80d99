import { describe, expect, it } from 'vitest'
import { IdentifierTable } from './identifier-table.ts'

describe('IdentifierTable', () => {
  it('gives equal identifiers one number and others their own', () => {
    const table = new IdentifierTable()
    const identifiers = Array.from({ length: 50_000 }, (_, index) => `m${index}@example.org`)
    expect(identifiers.map((each) => table.add(each))).toEqual(identifiers.map((_, index) => index))
    expect(identifiers.map((each) => table.add(each))).toEqual(identifiers.map((_, index) => index))
    expect([table.size, table.bytes]).toEqual([50_000, 131_072 * 12])
  })

  it('tells identifiers apart that differ in one octet, in order or in length', () => {
    const table = new IdentifierTable()
    const all = new Set([''])
    for (let octet = 0; octet < 256; octet += 1) {
      const character = String.fromCharCode(octet)
      for (const place of [0, 1, 2, 3]) all.add(`${'a'.repeat(place)}${character}${'a'.repeat(3 - place)}`)
      for (const count of [1, 2, 3, 7, 8, 9]) all.add(character.repeat(count))
    }
    for (const identifier of all) table.add(identifier)
    expect(table.size).toBe(all.size)
  })
})
