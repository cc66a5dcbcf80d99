import type { Alteration } from '../index/index-change.ts'

// One piece is encoded, written and applied at one go, which takes some milliseconds for so many keywords.
const keywordsTogether = 50_000

/** The same alterations in as many changes as they need; where messages have few keywords that is one. */
export function inPieces(altered: readonly Alteration[]): readonly (readonly Alteration[])[] {
  const pieces: Alteration[][] = []
  let piece: Alteration[] = []
  let keywords = 0
  for (const each of altered) {
    piece.push(each)
    keywords += each[2].length
    if (keywords < keywordsTogether) continue
    pieces.push(piece)
    piece = []
    keywords = 0
  }
  return piece.length === 0 ? pieces : [...pieces, piece]
}
