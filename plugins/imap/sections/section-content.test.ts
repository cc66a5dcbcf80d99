import { bufferContent, type Content, scanMessage } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { Arguments } from '../engine/arguments.ts'
import { sectionContent } from './section-content.ts'
import { readPartial, readSection } from './section-reader.ts'

/** What a section of a message is; null for NIL. Sections of the message itself are taken with its structure and without. */
async function section(message: string, written: string): Promise<string | null> {
  const octets = Buffer.from(message, 'latin1')
  const args = new Arguments([written], { utf8: false })
  const [asked, partial] = [readSection(args), readPartial(args)]
  const content = bufferContent(octets)
  const text = async (found: Content | undefined) =>
    found === undefined ? null : (await found.read(0, found.size)).toString('latin1')
  const answer = await text(await sectionContent(asked, content, scanMessage(octets).root, partial))
  if (asked.part.length === 0)
    expect(await text(await sectionContent(asked, content, undefined, partial))).toBe(answer)
  return answer
}

const plain = 'From: a@b\r\nSubject: one\r\n two\r\nX-A: 1\r\nx-a : 2\r\nX-AB: 3\r\n\r\nbody\r\n'

const mixed = [
  'Subject: outer',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  'Content-Type: text/plain',
  '',
  'first',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  'Content-Type: multipart/alternative; boundary=c',
  '',
  '--c',
  '',
  'plain',
  '--c',
  'Content-Type: text/html',
  '',
  'html',
  '--c--',
  '--b',
  'Content-Type: message/rfc822',
  'Content-ID: <3>',
  '',
  'Subject: single',
  '',
  'alone',
  '--b',
  'Content-Type: multipart/mixed; boundary=d',
  '',
  '--d--',
  '--b--',
  'epilogue',
].join('\r\n')

const inner = mixed.slice(
  mixed.indexOf('Subject: inner'),
  mixed.indexOf('\r\n--b\r\nContent-Type: message/rfc822\r\nContent-ID'),
)

describe('sectionContent', () => {
  it.each([
    ['[]', plain],
    ['[HEADER]', 'From: a@b\r\nSubject: one\r\n two\r\nX-A: 1\r\nx-a : 2\r\nX-AB: 3\r\n\r\n'],
    ['[TEXT]', 'body\r\n'],
    // RFC 9051 §6.4.5.1: every message has at least one part number.
    ['[1]', 'body\r\n'],
    ['[1.MIME]', 'From: a@b\r\nSubject: one\r\n two\r\nX-A: 1\r\nx-a : 2\r\nX-AB: 3\r\n\r\n'],
    ['[HEADER.FIELDS (x-A subject)]', 'Subject: one\r\n two\r\nX-A: 1\r\nx-a : 2\r\n\r\n'],
    ['[HEADER.FIELDS.NOT (x-A subject)]', 'From: a@b\r\nX-AB: 3\r\n\r\n'],
    ['[HEADER.FIELDS (Date)]', '\r\n'],
    [
      '[HEADER.FIELDS.NOT (Date)]',
      'From: a@b\r\nSubject: one\r\n two\r\nX-A: 1\r\nx-a : 2\r\nX-AB: 3\r\n\r\n',
    ],
    ['[1.HEADER]', null],
    ['[1.TEXT]', null],
    ['[1.HEADER.FIELDS (From)]', null],
    ['[1.1]', null],
    ['[2]', null],
    ['[2.MIME]', null],
    // RFC 9051 §6.4.5: fields are chosen first; what begins behind the end is empty, what goes beyond it is cut.
    ['[]<0.5>', 'From:'],
    ['[TEXT]<4.100>', '\r\n'],
    ['[TEXT]<6.1>', ''],
    ['[TEXT]<9007199254740991.9007199254740991>', ''],
    ['[HEADER.FIELDS (From)]<5.4>', ' a@b'],
    ['[2]<0.5>', null],
  ])('of a plain message: %s', async (written, expected) => {
    expect(await section(plain, written)).toBe(expected)
  })

  it.each([
    ['[1]', 'first'],
    ['[1.MIME]', 'Content-Type: text/plain\r\n\r\n'],
    ['[1.1]', null],
    ['[1.HEADER]', null],
    ['[2]', inner],
    ['[2.MIME]', 'Content-Type: message/rfc822\r\n\r\n'],
    ['[2.HEADER]', 'Subject: inner\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n'],
    ['[2.HEADER.FIELDS (Subject)]', 'Subject: inner\r\n\r\n'],
    ['[2.HEADER.FIELDS.NOT (Subject)]', 'Content-Type: multipart/alternative; boundary=c\r\n\r\n'],
    ['[2.TEXT]', inner.slice(inner.indexOf('--c'))],
    ['[2.1]', 'plain'],
    ['[2.1.MIME]', '\r\n'],
    ['[2.2]', 'html'],
    ['[2.3]', null],
    ['[2.1.1]', null],
    ['[2.1.HEADER]', null],
    ['[3]', 'Subject: single\r\n\r\nalone'],
    ['[3.MIME]', 'Content-Type: message/rfc822\r\nContent-ID: <3>\r\n\r\n'],
    ['[3.1]', 'alone'],
    ['[3.1.MIME]', 'Subject: single\r\n\r\n'],
    ['[3.2]', null],
    ['[4]', '--d--'],
    // The structure of an empty multipart shows a part of no octets.
    ['[4.1]', ''],
    ['[4.1.MIME]', ''],
    ['[4.2]', null],
    ['[4.TEXT]', null],
    ['[5]', null],
    ['[2.1]<1.3>', 'lai'],
  ])('of parts: %s', async (written, expected) => {
    expect(await section(mixed, written)).toBe(expected)
  })

  it('of a message that is a message', async () => {
    const message = 'Subject: o\r\nContent-Type: message/rfc822\r\n\r\nSubject: i\r\n\r\ntext'
    const parts = [
      '[1]',
      '[1.HEADER]',
      '[1.TEXT]',
      '[1.1]',
      '[1.1.1]',
      '[2]',
      '[HEADER.FIELDS (Subject)]',
      '[TEXT]',
    ]
    expect(await Promise.all(parts.map((written) => section(message, written)))).toEqual([
      'Subject: i\r\n\r\ntext',
      'Subject: i\r\n\r\n',
      'text',
      'text',
      null,
      null,
      'Subject: o\r\n\r\n',
      'Subject: i\r\n\r\ntext',
    ])
  })

  it('of a message that could not be taken apart', async () => {
    const message = 'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\neHh4'
    const parts = ['[1]', '[1.HEADER]', '[1.TEXT]', '[1.1]', '[1.2]']
    expect(await Promise.all(parts.map((written) => section(message, written)))).toEqual([
      'eHh4',
      '',
      '',
      '',
      null,
    ])
  })

  // RFC 9051 §7.5.2: the empty line is part of the header but where a message has neither it nor a body.
  it.each([
    ['', '', '', ''],
    ['\r\n', '\r\n', '\r\n', ''],
    ['\r\nbody', '\r\n', '\r\n', 'body'],
    ['Subject: x', 'Subject: x', 'Subject: x', ''],
    ['Subject: x\r\n', 'Subject: x\r\n', 'Subject: x\r\n', ''],
    ['Subject: x\r\n\r\n', 'Subject: x\r\n\r\n', 'Subject: x\r\n\r\n', ''],
    [
      'no field\r\nSubject: x\r\n y\r\n\r\nbody',
      'no field\r\nSubject: x\r\n y\r\n\r\n',
      'Subject: x\r\n y\r\n\r\n',
      'body',
    ],
  ])('of %j', async (message, header, fields, text) => {
    expect(await section(message, '[HEADER]')).toBe(header)
    expect(await section(message, '[HEADER.FIELDS (Subject)]')).toBe(fields)
    expect(await section(message, '[TEXT]')).toBe(text)
  })

  // RFC 9051 §9: CHAR8 leaves it out.
  it('never has NUL', async () => {
    const message = 'Subject: a\0b\r\n\r\n\0\0c'
    expect(await section(message, '[]')).toBe('Subject: a\x80b\r\n\r\n\x80\x80c')
    expect(await section(message, '[HEADER.FIELDS (Subject)]')).toBe('Subject: a\x80b\r\n\r\n')
    const octets = Buffer.from(message, 'latin1')
    const content = await sectionContent(
      { part: [], text: 'TEXT', fields: [] },
      bufferContent(octets),
      undefined,
    )
    expect(Buffer.concat((await content?.stream().toArray()) ?? [])).toEqual(
      Buffer.from('\x80\x80c', 'latin1'),
    )
    expect(octets.toString('latin1')).toBe(message)
  })

  it('reads no more than it needs', async () => {
    const octets = Buffer.from(`${mixed}${'x'.repeat(1_000_000)}`, 'latin1')
    const read: number[] = []
    const content: Content = {
      ...bufferContent(octets),
      read: async (start, end) => {
        read.push(Math.min(end, octets.length) - start)
        return octets.subarray(start, end)
      },
    }
    const { root } = scanMessage(octets)
    const text = async (part: number[], name?: 'HEADER' | 'TEXT') => {
      const found = await sectionContent(
        { part, text: name, fields: [] },
        content,
        part.length > 0 ? root : undefined,
      )
      return found?.read(0, 10)
    }
    expect((await text([2, 2]))?.toString()).toBe('html')
    expect((await text([], 'HEADER'))?.toString()).toBe('Subject: o')
    expect((await text([], 'TEXT'))?.toString()).toBe('preamble\r\n')
    expect(read).toEqual([4, 8_192, 10, 8_192, 10])
  })

  it('fails as the content does', async () => {
    const broken: Content = {
      ...bufferContent(Buffer.alloc(10)),
      read: async () => Promise.reject(new Error('no disk')),
    }
    const found = await sectionContent({ part: [], text: undefined, fields: [] }, broken, undefined)
    await expect(found?.read(0, 10)).rejects.toThrow('no disk')
    await expect(sectionContent({ part: [], text: 'TEXT', fields: [] }, broken, undefined)).rejects.toThrow(
      'no disk',
    )
    await expect(
      sectionContent(
        { part: [], text: 'HEADER.FIELDS', fields: ['x'] },
        broken,
        scanMessage(Buffer.alloc(10)).root,
      ),
    ).rejects.toThrow('no disk')
  })
})
