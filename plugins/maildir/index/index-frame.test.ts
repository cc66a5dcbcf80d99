import { describe, expect, it } from 'vitest'
import { encodeFrame, frameAt, frameLabel, frameOverhead, readFrames } from './index-frame.ts'

const frame = (kind: string, text: string): Buffer => encodeFrame(kind, Buffer.from(text))
const row = (...frames: readonly Buffer[]): Buffer => Buffer.concat(frames)
const contents = (octets: Buffer): readonly string[] =>
  readFrames(octets).frames.map(({ kind, content }) => kind + content.toString())

describe('a row of frames', () => {
  it('is taken apart as it was put together, also from the middle of a file', () => {
    const octets = row(frame('S', 'snapshot'), frame('C', ''), frame('C', 'ü'))
    expect(contents(octets)).toEqual(['Ssnapshot', 'C', 'Cü'])
    expect(readFrames(octets, 100)).toMatchObject({ end: 100 + octets.length, rest: 0, damaged: false })
    expect(readFrames(octets, 100).frames.map(({ offset }) => offset)).toEqual([100, 117, 126])
  })

  it('that is empty has no frames and no damage', () => {
    expect(readFrames(Buffer.alloc(0))).toEqual({ frames: [], end: 0, rest: 0, damaged: false })
  })

  it('ends before a frame that was cut, wherever that was', () => {
    const [whole, cut] = [frame('S', 'snapshot'), frame('C', 'change')]
    for (let length = 0; length < cut.length; length++) {
      const read = readFrames(row(whole, cut.subarray(0, length)))
      expect(read).toMatchObject({ end: whole.length, rest: length, damaged: false })
      expect(read.frames).toHaveLength(1)
    }
  })

  it('ends before zeros, as a crash of the machine leaves them', () => {
    const whole = frame('S', 'snapshot')
    expect(readFrames(row(whole, Buffer.alloc(5000)))).toMatchObject({
      end: whole.length,
      rest: 5000,
      damaged: false,
    })
  })

  it('is damaged where a whole frame follows behind octets that are none', () => {
    const [first, second, third] = [frame('S', 'snapshot'), frame('C', 'two'), frame('C', 'three')]
    for (let at = 0; at < second.length; at++) {
      const broken = Buffer.from(second)
      broken[at] = (broken[at] ?? 0) ^ 1
      expect(readFrames(row(first, broken, third)), `octet ${at}`).toMatchObject({
        end: first.length,
        damaged: true,
      })
    }
    expect(readFrames(row(first, Buffer.from('x'), second)).damaged).toBe(true)
  })
})

describe('a frame', () => {
  it('is none where its length leads out of the file, or is nothing', () => {
    for (const length of [0, 2, 0x7fffffff, 0xffffffff]) {
      const octets = frame('C', '')
      octets.writeUInt32LE(length, 0)
      expect(frameAt(octets, 0)).toBeUndefined()
    }
    expect(frameAt(frame('C', ''), 1)).toBeUndefined()
    expect(frameAt(frame('C', '').subarray(0, frameOverhead - 1), 0)).toBeUndefined()
  })

  it('has a label that tells it from others', () => {
    const octets = row(frame('C', 'one'), frame('C', 'two'))
    expect(frameLabel(octets)).toBe(frameLabel(frame('C', 'one')))
    expect(frameLabel(octets, 12)).toBe(frameLabel(frame('C', 'two')))
    expect(
      new Set([frame('C', 'a'), frame('S', 'a'), frame('C', 'b')].map((each) => frameLabel(each))).size,
    ).toBe(3)
  })
})
