import { expect, it } from 'vitest'
import type { Alteration } from '../index/index-change.ts'
import { inPieces } from './alteration-pieces.ts'

function alterations(count: number, keywords: number): readonly Alteration[] {
  const list = Array.from({ length: keywords }, (_, index) => `k${index}`)
  return Array.from({ length: count }, (_, index) => [index + 1, 'cur/:2,', list] as const)
}

it('keeps few keywords in one change, and cuts where there are very many', () => {
  expect(inPieces([])).toEqual([])
  expect(inPieces(alterations(20_000, 2))).toEqual([alterations(20_000, 2)])
  const pieces = inPieces(alterations(1_000, 400))
  expect(pieces.map(({ length }) => length)).toEqual([125, 125, 125, 125, 125, 125, 125, 125])
  expect(pieces.flat()).toEqual(alterations(1_000, 400))
})
