import { expect, it } from 'vitest'
import { CrlfMeter, LfWriter, toCrlf } from './line-ends.ts'

const samples: readonly (readonly [string, string, string])[] = [
  ['', '', ''],
  ['a\nb\n', 'a\r\nb\r\n', 'a\nb\n'],
  ['a\r\nb\r\n', 'a\r\nb\r\n', 'a\nb\n'],
  ['a\r\n\nb\r\r\n\rc', 'a\r\n\r\nb\r\r\n\rc', 'a\n\nb\r\n\rc'],
  ['\n', '\r\n', '\n'],
  ['\r', '\r', '\r'],
  ['a\n\r', 'a\r\n\r', 'a\n\r'],
]

/** All ways to cut a text into two. */
function cuts(text: string): readonly (readonly [Buffer, Buffer])[] {
  return Array.from({ length: text.length + 1 }, (_, at) => [
    Buffer.from(text.slice(0, at)),
    Buffer.from(text.slice(at)),
  ])
}

it.each(samples)('turns %j into CRLF and LF wherever it is cut', (text, crlf, lf) => {
  for (const [first, second] of cuts(text)) {
    const converted = Buffer.concat([toCrlf(first, false), toCrlf(second, first.at(-1) === 13)])
    expect(converted.toString()).toBe(crlf)
    const meter = new CrlfMeter()
    for (const chunk of [first, Buffer.alloc(0), second]) meter.add(chunk)
    expect([meter.octets, meter.crlfOctets]).toEqual([text.length, crlf.length])
    const writer = new LfWriter()
    expect(Buffer.concat([writer.add(first), writer.add(second), writer.end()]).toString()).toBe(lf)
  }
})

it('hands a chunk back that needs no change', () => {
  const chunk = Buffer.from('a\r\nb')
  expect(toCrlf(chunk, false)).toBe(chunk)
})
