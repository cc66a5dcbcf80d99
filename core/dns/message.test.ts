import { type Answer, encode, type Packet } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { encodeQuestion, type Question, readResponse } from './message.ts'

const question: Question = { id: 4711, name: 'mx.example', type: 'A' }
const address: Answer = { type: 'A', name: 'mx.example', ttl: 60, class: 'IN', data: '192.0.2.1' }
const authenticated = 1 << 5
const truncated = 1 << 9

function response(packet: Packet = {}): Buffer {
  return encode({
    id: question.id,
    type: 'response',
    questions: [{ name: 'mx.example', type: 'A' }],
    answers: [address],
    ...packet,
  })
}

/** The same with some octets put over it. */
function altered(packet: Buffer, ...changes: readonly [at: number, ...octets: number[]][]): Buffer {
  const copy = Buffer.from(packet)
  for (const [at, ...octets] of changes) Buffer.from(octets).copy(copy, at)
  return copy
}

test('a question asks for recursion, for AD, and with EDNS for DNSSEC in small datagrams', () => {
  const packet = encodeQuestion(question, true)
  expect(packet.readUInt16BE(0)).toBe(4711)
  expect(packet.readUInt16BE(2)).toBe(0x0120)
  // The OPT record: root, type 41, 1232 octets, no status, version 0, DO, no options (RFC 6891 §6.1.2).
  expect(packet.subarray(-11).toString('hex')).toBe('00002904d0000080000000')
  const plain = encodeQuestion(question, false)
  expect(plain.readUInt16BE(2)).toBe(0x0120)
  expect(packet.length - plain.length).toBe(11)
})

describe('a response', () => {
  test('is what was asked for, with all that it says', () => {
    const packet = response({ flags: authenticated })
    expect(readResponse(packet, question)).toEqual({
      truncated: false,
      status: 'NOERROR',
      authenticated: true,
      records: [expect.objectContaining({ type: 'A', ttl: 60, data: '192.0.2.1' })],
      negativeTtl: undefined,
      octets: packet.length,
    })
    expect(readResponse(response(), question)).toMatchObject({ authenticated: false })
  })

  test('may spell the name in another case', () => {
    expect(
      readResponse(response({ questions: [{ name: 'MX.Example', type: 'A' }] }), question),
    ).toMatchObject({
      status: 'NOERROR',
    })
  })

  test.each<[string, Buffer]>([
    ['with another number', response({ id: 4712 })],
    ['that is a question', response({ type: 'query' })],
    ['of another name', response({ questions: [{ name: 'mx2.example', type: 'A' }] })],
    ['of another type', response({ questions: [{ name: 'mx.example', type: 'AAAA' }] })],
    ['of another class', response({ questions: [{ name: 'mx.example', type: 'A', class: 'CH' }] })],
    ['without a question', response({ questions: [] })],
    ['to another operation', altered(response(), [2, 0x90])],
    ['of nothing', Buffer.alloc(0)],
    ['of less than a header', Buffer.alloc(11)],
  ])('%s is foreign', (_, packet) => {
    expect(readResponse(packet, question)).toBe('foreign')
  })

  test.each([
    [1, 'FORMERR'],
    [2, 'SERVFAIL'],
    [3, 'NXDOMAIN'],
    [4, 'NOTIMP'],
    [5, 'REFUSED'],
    [9, 'RCODE_9'],
  ])('tells status %i', (code, status) => {
    expect(readResponse(altered(response(), [3, code]), question)).toMatchObject({ status })
  })

  test('has the upper bits of its status in the OPT record', () => {
    const options = {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 1232,
      extendedRcode: 1,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
    } as const
    const packet = response({ additionals: [options as never] })
    expect(readResponse(packet, question)).toMatchObject({ status: 'RCODE_16' })
  })

  test('without a question may say that it could not be read', () => {
    const packet = altered(response({ questions: [], answers: [] }), [3, 1])
    expect(readResponse(packet, question)).toMatchObject({ status: 'FORMERR' })
  })

  test('that was cut says so, wherever it was cut', () => {
    const packet = response({ flags: truncated })
    for (let end = packet.length; end >= 28; end--)
      expect(readResponse(packet.subarray(0, end), question)).toMatchObject({ truncated: true, records: [] })
  })

  test('without records may say for how long', () => {
    const soa = (ttl: number, minimum: number): Answer => ({
      type: 'SOA',
      name: 'example',
      ttl,
      data: { mname: 'a.example', rname: 'b.example', minimum },
    })
    const packet = response({ answers: [], authorities: [soa(300, 900)] })
    expect(readResponse(packet, question)).toMatchObject({ negativeTtl: 300, records: [] })
    expect(readResponse(response({ answers: [], authorities: [soa(900, 60)] }), question)).toMatchObject({
      negativeTtl: 60,
    })
  })

  test('may hold records that we know nothing of, even broken ones', () => {
    const strange = { type: 'UNKNOWN_46', name: 'mx.example', ttl: 1, data: Buffer.from('ff', 'hex') }
    const packet = response({ answers: [strange as never, address], authorities: [strange as never] })
    expect(readResponse(packet, question)).toMatchObject({
      status: 'NOERROR',
      records: [expect.anything(), expect.objectContaining({ data: '192.0.2.1' })],
    })
  })

  test('holds nothing of other classes', () => {
    const packet = response({ answers: [{ ...address, class: 'CH' } as Answer] })
    expect(readResponse(packet, question)).toMatchObject({ records: [] })
  })
})

describe('malformed is', () => {
  const whole = response()
  // The record starts behind header and question, with a name that is spelt out.
  const record = 12 + 12 + 4

  test('what ends too early', () => {
    for (let end = 12; end < whole.length; end++)
      expect(readResponse(whole.subarray(0, end), question), `${end}`).toBe('malformed')
  })

  test.each<[string, Buffer]>([
    ['what goes on behind its records', Buffer.concat([whole, Buffer.alloc(1)])],
    ['a name that points to itself', altered(whole, [record, 0xc0, record])],
    ['a name that points forward', altered(whole, [record, 0xc0, record + 12])],
    ['a name that points outside', altered(whole, [record, 0xff, 0xff])],
    ['a label of a kind that is not', altered(whole, [record, 0x40])],
    ['an address of 3 octets', altered(whole.subarray(0, -1), [whole.length - 5, 3])],
    ['an address of 16 octets', altered(whole, [whole.length - 5, 16])],
    ['two questions', altered(whole, [4, 0, 2])],
    ['more records than there are', altered(whole, [6, 0, 9])],
    ['more records than anybody has', altered(whole, [6, 0xff, 0xff])],
  ])('%s', (_, packet) => {
    expect(readResponse(packet, question)).toBe('malformed')
  })

  test('a TXT record whose text leaves it', () => {
    const text: Question = { id: 1, name: 'a.example', type: 'TXT' }
    const packet = encode({
      id: 1,
      type: 'response',
      questions: [{ name: 'a.example', type: 'TXT' }],
      answers: [{ type: 'TXT', name: 'a.example', data: ['abc'] }],
    })
    expect(readResponse(altered(packet, [packet.length - 4, 200]), text)).toBe('malformed')
  })

  test('a loop of names in a huge message, and it takes no time', () => {
    // Pointers that lead back by two octets each, as often as fit; and records whose names begin at their end.
    const pointers = Buffer.alloc(40_000)
    const start = 12 + 12 + 4 + 12
    for (let at = 0; at < pointers.length; at += 2)
      pointers.writeUInt16BE(0xc000 | Math.min(0x3fff, Math.max(12, start + at - 2)), at)
    const packet = Buffer.concat([
      response({ answers: [] }),
      Buffer.alloc(1),
      Buffer.from('ff00000100000001', 'hex'),
    ])
    const length = Buffer.alloc(2)
    length.writeUInt16BE(pointers.length)
    const name = Buffer.from('ffff000100010000000100047f000001', 'hex')
    const names = Buffer.concat(Array.from({ length: 500 }, () => name))
    const huge = altered(Buffer.concat([packet, length, pointers, names]), [6, 1, 0xf5])
    expect(readResponse(huge, question)).toBe('malformed')
  })
})

test('octets at random never throw and never answer', () => {
  let seed = 1
  const random = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % below
  }
  const kinds = new Set<string>()
  const mx: Answer = { type: 'MX', name: 'mx.example', data: { preference: 1, exchange: 'a.mx.example' } }
  const tlsa: Answer = {
    type: 'TLSA',
    name: 'mx.example',
    data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) },
  }
  const soa: Answer = { type: 'SOA', name: 'example', data: { mname: 'a', rname: 'b' } }
  const packets = [
    response({ answers: [mx, tlsa] }),
    response({ answers: [], authorities: [soa] }),
    response({ answers: [{ type: 'TXT', name: 'mx.example', data: ['one', 'two'] }, address] }),
  ]
  for (let round = 0; round < 20_000; round++) {
    const copy = Buffer.from(packets[round % packets.length] ?? [])
    for (let change = random(4); change >= 0; change--) copy[2 + random(copy.length - 2)] = random(256)
    const read = readResponse(copy.subarray(0, copy.length - (random(8) === 0 ? random(20) : 0)), question)
    kinds.add(typeof read === 'string' ? read : 'response')
  }
  expect([...kinds].sort()).toEqual(['foreign', 'malformed', 'response'])
})
