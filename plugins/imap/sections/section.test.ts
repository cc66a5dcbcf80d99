import { describe, expect, it } from 'vitest'
import { Arguments } from '../engine/arguments.ts'
import { isOfPart, messageHeader, messageText, type Section, sectionText, wholeMessage } from './section.ts'
import { readBinarySection, readPartial, readSection, readSectionSpecification } from './section-reader.ts'

function read<Value>(text: string, reader: (args: Arguments) => Value): Value {
  const args = new Arguments([text], { utf8: false })
  const value = reader(args)
  args.end()
  return value
}

const none: readonly string[] = []

describe('readSection and sectionText', () => {
  it.each<[string, Section]>([
    ['[]', { part: [], text: undefined, fields: none }],
    ['[HEADER]', { part: [], text: 'HEADER', fields: none }],
    ['[TEXT]', { part: [], text: 'TEXT', fields: none }],
    ['[1]', { part: [1], text: undefined, fields: none }],
    ['[10.2.4294967295]', { part: [10, 2, 4_294_967_295], text: undefined, fields: none }],
    ['[1.MIME]', { part: [1], text: 'MIME', fields: none }],
    ['[3.2.HEADER]', { part: [3, 2], text: 'HEADER', fields: none }],
    ['[HEADER.FIELDS (From)]', { part: [], text: 'HEADER.FIELDS', fields: ['From'] }],
    [
      '[2.HEADER.FIELDS.NOT (from TO "x y")]',
      { part: [2], text: 'HEADER.FIELDS.NOT', fields: ['from', 'TO', 'x y'] },
    ],
  ])('%s', (text, section) => {
    expect(read(text, readSection)).toEqual(section)
    expect(sectionText(section)).toBe(text)
    if (text !== '[]') expect(read(text.slice(1, -1), readSectionSpecification)).toEqual(section)
    expect(isOfPart(section)).toBe(section.part.length > 0)
  })

  it('are canonical', () => {
    const text = (written: string) => sectionText(read(written, readSection))
    expect(text('[header.fields ("From" to)]')).toBe('[HEADER.FIELDS (From to)]')
    expect(text('[1.mime]')).toBe('[1.MIME]')
    expect([wholeMessage, messageHeader, messageText].map((section) => sectionText(section))).toEqual([
      '[]',
      '[HEADER]',
      '[TEXT]',
    ])
  })

  it('take names of fields as literals', () => {
    const octets = Buffer.from('X-\xfc', 'latin1')
    const literal = { content: { size: 3 }, octets, binary: false }
    const args = new Arguments(['[HEADER.FIELDS (From ', literal as never, ')]'], { utf8: false })
    expect(sectionText(readSection(args))).toBe('[HEADER.FIELDS (From {3}\r\nX-\xfc)]')
  })

  it.each([
    '',
    '[',
    '1]',
    '[0]',
    '[01]',
    '[1.0]',
    '[1',
    '[1.]',
    '[.1]',
    '[1..2]',
    '[1 ]',
    '[-1]',
    '[4294967296]',
    '[MIME]',
    '[1.TEXT.1]',
    '[HEADERS]',
    '[HEADER.FIELDS]',
    '[HEADER.FIELDS ()]',
    '[HEADER.FIELDS(From)]',
    '[HEADER.FIELDS (From]',
    '[HEADER.FIELDS From]',
    '[HEADER (From)]',
    '[HEADER.FIELDS.NO (From)]',
    '[TEXT]]',
  ])('refuse %j', (text) => {
    expect(() => read(text, readSection)).toThrow()
  })
})

describe('readBinarySection', () => {
  it('takes part numbers alone', () => {
    expect(read('[]', readBinarySection)).toEqual(wholeMessage)
    expect(read('[1.2]', readBinarySection).part).toEqual([1, 2])
    for (const text of ['[0]', '[1.]', '[HEADER]', '[1.MIME]', '[1', ''])
      expect(() => read(text, readBinarySection)).toThrow()
  })
})

describe('readPartial', () => {
  it('takes what stands between the brackets', () => {
    expect(read('<0.1>', readPartial)).toEqual({ start: 0, length: 1 })
    expect(read('<9007199254740991.9007199254740991>', readPartial)).toEqual({
      start: 9_007_199_254_740_991,
      length: 9_007_199_254_740_991,
    })
    expect(read('', readPartial)).toBeUndefined()
    expect(sectionText(messageText, { start: 20, length: 5 })).toBe('[TEXT]<20>')
  })

  // RFC 9051 §9: the length is an nz-number64.
  it.each(['<', '<1', '<1>', '<.1>', '<1.>', '<0.0>', '<1.01>', '<-1.2>', '<1.2', '<1,2>'])(
    'refuses %s',
    (text) => {
      expect(() => read(text, readPartial)).toThrow()
    },
  )
})
