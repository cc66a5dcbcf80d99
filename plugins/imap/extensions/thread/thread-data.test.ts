import type { Threads } from 'mailwright/search'
import { describe, expect, it } from 'vitest'
import { readThreads } from '../../../../test/support/imap/thread-response.ts'
import { threadLists } from './thread-data.ts'

function written(members: readonly (readonly [uid: number, depth: number])[]): string {
  const threads: Threads = {
    uids: Uint32Array.from(members, ([uid]) => uid),
    depths: Uint32Array.from(members, ([, depth]) => depth),
  }
  return [...threadLists(threads, [...threads.uids])].join('')
}

describe('threadLists', () => {
  it.each<readonly [string, readonly (readonly [number, number])[]]>([
    ['', []],
    ['(2)', [[2, 0]]],
    [
      '(2)(3)',
      [
        [2, 0],
        [3, 0],
      ],
    ],
    [
      '(166)(167)(168)',
      [
        [166, 0],
        [167, 0],
        [168, 0],
      ],
    ],
    // RFC 5256 §4 has these two as examples.
    [
      '(2)(3 6 (4 23)(44 7 96))',
      [
        [2, 0],
        [3, 0],
        [6, 1],
        [4, 2],
        [23, 3],
        [44, 2],
        [7, 3],
        [96, 4],
      ],
    ],
    [
      '((3)(5))',
      [
        [0, 0],
        [3, 1],
        [5, 1],
      ],
    ],
    [
      '((3 4)(5 (6)(7)))(8)',
      [
        [0, 0],
        [3, 1],
        [4, 2],
        [5, 1],
        [6, 2],
        [7, 2],
        [8, 0],
      ],
    ],
    [
      '(1 (2 (3)(4))(5))',
      [
        [1, 0],
        [2, 1],
        [3, 2],
        [4, 2],
        [5, 1],
      ],
    ],
    [
      '(1 2 (3)(4))',
      [
        [1, 0],
        [2, 1],
        [3, 2],
        [4, 2],
      ],
    ],
    [
      '((1 (2)(3))(4))((5)(6))',
      [
        [0, 0],
        [1, 1],
        [2, 2],
        [3, 2],
        [4, 1],
        [0, 0],
        [5, 1],
        [6, 1],
      ],
    ],
  ])('writes %s', (text, members) => {
    expect(written(members)).toBe(text)
  })

  it('writes what is read as the same threads, whatever their shape', () => {
    let state = 3
    for (let round = 0; round < 2_000; round += 1) {
      const members: [number, number][] = []
      let depth = -1
      for (let count = 1 + (round % 23); count > 0; count -= 1) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        depth = (state >>> 8) % (depth + 2)
        members.push([members.length + 1, depth])
      }
      expect(readThreads(written(members))).toEqual(members)
    }
  })

  it('writes a chain of 100,000, and one with a branch at each of its messages', () => {
    const chain = Array.from({ length: 100_000 }, (_, index): [number, number] => [index + 1, index])
    expect(written(chain)).toBe(`(${chain.map(([uid]) => uid).join(' ')})`)
    const branches = chain.flatMap(([uid, depth]): [number, number][] => [[uid, depth]])
    for (let depth = 99_999; depth > 0; depth -= 1) branches.push([100_000 + depth, depth])
    expect(readThreads(written(branches))).toEqual(branches)
  })
})
