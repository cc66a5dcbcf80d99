import { describe, expect, test } from 'vitest'
import { bufferContent, type Content, isContent, joinedContent, readAll } from './content.ts'

const digits = () => bufferContent(Buffer.from('0123456789'))

async function streamed(content: Content, start?: number, end?: number): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of content.stream(start, end)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const joined = () =>
  joinedContent([
    { content: digits(), start: 2, end: 5 },
    { content: digits(), start: 7, end: 7 },
    { content: bufferContent(Buffer.from('abc')), start: 0, end: 3 },
    { content: digits(), start: 9, end: 10 },
  ])

describe.each<[string, () => Content, string]>([
  ['bufferContent', digits, '0123456789'],
  ['joinedContent', joined, '234abc9'],
  ['joinedContent of one', () => joinedContent([{ content: digits(), start: 0, end: 10 }]), '0123456789'],
  ['joinedContent of joined', () => joinedContent([{ content: joined(), start: 1, end: 6 }]), '34abc'],
  ['an empty buffer', () => bufferContent(Buffer.alloc(0)), ''],
  ['nothing joined', () => joinedContent([]), ''],
])('%s', (_, make, text) => {
  test('has its size and all its octets', async () => {
    const content = make()
    expect(content.size).toBe(text.length)
    expect((await readAll(content)).toString()).toBe(text)
    expect(await streamed(content)).toBe(text)
  })

  test('reads every range, clipped to what is there', async () => {
    const content = make()
    for (let start = -1; start <= text.length + 1; start++) {
      for (let end = -1; end <= text.length + 2; end++) {
        const range = text.slice(Math.max(0, start), Math.max(0, start, end))
        expect((await content.read(start, end)).toString(), `read ${start} to ${end}`).toBe(range)
        expect(await streamed(content, start, end), `stream ${start} to ${end}`).toBe(range)
      }
    }
  })
})

test('isContent knows what can be read', () => {
  expect(isContent(digits())).toBe(true)
  expect(isContent(joined())).toBe(true)
  for (const other of [
    undefined,
    null,
    'text',
    Buffer.from('x'),
    {},
    { ...digits(), size: -1 },
    { ...digits(), size: 1.5 },
    { ...digits(), stream: 1 },
  ])
    expect(isContent(other)).toBe(false)
})
