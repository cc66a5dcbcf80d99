import { describe, expect, test } from 'vitest'
import { crlfLines } from './crlf-lines.ts'
import { dataChunks } from './data-chunks.ts'

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text, 'latin1')
}

describe('dataChunks', () => {
  test.each([
    [[], ['LAST ']],
    [['', ''], ['LAST ']],
    [['ab'], ['LAST ab']],
    [['abcd'], ['LAST abcd']],
    [
      ['abcd', 'e'],
      ['abcd', 'LAST e'],
    ],
    [['abcd', ''], ['LAST abcd']],
    [
      ['a', 'b', 'cd', 'ef', 'ghijkl', 'm'],
      ['abcd', 'efgh', 'ijkl', 'LAST m'],
    ],
    [['abcdefgh'], ['abcd', 'LAST efgh']],
    [['abcdefghi'], ['abcd', 'efgh', 'LAST i']],
  ])('%j', async (given, expected) => {
    const found: string[] = []
    for await (const { octets, isLast } of dataChunks(pieces(...given), 4))
      found.push(`${isLast ? 'LAST ' : ''}${octets.toString('latin1')}`)
    expect(found).toEqual(expected)
  })
})

describe('crlfLines', () => {
  test.each([
    [[], ''],
    [['a\r\n'], 'a\r\n'],
    [['.a\n.\n', '.'], '.a\r\n.\r\n.\r\n'],
    [['a\r', '\nb\r', 'c\xfc\r'], 'a\r\nb\r\nc\xfc\r\n'],
  ])('%j', async (given, expected) => {
    const found: Buffer[] = []
    for await (const octets of crlfLines(pieces(...given))) found.push(octets)
    expect(Buffer.concat(found).toString('latin1')).toBe(expected)
  })
})
