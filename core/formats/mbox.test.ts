import { describe, expect, it } from 'vitest'
import { bufferContent, type Content, readAll } from '../model/content.ts'
import {
  formatMboxFields,
  type MboxEntry,
  mboxContent,
  mboxState,
  postmark,
  quoteMbox,
  readMboxHead,
  type ScanMboxOptions,
  scanMbox,
} from './mbox.ts'

const from = 'From a@example.org Sat Nov 28 21:53:22 2026\n'
const source = (text: string): Content => bufferContent(Buffer.from(text, 'latin1'))

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

async function scan(text: string, options: ScanMboxOptions = {}): Promise<readonly MboxEntry[]> {
  return all(scanMbox(source(text), options))
}

/** The messages of a file. Their sizes must be what is told. */
async function messagesIn(text: string, options: ScanMboxOptions = {}): Promise<readonly string[]> {
  const messages: string[] = []
  for (const entry of await scan(text, options)) {
    const message = (await readAll(mboxContent(source(text), entry))).toString('latin1')
    expect(message.length, JSON.stringify(message.slice(0, 80))).toBe(entry.size)
    messages.push(message)
  }
  return messages
}

async function quoted(message: string): Promise<string> {
  return Buffer.concat(await all(quoteMbox(source(message)))).toString('latin1')
}

/** What must come back of a message: its octets but for line ends. */
function asKept(message: string): string {
  const lines = message.replace(/\r?\n/g, '\r\n')
  return lines === '' || lines.endsWith('\n') ? lines : `${lines}\r\n`
}

describe('scanMbox', () => {
  it('finds messages by postmarks after empty lines, and says where they are', async () => {
    const text = `${from}Subject: one\n\nbody\n\nFrom b Sun Nov 29 01:02:03 2026\nSubject: two\n\n\n`
    const [one, two] = await scan(text)
    expect(one).toMatchObject({
      postmark: { sender: 'a@example.org', date: new Date(2026, 10, 28, 21, 53, 22) },
      start: 0,
      messageStart: from.length,
      messageEnd: text.indexOf('\nFrom b'),
      end: text.indexOf('From b'),
      ended: true,
      crlf: false,
      size: 'Subject: one\r\n\r\nbody\r\n'.length,
      fields: [],
    })
    expect(two).toMatchObject({ end: text.length, ended: true, postmark: { sender: 'b' } })
    expect(await messagesIn(text)).toEqual(['Subject: one\r\n\r\nbody\r\n', 'Subject: two\r\n\r\n'])
  })

  it('takes lines for text that follow no empty line or hold no date', async () => {
    const body = 'text\nFrom b Sun Nov 29 01:02:03 2026\n\nFrom here on it goes on.\n'
    expect(await messagesIn(`${from}\n${body}\n`)).toEqual([`\r\n${body.replaceAll('\n', '\r\n')}`])
  })

  it('reads files that do not end as they should', async () => {
    expect(await scan('')).toEqual([])
    expect(await scan('\n\r\n')).toEqual([])
    expect(await messagesIn(from)).toEqual([''])
    expect(await messagesIn(from.trimEnd())).toEqual([''])
    expect(await messagesIn(`${from}Subject: x`)).toEqual(['Subject: x\r\n'])
    expect(await messagesIn(`${from}Subject: x\n`)).toEqual(['Subject: x\r\n'])
    expect((await scan(`${from}Subject: x\n`))[0]?.ended).toBe(false)
    expect(await messagesIn(`\n\n${from}Subject: x\n\nbody`)).toEqual(['Subject: x\r\n\r\nbody\r\n'])
  })

  it.each(['garbage\n', `text\n\n${from}Subject: x\n`, '\0'.repeat(100)])(
    'refuses what begins with something else: %j',
    async (text) => {
      await expect(scan(text)).rejects.toMatchObject({ code: 'MAIL_E_INVALID' })
    },
  )

  it('begins where it is told to', async () => {
    const first = `${from}Subject: one\n\n`
    expect((await scan(`${first}${from}Subject: two\n\n`, { from: first.length }))[0]?.start).toBe(
      first.length,
    )
  })

  it('leaves CRLF as it is in messages that other programs have written so', async () => {
    const text = `${from}Status: RO\r\nSubject: x\r\n\r\nbody\r\nbare\n\r\n${from}Subject: two\n\nbody\r\n\n`
    expect(await messagesIn(text)).toEqual([
      'Subject: x\r\n\r\nbody\r\nbare\r\n',
      'Subject: two\r\n\r\nbody\r\r\n',
    ])
  })

  it('believes a Content-Length only where asked to, and only where it leads to a postmark', async () => {
    const body = `one\n\n${from}is text\n`
    const text = (length: number): string =>
      `${from}Content-Length: ${length}\n\n${body}\n${from}Subject: next\n\n`
    expect(await messagesIn(text(body.length), { contentLength: true })).toEqual([
      `\r\n${body.replaceAll('\n', '\r\n')}`,
      'Subject: next\r\n',
    ])
    expect(await messagesIn(text(body.length))).toHaveLength(3)
    for (const wrong of [0, 4, body.length - 1, body.length + 3, 10_000])
      expect(await messagesIn(text(wrong), { contentLength: true }), String(wrong)).toHaveLength(3)
  })

  it('gives the same digest whatever the fields of the file are', async () => {
    const [one, two, other] = await scan(
      `${from}Status: RO\nSubject: x\nX-UID: 7\n\nbody\n\n${from}X-Keywords: a\n b\nSubject: x\n\nbody\n\n${from}Subject: x\n\nbodY\n\n`,
    )
    expect(one?.digest).toBe(two?.digest)
    expect(other?.digest).not.toBe(one?.digest)
    const [unended] = await scan(`${from}Subject: x\n\nbody`)
    expect(unended?.digest).toBe(one?.digest)
  })

  it('needs time and memory in proportion, whatever is in the file', async () => {
    const hostile = [
      'x'.repeat(2_000_000),
      '>'.repeat(2_000_000),
      `${'X-UID: 1\n'.repeat(100_000)}\n`,
      `X-Keywords: ${'a '.repeat(500_000)}\n${' b\n'.repeat(300_000)}\n`,
      `From ${' '.repeat(2_000_000)}`,
      'From Sat '.repeat(200_000),
      `${from.trimEnd()} ${'Sat '.repeat(200)}\n`.repeat(2000),
      '\n'.repeat(2_000_000),
    ]
    for (const text of hostile) {
      const [entry] = await scan(`${from}${text}`)
      expect(entry?.fields.length ?? 0).toBeLessThanOrEqual(64)
    }
  })
})

describe('quoting', () => {
  it('marks lines that begin with From, and fields that are the file’s own, in the header only', async () => {
    const message = [
      'Status: RO',
      '>X-UID: 5',
      'Subject: x',
      ' Status: folded',
      'STATUS : x',
      'Statuses: no',
      'From a b',
      '',
      'From here',
      '>From there',
      'Status: RO',
      '',
    ].join('\r\n')
    expect(await quoted(message)).toBe(
      [
        '>Status: RO',
        '>>X-UID: 5',
        'Subject: x',
        ' Status: folded',
        '>STATUS : x',
        'Statuses: no',
        '>From a b',
        '',
        '>From here',
        '>>From there',
        'Status: RO',
        '',
        '',
      ].join('\n'),
    )
  })

  const odd = [
    '',
    'x',
    '\r\n',
    'Subject: x\r\n',
    '\tbegins folded\r\n\r\n',
    '\r',
    'a\r\r\nb\r\n',
    '\r\r\n\r\nFrom x\r\n',
  ]
  it.each(odd)('gives back %j', async (message) => {
    const text = `${from}${formatMboxFields({ flags: [] })}${await quoted(message)}`
    expect(await messagesIn(`${text}${text}`)).toEqual([asKept(message), asKept(message)])
  })

  it('gives back any message, in any pieces', async () => {
    const words =
      'From |>From |>|Status: RO|>X-UID: 7|Lines : 4| folded|\t|\r\n|\r\n|\r\n\r\n|\r|\n|\0|Subject: x|abc'.split(
        '|',
      )
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed % below
    }
    for (let round = 0; round < 400; round++) {
      const message = Array.from({ length: random(25) }, () => words[random(words.length)]).join('')
      const text = `${from}X-UID: 3\n${await quoted(message)}`
      expect(await messagesIn(`${text}${text}`), JSON.stringify(message)).toEqual([
        asKept(message),
        asKept(message),
      ])
    }
  })

  it('fails where a content ends before its size', async () => {
    const short: Content = { ...source('x'), size: 10 }
    await expect(all(quoteMbox(short))).rejects.toMatchObject({ code: 'MAIL_E_UNAVAILABLE' })
  })
})

describe('mboxContent', () => {
  it('reads any range of a large message, in any order', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, line) => `${line % 7 === 0 ? 'From ' : ''}line ${line}\r\n`,
    )
    const message = `Status: x\r\nSubject: large\r\n\r\n${lines.join('')}`
    const text = `${from}${formatMboxFields({ flags: ['\\Seen'] })}${await quoted(message)}`
    const [entry] = await scan(text)
    if (entry === undefined) throw new TypeError('no message')
    const content = mboxContent(source(text), entry)
    expect(content.size).toBe(message.length)
    const ranges = [
      [300_000, 300_017],
      [0, 5],
      [message.length - 3, message.length + 100],
      [131_000, 262_200],
      [7, 7],
      [message.length, message.length + 1],
    ] as const
    for (const [start, end] of ranges)
      expect((await content.read(start, end)).toString(), `${start}-${end}`).toBe(message.slice(start, end))
    const streamed = await all<Buffer>(content.stream(100, 200_000))
    expect(Buffer.concat(streamed).toString()).toBe(message.slice(100, 200_000))
  })
})

describe('fields', () => {
  it('are read as UW-imapd, Dovecot, alpine and mutt write them', async () => {
    const [entry] = await scan(
      `${from}X-IMAPbase: 1795906766 0000000012 work $Junk\nStatus: RO\nX-Status: AFT\nX-Keywords: work   label\nX-UID: 0000000007\nX-UIDL: a1\nContent-Length: 5\n\nbody\n\n`,
    )
    expect(mboxState(entry?.fields ?? [])).toEqual({
      flags: ['\\Answered', '\\Draft', '\\Flagged', '\\Seen', 'label', 'work'],
      uid: 7,
      uidl: 'a1',
      base: { uidValidity: 1795906766, lastUid: 12, keywords: ['work', '$Junk'] },
      internal: false,
    })
    expect(await messagesIn(`${from}X-UID: 1\n\nbody\n`)).toEqual(['\r\nbody\r\n'])
  })

  it('that cannot be are not believed', async () => {
    for (const [fields, state] of [
      ['X-UID: 0\n', {}],
      ['X-UID: 4294967296\n', {}],
      ['X-UID: -1\n', {}],
      ['X-UID: 7x\n', {}],
      ['X-UID: 7\nX-UID: 8\n', { uid: 7 }],
      ['X-UID:\n 7\n', { uid: 7 }],
      ['X-IMAPbase: 0 1\n', {}],
      ['X-IMAPbase: 5\n', {}],
      ['X-IMAPbase:      \n', {}],
      ['X-IMAP: x\n', {}],
      ['X-Keywords: (a) ok "b\n', { flags: ['ok'] }],
      ['X-UIDL: two words\n', {}],
    ] as const) {
      const [entry] = await scan(`${from}${fields}\n`)
      expect(mboxState(entry?.fields ?? []), fields).toEqual({ flags: [], internal: false, ...state })
    }
    const [first] = await scan(`${from}X-IMAP: 5 7\n\n`)
    expect(mboxState(first?.fields ?? [])).toMatchObject({
      internal: true,
      base: { uidValidity: 5, lastUid: 7 },
    })
  })

  it('are written with room for changes', () => {
    const text = formatMboxFields({
      flags: ['\\Seen', '\\Flagged', 'label'],
      others: { status: 'O', xStatus: '' },
      uid: 7,
      uidl: 'a1',
      base: { uidValidity: 5, lastUid: 7, keywords: ['label'] },
    })
    expect(text.split('\n').map((line) => [line.trimEnd(), line.length])).toEqual([
      ['X-IMAPbase: 0000000005 0000000007 label', 65],
      ['X-UID: 7', 17],
      ['X-UIDL: a1', 10],
      ['Status: RO', 10],
      ['X-Status: F', 14],
      ['X-Keywords: label', 44],
      ['', 0],
    ])
    expect(formatMboxFields({ flags: [], base: 'room' }, '\r\n').split('\r\n')[0]).toBe(
      `X-IMAPbase: ${' '.repeat(53)}`,
    )
  })

  it('can be read without the rest of the message', async () => {
    const text = `${from}Subject: x\nStatus: R\n${'Received: y\n'.repeat(3000)}X-UID: 4\n\nX-UID: 5\n`
    const head = await readMboxHead(source(text), 0)
    expect(head).toMatchObject({
      messageStart: from.length,
      crlf: false,
      postmark: { sender: 'a@example.org' },
    })
    expect(head?.fields.map(({ name, value }) => [name, value])).toEqual([
      ['status', 'R'],
      ['x-uid', '4'],
    ])
    for (const { name, start, valueStart, valueEnd, end } of head?.fields ?? []) {
      expect(text.slice(start, valueStart).toLowerCase()).toBe(`${name}:`)
      expect(text.slice(valueEnd, end)).toBe('\n')
    }
    expect(await readMboxHead(source(text), 3)).toBeUndefined()
  })

  it('begin where the postmark ends', () => {
    const date = new Date(2026, 1, 3, 4, 5, 6)
    expect(postmark('a b\r\nFrom <c>', date)).toBe('From abFrom<c> Tue Feb  3 04:05:06 2026')
  })
})
