import { expect, it } from 'vitest'
import { FieldFilter } from './field-filter.ts'

const header = [
  'From someone',
  'Subject: one',
  ' two',
  '\t',
  'X-A:',
  'x-a \t: \xfc',
  ': no name',
  `X-Long: ${'x'.repeat(3_000)}`,
  `${'n'.repeat(3_000)}: x`,
  `X-A: ${'y'.repeat(2_000)}`,
  ' z',
  '',
  '',
].join('\r\n')

function filter(names: readonly string[], keepsOthers: boolean, octets: string, size: number): string {
  const made = new FieldFilter(names, keepsOthers)
  let kept = ''
  for (let at = 0; at < octets.length; at += size)
    kept += made.push(Buffer.from(octets.slice(at, at + size), 'latin1')).toString('latin1')
  return kept + made.end().toString('latin1')
}

it.each([1, 2, 3, 7, 100, 4_096, 100_000])('keeps fields, however the octets are cut: %i', (size) => {
  const named = `X-A:\r\nx-a \t: \xfc\r\nX-A: ${'y'.repeat(2_000)}\r\n z\r\n\r\n`
  expect(filter(['x-A', 'Date'], false, header, size)).toBe(named)
  const others = filter(['x-A', 'Subject', 'X-Long'], true, header, size)
  expect(others).toBe(`From someone\r\n: no name\r\n${'n'.repeat(3_000)}: x\r\n\r\n`)
  expect(filter([], true, header, size)).toBe(header)
  expect(filter([''], false, header, size)).toBe('\r\n')
})

it.each(['', 'Subject: x', 'Subject: x\r', 'Subject: x\r\n', '\r\n', '\n', 'Subject', ' x', '\tx\r\n\r\n'])(
  'takes %j',
  (octets) => {
    for (const size of [1, 100]) {
      expect(filter([], true, octets, size)).toBe(octets)
      const isField = octets.startsWith('Subject:')
      const isEnd = octets === '\r\n' || octets === '\n'
      const end = octets.endsWith('\r\n\r\n') ? '\r\n' : ''
      expect(filter(['subject'], false, octets, size)).toBe(isField || isEnd ? octets : end)
    }
  },
)
