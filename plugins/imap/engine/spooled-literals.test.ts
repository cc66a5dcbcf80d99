import type { Content, SpoolWriter } from 'mailwright'
import { expect, it } from 'vitest'
import { memorySpool } from '../../../test/support/memory-spool.ts'
import { SpooledLiterals } from './spooled-literals.ts'

async function* pieces(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text)
}

async function streamed(content: Content, start?: number, end?: number): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of content.stream(start, end)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

it('reads each literal by itself, whole and in ranges', async () => {
  const spool = memorySpool()
  const literals = new SpooledLiterals(() => spool.receive())
  const taken = [
    await literals.take(6, false, pieces('ab', 'cdef')),
    await literals.take(0, false, pieces()),
    await literals.take(4, true, pieces('ghij')),
  ]
  expect(literals).toMatchObject({ literals: 3, octets: 10 })
  expect(taken.map(({ binary }) => binary)).toEqual([false, false, true])
  const contents = taken.map(({ content }) => content)
  expect(await Promise.all(contents.map((content) => streamed(content)))).toEqual(['abcdef', '', 'ghij'])
  const [first, , last] = contents as [Content, Content, Content]
  expect((await last.read(1, 99)).toString()).toBe('hij')
  expect((await first.read(-3, 99)).toString()).toBe('abcdef')
  expect((await first.read(4, 2)).toString()).toBe('')
  expect(await streamed(first, 4, 99)).toBe('ef')
  await literals.dispose()
  expect(spool.disposed).toBe(1)
})

it('reads a literal to its end where it cannot be kept, and fails then', async () => {
  const written: string[] = []
  const full = new Error('full')
  const writer: Partial<SpoolWriter> = {
    write(piece) {
      written.push(piece.toString())
      return Promise.reject(full)
    },
    dispose: () => Promise.resolve(),
  }
  const literals = new SpooledLiterals(() => writer as SpoolWriter)
  let left = 3
  const octets = async function* (): AsyncGenerator<Buffer> {
    for (; left > 0; left--) yield Buffer.from(`${left}`)
  }
  await expect(literals.take(3, false, octets())).rejects.toBe(full)
  expect({ left, written }).toEqual({ left: 0, written: ['3'] })
  expect(literals).toMatchObject({ literals: 0, octets: 0 })
})

it('has nothing to dispose of where nothing was spooled', async () => {
  const literals = new SpooledLiterals(() => {
    throw new Error('no writer is needed')
  })
  await expect(literals.dispose()).resolves.toBeUndefined()
})
