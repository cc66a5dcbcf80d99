import { errorCode } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { encodeFrame, FrameReader, longestNotice, missedFrame, type Notice } from './frame.ts'

/** What a reader finds in octets that come in pieces of a size. */
function read(octets: Buffer, pieceSize = octets.length): readonly Notice[] {
  const found: Notice[] = []
  const reader = new FrameReader()
  for (let at = 0; at < octets.length; at += pieceSize)
    reader.push(octets.subarray(at, at + pieceSize), (notice) => void found.push(notice))
  return found
}

function framed(text: string | Buffer, length = Buffer.byteLength(text)): Buffer {
  const start = Buffer.alloc(4)
  start.writeUInt32BE(length)
  return Buffer.concat([start, Buffer.from(text)])
}

describe('frames', () => {
  const notices: readonly Notice[] = [
    { topic: 'mailbox:a1', payload: { mailbox: 'Ä€😀', uids: [1, 2] } },
    { topic: '', payload: null },
    { missed: true },
    { topic: 'accounts', payload: {} },
  ]
  const octets = Buffer.concat(notices.map(encodeFrame))

  test.each([1, 2, 3, 4, 5, 7, 50, 1_000])('are found in pieces of %i octets', (size) => {
    expect(read(octets, size)).toEqual(notices)
  })

  test('come with their octets, to be passed on', () => {
    const frames: Buffer[] = []
    new FrameReader().push(octets, (_notice, frame) => void frames.push(frame))
    expect(Buffer.concat(frames)).toEqual(octets)
  })

  test('a payload of nothing is heard as nothing', () => {
    expect(read(encodeFrame({ topic: 'a', payload: undefined }))).toEqual([{ topic: 'a' }])
  })

  test('the longest notice passes, and one octet more does not', () => {
    const around = JSON.stringify({ topic: 'a', payload: '' }).length
    const longest = { topic: 'a', payload: 'x'.repeat(longestNotice - around) }
    expect(read(encodeFrame(longest), 1_000)).toEqual([longest])
    const longer = { topic: 'a', payload: `${longest.payload}x` }
    expect(() => encodeFrame(longer)).toThrow('a hint of 65537 octets is longer than 65536')
  })

  test.each<[string, Buffer]>([
    ['a length of nothing', Buffer.alloc(4)],
    ['a length beyond the limit', framed('', longestNotice + 1)],
    ['words of another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['what is no JSON', framed('{"topic":')],
    ['octets that are no text', framed(Buffer.from([0xff, 0xfe, 0x00]))],
    ['levels without an end', framed('['.repeat(longestNotice))],
    ['a list', framed('[1]')],
    ['nothing', framed('null')],
    ['a topic that is no text', framed('{"topic":7}')],
    ['missed, but not true', framed('{"missed":"yes"}')],
  ])('%s is refused', (_name, wrong) => {
    const refusal = () => {
      try {
        return read(wrong, 1_000)
      } catch (error) {
        return errorCode(error)
      }
    }
    expect(refusal()).toBe('MAIL_E_INVALID')
  })

  test('what came before a fault counts', () => {
    const found: Notice[] = []
    const reader = new FrameReader()
    const octets = Buffer.concat([missedFrame, framed('?'), missedFrame])
    expect(() => reader.push(octets, (notice) => void found.push(notice))).toThrow('no JSON')
    expect(found).toEqual([{ missed: true }])
  })
})
