import { bufferContent, type Content, decodeBody, scanMessage } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { binaryContent } from './binary-content.ts'
import { KeptOctets } from './kept-octets.ts'
import type { Partial } from './section.ts'

async function binary(message: string, part: readonly number[], partial?: Partial) {
  const octets = Buffer.from(message, 'latin1')
  const section = { part, text: undefined, fields: [] }
  const found = await binaryContent(section, bufferContent(octets), scanMessage(octets).root, partial)
  if (found.kind !== 'octets') return found.kind
  const text = (await found.content.read(0, found.content.size)).toString('latin1')
  expect(text.length).toBe(found.content.size)
  return found.hasNul ? { withNul: text } : { text }
}

function message(encoding: string, body: string): string {
  return `Content-Transfer-Encoding: ${encoding}\r\n\r\n${body}`
}

describe('binaryContent', () => {
  it('undoes the transfer encoding', async () => {
    expect(await binary(message('BASE64', 'R3LD\r\nvMOfZQ=='), [1])).toEqual({ text: 'Gr\xc3\xbc\xc3\x9fe' })
    expect(await binary(message('quoted-printable', 'a=3D=\r\nb \r\n'), [1])).toEqual({ text: 'a=b\r\n' })
    for (const encoding of ['7bit', '8bit', 'binary'])
      expect(await binary(message(encoding, 'a=3D\r\n'), [1])).toEqual({ text: 'a=3D\r\n' })
  })

  // RFC 3516 §4.3: a literal8 where there is NUL.
  it('tells whether there is NUL', async () => {
    expect(await binary(message('base64', 'YQBi'), [1])).toEqual({ withNul: 'a\0b' })
    expect(await binary(message('base64', 'YQBi'), [1], { start: 2, length: 9 })).toEqual({ text: 'b' })
    expect(await binary(message('8bit', 'a\0'), [1])).toEqual({ withNul: 'a\0' })
  })

  it('takes a part of the decoded octets', async () => {
    const encoded = message('base64', 'MDEyMzQ1Njc4OQ==')
    expect(await binary(encoded, [1], { start: 2, length: 3 })).toEqual({ text: '234' })
    expect(await binary(encoded, [1], { start: 8, length: 30 })).toEqual({ text: '89' })
    expect(await binary(encoded, [1], { start: 10, length: 3 })).toEqual({ text: '' })
  })

  it('does not know every encoding', async () => {
    expect(await binary(message('x-uuencode', 'x'), [1])).toBe('unknown encoding')
    expect(await binary(message('x-uuencode', 'x'), [2])).toBe('nothing')
  })

  it('leaves messages and multiparts as they are', async () => {
    const inner = 'Content-Transfer-Encoding: base64\r\n\r\neHh4'
    const outer = `Content-Type: message/rfc822\r\n\r\n${inner}`
    expect(await binary(outer, [])).toEqual({ text: outer })
    expect(await binary(outer, [1])).toEqual({ text: inner })
    expect(await binary(outer, [1, 1])).toEqual({ text: 'xxx' })
    expect(await binary('Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--', [1])).toEqual({ text: '' })
  })

  it('decodes what is large without keeping it', async () => {
    const bodies: Readonly<Record<string, Buffer>> = {
      base64: Buffer.from('Zm9vYmFy'.repeat(9).concat('\r\n').repeat(20_000)),
      'quoted-printable': Buffer.from(`${'a=3D'.repeat(20)}=\r\n`.repeat(20_000)),
      binary: Buffer.alloc(1_500_000, 'text\r\n'),
    }
    for (const [encoding, body] of Object.entries(bodies)) {
      const octets = Buffer.concat([Buffer.from(message(encoding, '')), body])
      const expected = decodeBody(body, encoding)
      let largest = 0
      const content: Content = {
        ...bufferContent(octets),
        read: async (start, end) => {
          largest = Math.max(largest, end - start)
          return octets.subarray(start, end)
        },
      }
      const section = { part: [1], text: undefined, fields: [] }
      const { root } = scanMessage(octets)
      const found = await binaryContent(section, content, root)
      if (found.kind !== 'octets') throw new Error(found.kind)
      expect([found.content.size, found.hasNul, largest]).toEqual([expected.length, false, 0])
      expect(Buffer.concat(await found.content.stream().toArray()).equals(expected)).toBe(true)
      expect(
        (await found.content.read(1_000_000, 1_000_050)).equals(expected.subarray(1_000_000, 1_000_050)),
      ).toBe(true)
      expect(await found.content.read(5, 5)).toEqual(Buffer.alloc(0))
      for (const length of [1_000, 1_200_000]) {
        const some = await binaryContent(section, content, root, { start: 1_000, length })
        if (some.kind !== 'octets') throw new Error(some.kind)
        const all = Buffer.concat(await some.content.stream().toArray())
        expect(all.equals(expected.subarray(1_000, 1_000 + length))).toBe(true)
      }
    }
  })

  it('keeps no more than is left to keep, and reads the rest again when it is written', async () => {
    const body = Buffer.from('a line of text\r\n'.repeat(20_000))
    const octets = Buffer.concat([Buffer.from(message('base64', '')), Buffer.from(body.toString('base64'))])
    let streams = 0
    const whole = bufferContent(octets)
    const content: Content = {
      ...whole,
      stream: (start, end) => {
        streams += 1
        return whole.stream(start, end)
      },
    }
    const section = { part: [1], text: undefined, fields: [] }
    const { root } = scanMessage(octets)
    const keeps = new KeptOctets()
    const found: Content[] = []
    for (let start = 0; start < 60; start += 1) {
      const some = await binaryContent(section, content, root, { start, length: 200_000 }, keeps)
      if (some.kind === 'octets') found.push(some.content)
    }
    const read = streams
    for (const [start, some] of found.entries()) {
      const all = Buffer.concat(await some.stream().toArray())
      expect(all.equals(body.subarray(start, start + 200_000))).toBe(true)
    }
    // 41 of them are 8 MiB.
    expect([read, streams - read]).toEqual([60, 19])
  })

  it('fails as the content does', async () => {
    const octets = Buffer.from(message('base64', 'eHh4'))
    const broken: Content = {
      ...bufferContent(octets),
      read: async () => Promise.reject(new Error('no disk')),
    }
    const section = { part: [1], text: undefined, fields: [] }
    await expect(binaryContent(section, broken, scanMessage(octets).root)).rejects.toThrow('no disk')
  })
})
