import { expect, it } from 'vitest'
import { parseMaildirUidHeader, parseUid } from './uid-header.ts'

const header = (text: string) => parseMaildirUidHeader(Buffer.from(text, 'latin1'))

it('reads both forms', () => {
  expect(header('1 795903182 5\n')).toEqual({ version: 1, uidValidity: 795_903_182, uidNext: 5 })
  expect(header('3 V1795903183 N5 G11761936cf4e0b6b105a000083ecc375\n2 :a\n')).toEqual({
    version: 3,
    uidValidity: 1_795_903_183,
    uidNext: 5,
  })
  expect(header('3 N5 Xother V7\n')).toEqual({ version: 3, uidValidity: 7, uidNext: 5 })
})

it.each([
  '',
  '\n',
  '1\n',
  '1 7\n',
  '1 7 5',
  '1 0 5\n',
  '1 7 0\n',
  '1 -7 5\n',
  '1 7 5x\n',
  '1 4294967296 5\n',
  '1 7 4294967296\n',
  '1 18446744072709551615 5\n',
  '2 7 5\n',
  '3 7 5\n',
  '3 V7\n',
  '3 N5\n',
  '3 V N5\n',
  '3 V0 N5\n',
  '3 V7 Nx\n',
  '4 V7 N5\n',
  ` 1 7 5\n`,
  `3 V7 N5 X${'x'.repeat(1000)}\n`,
  '\0\0\0\0\0\0\0\n',
])('takes %j for no header', (text) => {
  expect(header(text)).toBeUndefined()
})

it('knows the range of UIDs', () => {
  expect(parseUid('1')).toBe(1)
  expect(parseUid('4294967295')).toBe(4_294_967_295)
  for (const digits of [undefined, '', '0', '4294967296', '-1', '1.5', '0x10', '00000000001', ' 1'])
    expect(parseUid(digits), digits).toBeUndefined()
})
