import { expect, it } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { pacedChunks } from './paced-chunks.ts'
import { Pacer } from './pacer.ts'

it('gives a range in chunks of at most 64 KiB, though the content gives it at once', async () => {
  const octets = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))
  const chunks: Buffer[] = []
  for await (const chunk of pacedChunks(bufferContent(octets), new Pacer(), 10, 199_990)) chunks.push(chunk)
  expect(chunks.map((chunk) => chunk.length)).toEqual([65_536, 65_536, 65_536, 3_372])
  expect(Buffer.concat(chunks).equals(octets.subarray(10, 199_990))).toBe(true)
})

it('lets others have their turn while its chunks are worked on', async () => {
  const content = bufferContent(Buffer.alloc(1_000_000))
  let turns = 0
  const turn = setInterval(() => {
    turns += 1
  }, 0)
  let chunks = 0
  for await (const _ of pacedChunks(content, new Pacer())) {
    chunks += 1
    const end = performance.now() + 6
    while (performance.now() < end);
  }
  clearInterval(turn)
  expect([chunks, turns > 0]).toEqual([16, true])
})
