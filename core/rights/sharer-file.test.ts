import { expect, test } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import { formatSharers, parseSharers } from './sharer-file.ts'

const sharers = { identifier: 'b ob@x', owners: new Set(['ann', 'änn', 'a b%', '__proto__']) }
const text = formatSharers(sharers).toString('latin1')

function parsed(octets: string) {
  return parseSharers(Buffer.from(octets, 'latin1'))
}

test('owners come back as they were', () => {
  expect(text).toBe('mailwright-sharers 1\nto b%20ob@x\nann\n%C3%A4nn\na%20b%25\n__proto__\nend 4\n')
  expect(parsed(text)).toEqual(sharers)
  const none = { identifier: 'anyone', owners: new Set<string>() }
  expect(parseSharers(formatSharers(none))).toEqual(none)
})

test('a file that is cut off or lacks a line is damaged', () => {
  for (let length = 0; length < text.length; length++)
    expect(parsed(text.slice(0, length)), `${length}`).toBeUndefined()
  const lines = text.split('\n')
  for (const index of lines.keys()) expect(parsed(lines.toSpliced(index, 1).join('\n'))).toBeUndefined()
})

test.each([
  '',
  'x',
  'mailwright-sharers 0\nto x\nend 0\n',
  'mailwright-sharers 1\nto \nend 0\n',
  'mailwright-sharers 1\nend 0\n',
  'mailwright-sharers 1\nto x\n\nend 1\n',
  'mailwright-sharers 1\nto x\na b\nend 1\n',
  'mailwright-sharers 1\nto x\na%4\nend 1\n',
  'mailwright-sharers 1\nto x\nann\nend 1\nx\n',
  'mailwright-sharers 1\nto x\nann\nend 1\nx',
])('%j is damaged', (octets) => {
  expect(parsed(octets)).toBeUndefined()
})

test('a file of a later version must be left alone', async () => {
  await expectCode((async () => parsed('mailwright-sharers 2\nwhatever\n'))(), 'MAIL_E_UNAVAILABLE')
})

test('a hundred thousand owners are read', () => {
  const owners = new Set(Array.from({ length: 100_000 }, (_, index) => `owner-${index}`))
  expect(parseSharers(formatSharers({ identifier: 'anyone', owners }))?.owners.size).toBe(100_000)
})
