import { expect, it } from 'vitest'
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts'

// The second is the example of RFC 3501 §5.1.3.
it.each([
  ['Archive', 'Archive'],
  ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
  ['Entwürfe', 'Entw&APw-rfe'],
  ['Tom & Jerry', 'Tom &- Jerry'],
  ['&-', '&--'],
  ['\u{1f4e7}', '&2D3c5w-'],
  ['', ''],
])('writes %j as %s, and reads it', (text, encoded) => {
  expect(encodeModifiedUtf7(text)).toBe(encoded)
  expect(decodeModifiedUtf7(encoded)).toBe(text)
})

it('encodes printable characters where asked to', () => {
  expect(encodeModifiedUtf7('v1.2', '.')).toBe('v1&AC4-2')
  expect(decodeModifiedUtf7('v1&AC4-2')).toBe('v1.2')
})

it.each(['Entwürfe', '&', 'a&b', '&A-', '&AA-', '&2D0-', '&APw', 'a\tb', '&APx-', '&A!-'])(
  'refuses %j',
  (text) => {
    expect(decodeModifiedUtf7(text)).toBeUndefined()
  },
)

it('takes long names in linear time', () => {
  const name = '&ü'.repeat(50_000)
  expect(decodeModifiedUtf7(encodeModifiedUtf7(name))).toBe(name)
  expect(decodeModifiedUtf7('&'.repeat(100_000))).toBeUndefined()
  expect(decodeModifiedUtf7(`&${'A'.repeat(100_000)}`)).toBeUndefined()
})
