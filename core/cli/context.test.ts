import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import { firstLine } from './context.ts'

const given = (octets: string) => Readable.from([Buffer.from(octets, 'latin1')])

test.each([
  ['secret\r\n', 'secret'],
  [' two words \nmore', ' two words '],
  ['no end', 'no end'],
  ['no end\r', 'no end\r'],
  ['gr\xc3\xbcn\n\xff', 'grün'],
  ['', ''],
])('the first line of %j', async (octets, expected) => {
  expect(await firstLine(given(octets))).toBe(expected)
})

test.each([['lat\xe9\n'], ['half \xc3'], ['x'.repeat(65_537)]])('is refused: %#', async (octets) => {
  await expectCode(firstLine(given(octets)), 'MAIL_E_INVALID')
})
