import { describe, expect, it } from 'vitest'
import { type MessageStructure, type MimeLimits, type MimePart, scanMessage, walkParts } from './mime.ts'

function scan(lines: readonly string[], limits?: Partial<MimeLimits>): MessageStructure & { text: string } {
  const text = lines.join('\r\n')
  return { ...scanMessage(Buffer.from(text, 'latin1'), limits), text }
}

/** A tree in one line: types, and for leaves their bodies. */
function outline(part: MimePart, text: string): string {
  if (part.message !== undefined) return `${part.mediaType}{${outline(part.message, text)}}`
  if (part.children.length > 0)
    return `${part.mediaType}[${part.children.map((each) => outline(each, text)).join(', ')}]`
  return `${part.mediaType}:${JSON.stringify(text.slice(part.bodyStart, part.bodyEnd))}`
}

function outlineOf(lines: readonly string[], limits?: Partial<MimeLimits>): string {
  const { root, text } = scan(lines, limits)
  return outline(root, text)
}

const mixed = 'Content-Type: multipart/mixed; boundary=b'

describe('scanMessage', () => {
  it('takes a plain message for one text part', () => {
    const { root, size, anomalies } = scan(['From: a', 'Subject: b', '', 'one', 'two', ''])
    expect([
      root.mediaType,
      root.encoding,
      root.headerStart,
      root.bodyStart,
      root.bodyEnd,
      root.lines,
    ]).toEqual(['text/plain', '7bit', 0, 23, 33, 2])
    expect(root.contentType.parameters.get('charset')).toBe('us-ascii')
    expect(root.header.first('subject')?.body).toBe('b')
    expect([size, [...anomalies]]).toEqual([33, []])
  })

  // RFC 2046 §5.1.1: an implicitly typed part without line end, an explicitly typed one with it, preamble and epilogue.
  it('takes a multipart apart: preamble, parts, epilogue', () => {
    const { root, text, anomalies } = scan([
      'From: a',
      'MIME-Version: 1.0',
      'Content-type: multipart/mixed; boundary="simple boundary"',
      '',
      'Preamble, to be ignored.',
      '',
      '--simple boundary',
      '',
      'It does NOT end with a linebreak.',
      '--simple boundary',
      'Content-type: text/plain; charset=us-ascii',
      '',
      'It DOES end with a linebreak.',
      '',
      '--simple boundary--',
      '',
      'Epilogue, to be ignored as well.',
      '',
    ])
    expect(outline(root, text)).toBe(
      'multipart/mixed[text/plain:"It does NOT end with a linebreak.", text/plain:"It DOES end with a linebreak.\\r\\n"]',
    )
    expect(root.children.map((part) => part.lines)).toEqual([0, 1])
    expect(root.bodyEnd).toBe(text.length)
    const second = root.children[1]
    expect(text.slice(second?.headerStart, second?.bodyStart)).toBe(
      'Content-type: text/plain; charset=us-ascii\r\n\r\n',
    )
    expect([...anomalies]).toEqual([])
  })

  it('reads LF line ends as well, and says so', () => {
    const text = `From: a\n${mixed}\n\n--b\n\none\n--b\n\ntwo\n\n--b--\n`
    const { root, anomalies } = scanMessage(Buffer.from(text))
    expect(outline(root, text)).toBe('multipart/mixed[text/plain:"one", text/plain:"two\\n"]')
    expect([...anomalies]).toEqual(['bare-lf'])
  })

  it('lets a delimiter have white space behind it', () => {
    const lines = [mixed, '', '--b \t ', '', 'one', ' --b', '-- b', '--', '--a', '--b--  ', '--b', '']
    expect(outlineOf(lines)).toBe('multipart/mixed[text/plain:"one\\r\\n --b\\r\\n-- b\\r\\n--\\r\\n--a"]')
    expect(scan(lines).anomalies).toEqual(new Set())
  })

  it('takes a line for a delimiter that only begins as one (RFC 2046 §5.1.1)', () => {
    const lines = [mixed, '', '--b', '', 'one', '--bb', '', 'two', '--b x', '', 'three', '--b-', '', 'four']
    expect(outlineOf([...lines, '--b---', '--b'])).toBe(
      'multipart/mixed[text/plain:"one", text/plain:"two", text/plain:"three", text/plain:"four"]',
    )
    expect(scan(lines).anomalies).toContain('delimiter-with-text')
  })

  it('tells boundaries apart of which one begins with the other', () => {
    const lines = [
      mixed,
      '',
      '--b',
      'Content-Type: multipart/alternative; boundary=bb',
      '',
      '--bb',
      '',
      'one',
      '--bb',
      '',
      'two',
      '--bb--',
      '--b',
      '',
      'three',
      '--b--',
    ]
    expect(outlineOf(lines)).toBe(
      'multipart/mixed[multipart/alternative[text/plain:"one", text/plain:"two"], text/plain:"three"]',
    )
  })

  it('ends an inner multipart at an outer delimiter', () => {
    const lines = [
      mixed,
      '',
      '--b',
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '',
      'one',
      '--b',
      '',
      'two',
      '--b--',
    ]
    expect(outlineOf(lines)).toBe('multipart/mixed[multipart/mixed[text/plain:"one"], text/plain:"two"]')
    expect(scan(lines).anomalies).toEqual(new Set(['unterminated-multipart']))
  })

  it('gives delimiters of one boundary used twice to the inner multipart first', () => {
    const lines = [mixed, '', '--b', mixed, '', '--b', '', 'one', '--b--', '', '--b', '', 'two', '--b--', '']
    expect(outlineOf(lines)).toBe('multipart/mixed[multipart/mixed[text/plain:"one"], text/plain:"two"]')
    expect(scan(lines).anomalies).toEqual(new Set(['same-boundary']))
  })

  it('takes missing delimiters as they come', () => {
    expect(outlineOf([mixed, '', '--b', '', 'one', ''])).toBe('multipart/mixed[text/plain:"one\\r\\n"]')
    expect(outlineOf([mixed, '', 'no part', ''])).toBe('multipart/mixed:"no part\\r\\n"')
    expect(scan([mixed, '', 'no part', '']).anomalies).toEqual(new Set(['unterminated-multipart']))
    expect(outlineOf([mixed, '', '--b--', 'x'])).toBe('multipart/mixed:"--b--\\r\\nx"')
    expect(outlineOf([mixed, '', '--b'])).toBe('multipart/mixed[text/plain:""]')
    expect(outlineOf([mixed])).toBe('multipart/mixed:""')
    expect(outlineOf([''])).toBe('text/plain:""')
  })

  it('lets a delimiter end a header', () => {
    const lines = [
      mixed,
      '',
      '--b',
      'Content-Type: text/html',
      '--b',
      'Content-Type: message/rfc822',
      '--b--',
    ]
    const { root, text, anomalies } = scan(lines)
    expect(outline(root, text)).toBe('multipart/mixed[text/html:"", message/rfc822{text/plain:""}]')
    expect(anomalies).toEqual(new Set(['header-unended']))
  })

  it('opens messages in messages', () => {
    const lines = [
      mixed,
      '',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Subject: inner',
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '',
      'one',
      '--i--',
      '',
      '--b',
      'Content-Type: message/global',
      '',
      'Subject: other',
      '',
      'two',
      '--b--',
      '',
    ]
    const { root, text, anomalies } = scan(lines)
    expect(outline(root, text)).toBe(
      'multipart/mixed[message/rfc822{multipart/mixed[text/plain:"one"]}, message/global{text/plain:"two"}]',
    )
    const [first, second] = root.children
    expect(first?.message?.header.first('subject')?.body).toBe('inner')
    expect([first?.lines, second?.lines]).toEqual([7, 2])
    expect(first?.message?.headerStart).toBe(first?.bodyStart)
    expect(first?.message?.bodyEnd).toBe(first?.bodyEnd)
    expect([...anomalies]).toEqual([])
  })

  it('takes parts of a digest for messages (RFC 2046 §5.1.5)', () => {
    const lines = [
      'Content-Type: multipart/digest; boundary=b',
      '',
      '--b',
      '',
      'Subject: x',
      '',
      'one',
      '--b',
      'Content-Type: text/plain',
      '',
      'two',
      '--b--',
    ]
    expect(outlineOf(lines)).toBe('multipart/digest[message/rfc822{text/plain:"one"}, text/plain:"two"]')
  })

  it('leaves encoded messages closed', () => {
    const lines = [
      'Content-Type: message/rfc822',
      'Content-Transfer-Encoding: base64',
      '',
      'U3ViamVjdDogeA==',
    ]
    expect(outlineOf(lines)).toBe('message/rfc822:"U3ViamVjdDogeA=="')
    expect(scan(lines).anomalies).toEqual(new Set(['encoded-composite']))
  })

  it('compares boundaries octet for octet', () => {
    for (const boundary of ['gr\xfcn', 'gr\xc3\xbcn']) {
      const lines = [
        `Content-Type: multipart/mixed; boundary="${boundary}"`,
        '',
        `--${boundary}`,
        '',
        'one',
        `--${boundary}--`,
      ]
      expect(outlineOf(lines)).toBe('multipart/mixed[text/plain:"one"]')
    }
  })
})

describe('what a part says about itself', () => {
  const { root } = scan([
    'Content-Type: Text/HTML; Charset="utf-8"; name=x.html',
    'Content-Transfer-Encoding: Quoted-Printable (why not)',
    'Content-Disposition: ATTACHMENT; filename="=?utf-8?q?=C3=BC.html?="',
    'Content-ID: <1@example.org>',
    'Content-Description: =?utf-8?q?=C3=BC?=',
    'Content-Language: (two) de, en-GB (of (many)),',
    'Content-Location: a/b',
    'Content-MD5: Q2hlY2s=',
    '',
    '',
  ])

  it('gives all that BODYSTRUCTURE needs', () => {
    expect(root.mediaType).toBe('text/html')
    expect([...root.contentType.parameters]).toEqual([
      ['charset', 'utf-8'],
      ['name', 'x.html'],
    ])
    expect(root.encoding).toBe('quoted-printable')
    expect(root.disposition?.kind).toBe('attachment')
    expect(root.filename).toBe('ü.html')
    expect(root.id).toBe('<1@example.org>')
    expect(root.description).toBe('=?utf-8?q?=C3=BC?=')
    expect(root.languages).toEqual(['de', 'en-GB'])
    expect(root.location).toBe('a/b')
    expect(root.md5).toBe('Q2hlY2s=')
  })

  it('has nothing where nothing is said', () => {
    const bare = scan(['', 'x']).root
    expect([bare.disposition, bare.filename, bare.id, bare.description, bare.location, bare.md5]).toEqual(
      Array(6).fill(undefined),
    )
    expect([bare.encoding, bare.languages, bare.size]).toEqual(['7bit', [], 1])
  })
})

describe('anomalies', () => {
  it.each([
    ['duplicate-content-type', ['Content-Type: text/plain', 'Content-Type: text/html', '', 'x']],
    ['duplicate-boundary', ['Content-Type: multipart/mixed; boundary=a; boundary=b', '', '--a', '', '--a--']],
    ['duplicate-parameter', ['Content-Type: text/plain; name=a; NAME=b', '', 'x']],
    ['parameters', [`Content-Type: text/plain${'; a=b'.repeat(101)}`, '', 'x']],
    ['duplicate-from', ['From: a', 'from: b', '', 'x']],
    ['duplicate-field', ['Subject: a', 'Subject: b', '', 'x']],
    ['bad-content-type', ['Content-Type: text', '', 'x']],
    ['bad-encoding', ['Content-Transfer-Encoding: base65', '', 'x']],
    ['missing-boundary', ['Content-Type: multipart/mixed', '', 'x']],
    ['missing-boundary', ['Content-Type: multipart/mixed; boundary=""', '', 'x']],
    ['encoded-composite', [`${mixed}`, 'Content-Transfer-Encoding: base64', '', '--b', '', '--b--']],
    ['header-8bit', ['Subject: \xfc', '', 'x']],
    ['header-stray-line', ['From jo', '', 'x']],
    ['header-unended', ['Subject: x']],
    ['bare-cr', ['', 'a\rb']],
    ['bare-cr', ['', 'a\r']],
    ['bare-lf', ['', 'a\nb']],
    ['nul', ['', 'a\0b']],
  ] as const)('%s', (anomaly, lines) => {
    expect(scan(lines).anomalies).toContain(anomaly)
  })

  it('does not count fields of a part as fields of a message', () => {
    expect(scan([mixed, '', '--b', 'From: a', 'From: b', '', 'x', '--b--']).anomalies.size).toBe(0)
    expect(scan(['Content-Type: message/rfc822', '', 'From: a', 'From: b', '', 'x']).anomalies).toContain(
      'duplicate-from',
    )
  })
})

describe('limits', () => {
  it('keeps what is nested too deep as a leaf', () => {
    const lines = [
      mixed,
      '',
      '--b',
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '',
      'x',
      '--i--',
      '--b',
      '',
      'y',
      '--b--',
    ]
    expect(outlineOf(lines, { depth: 1 })).toBe(
      'multipart/mixed[multipart/mixed:"--i\\r\\n\\r\\nx\\r\\n--i--", text/plain:"y"]',
    )
    expect(scan(lines, { depth: 1 }).anomalies).toEqual(new Set(['depth']))
    expect(
      scan(['Content-Type: message/rfc822', '', 'A: b', '', 'x'], { depth: 0 }).root.message,
    ).toBeUndefined()
  })

  it('lets the last part that is allowed take in the rest', () => {
    const lines = [mixed, '', '--b', '', 'x', '--b', '', 'y', '--b', '', 'z', '--b--']
    expect(outlineOf(lines, { parts: 3 })).toBe(
      'multipart/mixed[text/plain:"x", text/plain:"y\\r\\n--b\\r\\n\\r\\nz\\r\\n--b--"]',
    )
    expect(scan(lines, { parts: 3 }).anomalies).toEqual(new Set(['parts']))
    expect(scan(lines, { parts: 1 }).anomalies).toEqual(new Set(['parts']))
    expect(scan(lines, { parts: 4 }).root.children).toHaveLength(3)
  })

  it('also where it would hold parts itself', () => {
    const lines = [mixed, '', '--b', 'Content-Type: multipart/mixed; boundary=i', '', '--i', '', 'x', '--i--']
    expect(outlineOf(lines, { parts: 2 })).toBe(
      'multipart/mixed[multipart/mixed:"--i\\r\\n\\r\\nx\\r\\n--i--"]',
    )
    expect(scan(lines, { parts: 2 }).anomalies).toEqual(new Set(['parts']))
  })

  it('reads headers up to the limit and finds where they end', () => {
    const { root, anomalies, text } = scan([`A: ${'x'.repeat(5000)}`, 'B: c', '', 'body'], {
      headerOctets: 1000,
    })
    expect(root.header.first('a')?.body).toHaveLength(997)
    expect(text.slice(root.bodyStart)).toBe('body')
    expect(root.header.size).toBe(root.bodyStart)
    expect(anomalies).toEqual(new Set(['header-truncated']))
    expect(scan(['A: b', 'C: d', '', 'x'], { headerFields: 1 }).anomalies).toContain('header-truncated')
  })
})

describe('walkParts', () => {
  it('numbers parts as IMAP does (RFC 9051 §6.4.5.1)', () => {
    const lines = [
      mixed,
      '',
      '--b',
      '',
      'text',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Content-Type: multipart/mixed; boundary=i',
      '',
      '--i',
      '',
      'x',
      '--i',
      'Content-Type: text/html',
      '',
      'y',
      '--i--',
      '--b',
      'Content-Type: message/rfc822',
      '',
      'Content-Type: text/css',
      '',
      'z',
      '--b--',
    ]
    expect(
      [...walkParts(scan(lines).root)].map(({ section, part }) => `${section} ${part.mediaType}`),
    ).toEqual([
      ' multipart/mixed',
      '1 text/plain',
      '2 message/rfc822',
      '2.1 text/plain',
      '2.2 text/html',
      '3 message/rfc822',
      '3.1 text/css',
    ])
    expect([...walkParts(scan(['', 'x']).root)].map(({ section }) => section)).toEqual(['1'])
  })
})
