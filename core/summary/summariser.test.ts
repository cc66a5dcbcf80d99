import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { bufferContent, type Content } from '../model/content.ts'
import { encodeSummary } from './stored-summary.ts'
import { Summariser, summarise } from './summariser.ts'

const message = Buffer.from(
  [
    'Subject: x',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    '<p>Grüße</p>',
    '--b',
    'Content-Type: application/pdf',
    'Content-Transfer-Encoding: base64',
    '',
    ...Array.from({ length: 5_000 }, () => 'QUJD'.repeat(19)),
    '--b--',
    '',
  ].join('\r\n'),
)

function inChunks(octets: Buffer, size: number): Buffer {
  const summariser = new Summariser()
  const chunk = Buffer.alloc(size)
  for (let at = 0; at < octets.length; at += size) {
    const length = octets.copy(chunk, 0, at)
    summariser.add(chunk.subarray(0, length))
  }
  chunk.fill(0)
  return encodeSummary(summariser.finish())
}

describe('Summariser', () => {
  it('answers the same however the octets are cut, and keeps no chunk', () => {
    const whole = inChunks(message, message.length)
    for (const size of [1, 7, 4_096, 65_535, 65_536, 100_000]) expect(inChunks(message, size)).toEqual(whole)
  })

  it('is finished once', () => {
    const summariser = new Summariser()
    summariser.add(message)
    const summary = summariser.finish()
    summariser.add(Buffer.from('more'))
    expect(summariser.finish()).toBe(summary)
    expect(summary.structure.bodyEnd).toBe(message.length)
    expect(summary.preview).toBe('Grüße')
  })

  it('answers for no octets', () => {
    const { preview, structure, header, omitted } = new Summariser().finish()
    expect([preview, structure.mediaType, header.fields, omitted]).toEqual(['', 'text/plain', [], []])
  })

  it('gives no preview of text that begins behind 64 KiB', () => {
    const image = `Content-Type: image/png\r\n\r\n${'x'.repeat(66_000)}`
    const octets = Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${image}\r\n--b\r\n\r\nlate\r\n--b--`,
    )
    const summariser = new Summariser()
    summariser.add(octets)
    expect(summariser.finish().preview).toBe('')
  })
})

describe('summarise', () => {
  it('reads a small message at once and a large one as a stream', async () => {
    const small = message.subarray(0, 1_000)
    const asked: string[] = []
    const watched = (octets: Buffer): Content => ({
      size: octets.length,
      read: async (start, end) => {
        asked.push(`read ${end - start}`)
        return octets.subarray(start, end)
      },
      stream: () => {
        asked.push('stream')
        return bufferContent(octets).stream()
      },
    })
    expect(encodeSummary(await summarise(1, watched(small)))).toEqual(inChunks(small, 100))
    expect(encodeSummary(await summarise(1, watched(message)))).toEqual(inChunks(message, 100))
    expect(asked).toEqual(['read 1000', 'stream'])
  })

  it('fails as the content does', async () => {
    const broken = (size: number): Content => ({
      size,
      read: async () => Promise.reject(new Error('no disk')),
      stream: () =>
        new Readable({
          read() {
            this.destroy(new Error('no disk'))
          },
        }),
    })
    for (const size of [10, 10_000_000]) await expect(summarise(1, broken(size))).rejects.toThrow('no disk')
  })
})
