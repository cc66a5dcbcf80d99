import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeForgotten, encodeMessage, type LoggedMessage, roomFor } from './frame.ts'

const generation = randomBytes(8)
const message = {
  path: 'example.org/änn/Maildir',
  base: '1.M2P3.host,S=6,W=6',
  octets: Buffer.from('a\r\n\0b\xff'),
}

const framed = (of: LoggedMessage): Buffer => Buffer.concat(encodeMessage(generation, of))

describe('a frame', () => {
  it('has its message, and tells where the next one begins', () => {
    const frame = framed(message)
    const octets = Buffer.concat([Buffer.from('before'), frame, frame])
    const first = decodeFrame(octets, 6, generation)
    expect(first).toEqual({ logged: { message }, end: 6 + frame.length })
    expect(decodeFrame(octets, first?.end ?? 0, generation)).toEqual({
      logged: { message },
      end: octets.length,
    })
    for (const path of [message.path, '\0"\\', '😀'.repeat(30)])
      expect(framed({ ...message, path }).length).toBeLessThanOrEqual(roomFor({ ...message, path }))
  })

  it('may be of an empty message, and of what is forgotten', () => {
    const empty = { ...message, octets: Buffer.alloc(0) }
    expect(decodeFrame(framed(empty), 0, generation)?.logged).toEqual({ message: empty })
    const forgotten = { path: 'p', bases: ['a', 'b"\\\n'] }
    expect(decodeFrame(encodeForgotten(generation, forgotten), 0, generation)?.logged).toEqual({ forgotten })
  })

  it('is none with any octet changed, cut anywhere, or of another generation', () => {
    const frame = framed(message)
    for (let at = 0; at < frame.length; at++) {
      const damaged = Buffer.from(frame)
      damaged.writeUInt8((damaged[at] ?? 0) ^ 1, at)
      expect(decodeFrame(damaged, 0, generation), `octet ${at}`).toBeUndefined()
      expect(decodeFrame(frame.subarray(0, at), 0, generation), `${at} octets`).toBeUndefined()
    }
    expect(decodeFrame(frame, 0, randomBytes(8))).toBeUndefined()
    expect(decodeFrame(Buffer.alloc(4096), 0, generation)).toBeUndefined()
  })
})
