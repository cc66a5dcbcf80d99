import { describe, expect, test } from 'vitest'
import { parseAddressList } from './address-list.ts'
import { addressSpans } from './address-spans.ts'

describe('addressSpans', () => {
  test.each([
    ['jo@here.example', ['jo@here.example']],
    ['Jo Doe <jo@here.example>, anna@here.example (Anna, <x@y>)', ['jo@here.example', 'anna@here.example']],
    ['"a, <b@c>" <jo@here.example>', ['jo@here.example']],
    ['=?utf-8?q?J=C3=B6?=\r\n <jo@here.example>', ['jo@here.example']],
    [
      'team: jo@here.example, anna@here.example;, bob@here.example',
      ['jo@here.example', 'anna@here.example', 'bob@here.example'],
    ],
    ['undisclosed-recipients:;', []],
    ['"jo doe"@here.example', ['"jo doe"@here.example']],
    ['a."b c".d@here.example', ['a."b c".d@here.example']],
    ['jo@[192.0.2.1]', ['jo@[192.0.2.1]']],
    ['jo, <anna>, "b b"', ['jo', 'anna', '"b b"']],
    ['(x\\)@y) jo@here.example (nested (one))', ['jo@here.example']],
    // What is not plainly one address is left alone.
    ['jo @ here.example', []],
    ['jo(x)@here.example', []],
    ['Jo Doe', []],
    ['<@relay.example:jo@here.example>', []],
    ['<jo@here.example> <anna@here.example>', []],
    ['<jo@here.example> x, anna@here.example', ['anna@here.example']],
    ['<jo@here.example', []],
    ['jo@here@there.example', []],
    ['jo@, @here.example, <>', []],
    ['"jo@here.example', ['"jo@here.example']],
    ['', []],
  ])('%j', (text, expected) => {
    expect(addressSpans(text).map(({ start, end }) => text.slice(start, end))).toEqual(expected)
  })

  test('finds what the model finds', () => {
    const text = 'a@b.example, "x y"@[192.0.2.1] , Team: C <c."d e"@f.example>;, jo+x@g.example (G)'
    const theirs = parseAddressList(text).mailboxes.map(({ localPart, domain }) => ({ localPart, domain }))
    expect(addressSpans(text).map(({ localPart, domain }) => ({ localPart, domain }))).toEqual(theirs)
  })

  test.each(['(', '"', '<', 'a,', '"\\', '((\\', '@', 'a@[', '<a,', ': ', ';:'])(
    'a flood of %j costs linear time',
    (piece) => {
      const late = `${'a '.repeat(200_000)}@`
      expect(addressSpans(late + piece.repeat(200_000)).length).toBeLessThanOrEqual(1_000)
      expect(addressSpans(piece.repeat(200_000)).length).toBeLessThanOrEqual(1_000)
    },
  )
})
