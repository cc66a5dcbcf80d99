import { describe, expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import { parseProxyHeader } from './proxy-header.ts'

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

function line(text: string) {
  return parseProxyHeader(Buffer.from(text, 'latin1'))
}

/** A header of version 2. */
function binary(command: number, family: number, rest: Buffer, length = rest.length): Buffer {
  const fixed = Buffer.from([command, family, length >> 8, length & 0xff])
  return Buffer.concat([signature, fixed, rest])
}

const tcp4 = Buffer.from([192, 0, 2, 7, 198, 51, 100, 1, 0x1f, 0x90, 0, 25])
const ends4 = { remote: { address: '192.0.2.7', port: 8080 }, local: { address: '198.51.100.1', port: 25 } }

function extension(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])
}

/** With its right checksum, or one that is wrong by a bit. */
function checked(isRight: boolean): Buffer {
  const header = binary(
    0x21,
    0x11,
    Buffer.concat([tcp4, extension(0x04, Buffer.alloc(3)), extension(0x03, Buffer.alloc(4))]),
  )
  header.writeUInt32BE((crc32c(header) ^ (isRight ? 0 : 1)) >>> 0, header.length - 4)
  return header
}

describe('version 1', () => {
  test.each([
    ['TCP4 192.0.2.7 198.51.100.1 8080 25', ends4],
    [
      'TCP6 2001:DB8:0:0:0:0:0:1 ::1 0 65535',
      { remote: { address: '2001:db8::1', port: 0 }, local: { address: '::1', port: 65_535 } },
    ],
    [
      'TCP6 ::ffff:192.0.2.7 ::ffff:c633:6401 8080 25',
      { remote: { address: '192.0.2.7', port: 8080 }, local: { address: '198.51.100.1', port: 25 } },
    ],
    ['UNKNOWN', undefined],
    ['UNKNOWN whatever \xff it says', undefined],
  ])('PROXY %s', (text, ends) => {
    const whole = `PROXY ${text}\r\n`
    expect(line(`${whole}EHLO early\r\n`)).toEqual({ kind: 'header', length: whole.length, ends })
  })

  test.each([
    'TCP4 192.0.2.7 198.51.100.1 8080',
    'TCP4 192.0.2.7 198.51.100.1 8080 25 26',
    'TCP4  192.0.2.7 198.51.100.1 8080 25',
    'TCP4 192.0.2.07 198.51.100.1 8080 25',
    'TCP4 2001:db8::1 ::1 8080 25',
    'TCP6 192.0.2.7 198.51.100.1 8080 25',
    'TCP6 fe80::1%eth0 ::1 8080 25',
    'TCP4 192.0.2.7 198.51.100.1 08080 25',
    'TCP4 192.0.2.7 198.51.100.1 8080 65536',
    'TCP4 192.0.2.7 198.51.100.1 -1 25',
    'TCP4 192.0.2.7 198.51.100.1 8080 25 ',
    'UDP4 192.0.2.7 198.51.100.1 8080 25',
    'UNKNOWNS',
    'tcp4 192.0.2.7 198.51.100.1 8080 25',
    '',
  ])('PROXY %j is refused', (text) => {
    expect(line(`PROXY ${text}\r\n`)).toMatchObject({ kind: 'fault' })
  })

  test('ends with CR LF, and before the 108th octet', () => {
    expect(line('PROXY TCP4 192.0.2.7 198.51.100.1 8080 25\n').kind).toBe('more')
    expect(line('PROXY TCP4 192.0.2.7 198.51.100.1 8080 25\nEHLO x\r\n').kind).toBe('fault')
    const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`
    expect(line(longest)).toMatchObject({ kind: 'header', length: 107 })
    expect(line(longest.slice(0, 106)).kind).toBe('more')
    expect(line(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)).toMatchObject({ kind: 'fault' })
  })
})

describe('version 2', () => {
  const tcp6 = Buffer.alloc(36)
  tcp6.set([0x20, 0x01, 0x0d, 0xb8], 0)
  tcp6[15] = 1
  tcp6[31] = 1
  tcp6.writeUInt16BE(8080, 32)

  test.each([
    ['TCP over IPv4', binary(0x21, 0x11, tcp4), ends4],
    [
      'TCP over IPv6',
      binary(0x21, 0x21, tcp6),
      { remote: { address: '2001:db8::1', port: 8080 }, local: { address: '::1', port: 0 } },
    ],
    ['with extensions', binary(0x21, 0x11, Buffer.concat([tcp4, extension(0x20, Buffer.alloc(300))])), ends4],
    ['with a checksum', checked(true), ends4],
    ['LOCAL', binary(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['LOCAL, whatever else it says', binary(0x20, 0xff, Buffer.from('anything')), undefined],
    ['unspecified', binary(0x21, 0x00, Buffer.alloc(0)), undefined],
    ['UDP', binary(0x21, 0x12, tcp4), undefined],
    ['a Unix socket', binary(0x21, 0x31, Buffer.alloc(216)), undefined],
  ])('%s', (_, header, ends) => {
    const all = Buffer.concat([header, Buffer.from('EHLO early\r\n')])
    expect(parseProxyHeader(all)).toEqual({ kind: 'header', length: header.length, ends })
  })

  test.each([
    ['version 1 in binary', binary(0x11, 0x11, tcp4)],
    ['an unknown command', binary(0x22, 0x11, tcp4)],
    ['an unknown family', binary(0x21, 0x41, tcp4)],
    ['addresses that are cut off', binary(0x21, 0x11, tcp4.subarray(1))],
    ['an extension that is cut off', binary(0x21, 0x11, Buffer.concat([tcp4, Buffer.from([4, 0, 9, 0])]))],
    ['half an extension', binary(0x21, 0x11, Buffer.concat([tcp4, Buffer.from([4, 0])]))],
    ['a wrong checksum', checked(false)],
    ['a checksum of another size', binary(0x21, 0x11, Buffer.concat([tcp4, extension(3, Buffer.alloc(3))]))],
    ['more than 4096 octets', binary(0x21, 0x11, Buffer.alloc(0), 4081)],
  ])('%s is refused', (_, header) => {
    expect(parseProxyHeader(header)).toMatchObject({ kind: 'fault' })
  })
})

test.each(['', 'EHLO x\r\n', 'PROXX', '\r\n\r\n\0\r\nQUIX', '\x16\x03\x01'])(
  '%j is as early as it can be',
  (text) => {
    expect(line(text).kind).toBe(text === '' ? 'more' : 'fault')
  },
)

test('however little of a header has come, more is asked for, and never more than there is', () => {
  const headers = [
    Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.1 8080 25\r\n'),
    binary(0x21, 0x11, tcp4),
    checked(true),
  ]
  for (const header of headers) {
    for (let length = 0; length < header.length; length++) {
      const parsed = parseProxyHeader(header.subarray(0, length))
      expect(parsed.kind).toBe('more')
      if (parsed.kind !== 'more') continue
      expect(parsed.atLeast).toBeGreaterThan(length)
      expect(parsed.atLeast).toBeLessThanOrEqual(header.length)
    }
  }
})
