import { describe, expect, test } from 'vitest'
import { formatPacket, type Packet, PacketParts, PacketReader } from './packet.ts'

describe('formatPacket', () => {
  test('has length, code, texts with NUL, and octets as they are', () => {
    expect(formatPacket('M', '<a@b>', Buffer.from([1, 0])).toString('latin1')).toBe(
      '\0\0\0\x09M<a@b>\0\x01\0',
    )
    expect(formatPacket('N')).toEqual(Buffer.from([0, 0, 0, 1, 78]))
  })

  test('a NUL in a text does not end it', () => {
    expect(formatPacket('H', 'a\0b').toString('latin1')).toBe('\0\0\0\x05Ha b\0')
  })
})

function read(reader: PacketReader): readonly string[] {
  const found: string[] = []
  for (let packet = reader.next(); packet !== undefined; packet = reader.next())
    found.push(packet.code + packet.data.toString('latin1'))
  return found
}

describe('PacketReader', () => {
  const octets = Buffer.concat([
    formatPacket('h', 'X', 'y'),
    formatPacket('c'),
    formatPacket('b', Buffer.alloc(70, 97)),
  ])
  const all = ['hX\0y\0', 'c', `b${'a'.repeat(70)}`]

  test.each([1, 2, 3, 5, 7, 64, 1_000])('finds the same packets in pieces of %i octets', (size) => {
    const reader = new PacketReader({ longest: 100, longestBody: 100 })
    const found: string[] = []
    for (let at = 0; at < octets.length; at += size) {
      reader.push(octets.subarray(at, at + size))
      found.push(...read(reader))
    }
    expect(found).toEqual(all)
  })

  test('a megabyte in pieces of one octet is read in linear time', () => {
    const reader = new PacketReader({ longest: 2_000_000, longestBody: 0 })
    const large = formatPacket('b', Buffer.alloc(1_000_000))
    const found: Packet[] = []
    for (let at = 0; at < large.length; at += 1) {
      reader.push(large.subarray(at, at + 1))
      const packet = reader.next()
      if (packet !== undefined) found.push(packet)
    }
    expect(found.map(({ data }) => data.length)).toEqual([1_000_000])
  })

  test.each([1, 7, 1_000])('a long body comes as several, from pieces of %i octets', (size) => {
    const reader = new PacketReader({ longest: 101, longestBody: 250 })
    const all = Buffer.concat([
      formatPacket('b', Buffer.alloc(250, 97)),
      formatPacket('b'),
      formatPacket('c'),
    ])
    const found: string[] = []
    for (let at = 0; at < all.length; at += size) {
      reader.push(all.subarray(at, at + size))
      found.push(...read(reader))
    }
    expect(found.map((text) => `${text[0]}${text.length}`)).toEqual(['b101', 'b101', 'b51', 'b1', 'c1'])
  })

  test.each([
    ['b', 252],
    ['h', 102],
  ])('a packet %s of %i octets is a fault before it has come', (code, length) => {
    const reader = new PacketReader({ longest: 101, longestBody: 250 })
    reader.push(formatPacket(code, Buffer.alloc(length - 1)).subarray(0, 5))
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'MAIL_E_UNAVAILABLE' }))
  })

  test.each([0, 102, 0xffff_ffff])('a length of %i is a fault', (length) => {
    const reader = new PacketReader({ longest: 100, longestBody: 100 })
    const head = Buffer.alloc(4)
    head.writeUInt32BE(length)
    reader.push(head)
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: 'MAIL_E_UNAVAILABLE' }))
  })
})

describe('PacketParts', () => {
  const parts = (...octets: readonly (string | Buffer)[]) =>
    new PacketParts({ code: 'x', data: formatPacket('x', ...octets).subarray(5) })

  test('reads numbers and texts', () => {
    const all = parts(Buffer.from([0, 0, 1, 0]), 'grüße', Buffer.from([0xfc, 0]))
    expect([all.number(), all.text(), all.text()]).toEqual([256, 'grüße', 'ü'])
    expect(all.isEmpty).toBe(true)
    all.end()
  })

  test.each<[string, (all: PacketParts) => unknown]>([
    ['no number', (all) => all.number()],
    ['no text', (all) => all.text()],
    ['something left', (all) => all.end()],
  ])('%s', (_, take) => {
    expect(() => take(parts(Buffer.from('abc')))).toThrow(
      expect.objectContaining({ code: 'MAIL_E_UNAVAILABLE' }),
    )
  })
})
