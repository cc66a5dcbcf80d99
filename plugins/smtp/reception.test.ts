import { bufferContent, readAll, type SpoolWriter, UnavailableError } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { Reception } from './reception.ts'

const rules = { maxSize: 100, maxLineLength: 80, normalise: false }

/** Keeps everything in memory; `open` says whether it has been disposed of. */
class MemoryWriter implements SpoolWriter {
  readonly #chunks: Buffer[] = []
  size = 0
  open = true

  async write(chunk: Buffer): Promise<void> {
    if (!this.open) throw new UnavailableError('disposed')
    this.#chunks.push(Buffer.from(chunk))
    this.size += chunk.length
  }

  async finish(): Promise<ReturnType<typeof bufferContent>> {
    return bufferContent(Buffer.concat(this.#chunks))
  }

  async dispose(): Promise<void> {
    this.open = false
  }
}

async function push(reception: Reception, ...chunks: string[]): Promise<number | undefined> {
  let used: number | undefined
  for (const chunk of chunks) used = await reception.push(Buffer.from(chunk))
  return used
}

test('a message is kept without its dots and its end', async () => {
  const writer = new MemoryWriter()
  const reception = new Reception(writer, rules, 0)
  expect(await push(reception, 'Subject: a\r\n', '\r\n..b\r\n.\r', '\nQUIT\r\n')).toBe(1)
  expect(reception.fault).toBeUndefined()
  expect((await readAll(await reception.finish())).toString()).toBe('Subject: a\r\n\r\n.b\r\n')
  await reception.dispose()
  expect(writer.open).toBe(false)
})

describe('a message with a fault is read to its end and nothing of it is kept', () => {
  test.each([
    ['a\nb\r\n', 554, 'bare-lf'],
    ['a\rb\r\n', 554, 'bare-cr'],
    ['a\0b\r\n', 554, 'nul'],
    [`${'x'.repeat(90)}\r\n`, 554, 'long-line'],
    ['0123456\r\n'.repeat(12), 552, 'too large'],
  ])('%j', async (text, code, reason) => {
    const writer = new MemoryWriter()
    const reception = new Reception(writer, rules, 0)
    expect(await push(reception, text)).toBeUndefined()
    expect(writer.open).toBe(false)
    expect(await push(reception, 'and more\r\n', '.\r\nNOOP\r\n')).toBe(3)
    expect(reception.fault).toMatchObject({ reply: { code }, reason })
  })

  test('the largest message is not too large', async () => {
    const reception = new Reception(new MemoryWriter(), rules, 0)
    await push(reception, '012345678\r\n'.slice(1).repeat(10), '.\r\n')
    expect(reception.fault).toBeUndefined()
  })

  test('so does one for which there is no room', async () => {
    const full: SpoolWriter = {
      size: 0,
      write: async () => {
        throw new UnavailableError('no space')
      },
      finish: async () => {
        throw new UnavailableError('gone')
      },
      dispose: async () => {},
    }
    const reception = new Reception(full, rules, 0)
    expect(await push(reception, 'a\r\n', '.\r\n')).toBe(3)
    expect(reception.fault).toMatchObject({ reply: { code: 451, enhanced: '4.3.0' } })
  })
})
