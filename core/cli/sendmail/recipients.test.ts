import { describe, expect, test } from 'vitest'
import {
  checkedRecipients,
  readHeaderFirst,
  recipientsOfHeader,
  recipientsOfList,
  senderOf,
} from './recipients.ts'

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const octets = Buffer.from(text)
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size)
}

/** The recipients of a header that comes in pieces. */
async function inHeader(text: string, size = 7): Promise<readonly string[]> {
  return recipientsOfHeader(await readHeaderFirst(pieces(text, size)))
}

describe('recipients in lists', () => {
  test.each([
    ['a@b.c', ['a@b.c']],
    ['a@b.c, root,, Jo <jo@X.example> ,<d@e.f>', ['a@b.c', 'root', 'jo@x.example', 'd@e.f']],
    ['"q u"@w.v, "q u"', ['"q u"@w.v', '"q u"']],
    ['grp: x@y.z, u;', ['x@y.z', 'u']],
    ['jö@bücher.example', ['jö@xn--bcher-kva.example']],
    ['broken@@x', ['broken@@x']],
    ['(comment) jo (more)', ['jo']],
    ['', []],
    ['undisclosed-recipients:;', []],
    ['a@b.c d@e.f', ['a@b.c', 'd@e.f']],
    ['<a@b.c> <d@e.f>\n\tg@h.i', ['a@b.c', 'd@e.f', 'g@h.i']],
    ['Jo <a@b.c> Bo Doe <d@e.f>', ['a@b.c', 'd@e.f']],
    ['jo bo a@b.c', ['jo', 'bo', 'a@b.c']],
    ['"q u" a@b.c (x) d@e.f', ['"q u"', 'a@b.c', 'd@e.f']],
    ['two words: a@b.c d@e.f; g@h.i j@k.l', ['a@b.c', 'd@e.f', 'g@h.i', 'j@k.l']],
    ['a . b @ c . d e@f.g', ['a.b@c.d', 'e@f.g']],
    ['a@@b.c d@e.f', ['a@@b.c', 'd@e.f']],
    ['a@[192.0.2.1] d@e.f', ['a@[192.0.2.1]', 'd@e.f']],
    ['a@b.c., Jo <d@e.f.>', ['a@b.c', 'd@e.f']],
    ['a@b.c..', ['a@b.c..']],
    ['a@b.c. d@e.f', ['a@b.c.d@e.f']],
    ['\\jo, \\anna@b.c "q\\\\\\"u"@w.v', ['jo', 'anna@b.c', '"q\\\\\\"u"@w.v']],
    ['<>, jo, Jo <>', ['jo']],
    ['a..b@c.d, .a@c.d, a.@c.d', ['"a..b"@c.d', '".a"@c.d', '"a."@c.d']],
  ])('%j', (text, expected) => expect(recipientsOfList(text)).toEqual(expected))

  test('more than a message can have', () => {
    for (const list of ['a,', 'a '])
      expect(() => recipientsOfList(list.repeat(200_001))).toThrowError(
        expect.objectContaining({ exitCode: 65 }),
      )
  })
})

describe('recipients in headers', () => {
  test.each([
    [
      'To: a@b.c,\n d@e.f\nCC: root\nbcc: hid@x.y\nSubject: To: z@z.z\n\nTo: body@x.y\n',
      ['a@b.c', 'd@e.f', 'root', 'hid@x.y'],
    ],
    ['To: a@b.c\nTo: d@e.f\n', ['a@b.c', 'd@e.f']],
    ['To: a@b.c\nResent-To: r@s.t\nResent-Bcc: b@s.t\n\n', ['r@s.t', 'b@s.t']],
    ['To: a@b.c\nResent-From: r@s.t\n\n', ['a@b.c']],
    ['To: a@b.c\nResent-Cc: r@s.t\n\n', ['r@s.t']],
    ['To: a@b.c\nResent-To:\n\n', ['a@b.c']],
    ['To: a@b.c\nResent-To: undisclosed:;\nResent-Cc: <>\n\n', ['a@b.c']],
    ['To: a@b.c\nResent-To:\nResent-Bcc: r@s.t\n\n', ['r@s.t']],
    ['To: a@b.c\nhello\nCc: d@e.f\n', ['a@b.c']],
    ['Subject: x\n\nTo: a@b.c\n', []],
    ['', []],
  ])('%j', async (text, expected) => {
    for (const size of [1, 7, 1_000]) expect(await inHeader(text, size)).toEqual(expected)
  })

  test('in a header of many fields', async () => {
    expect(await inHeader(`${'X: y\n'.repeat(5_000)}Bcc: a@b.c\n`, 10_000)).toEqual(['a@b.c'])
  })

  test('a header without an end', async () => {
    await expect(inHeader('X: y\n'.repeat(300_000), 65_536)).rejects.toMatchObject({ exitCode: 65 })
  })
})

test('recipients are needed, and one of them has to be an address', () => {
  expect(checkedRecipients(['a', 'a', 'b@@c'], '')).toEqual(['a', 'b@@c'])
  expect(() => checkedRecipients([], 'here')).toThrowError(expect.objectContaining({ exitCode: 67 }))
  expect(() => checkedRecipients(['b@@c'], '')).toThrowError(expect.objectContaining({ exitCode: 65 }))
})

describe('senders', () => {
  test.each([
    ['', ''],
    ['<>', ''],
    ['jo', 'jo'],
    ['<jo@x.example>', 'jo@x.example'],
    ['Jo <jo@x.example>', 'jo@x.example'],
    ['jo@x.example.', 'jo@x.example'],
  ])('%j', (text, expected) => expect(senderOf(text)).toBe(expected))

  test.each(['a b@@', 'a@b.c, d@e.f', 'x@@y', ' '])('%j is none', (text) => {
    expect(() => senderOf(text)).toThrowError(expect.objectContaining({ exitCode: 65 }))
  })
})
