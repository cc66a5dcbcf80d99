import { bufferContent } from 'mailwright'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { limitedAccount } from '../../../../test/support/imap/imap-quota.ts'
import {
  type ImapTest,
  type ImapTestClient,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let client: ImapTestClient

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  client = await system.connect()
  client.sendsOctets = true
})

const text = 'Subject: x\r\n\r\nbody\r\n'
const plus = (octets: string): string => `{${octets.length}+}\r\n${octets}`
const long = `Subject: x\r\n\r\n${'y'.repeat(5_000)}\r\n`

/** The messages of a mailbox as FETCH tells them. */
async function bodies(name = 'INBOX'): Promise<readonly string[]> {
  const mailbox = await system.mail.openMailbox(name)
  const contents = await Promise.all(mailbox.entries.map(({ uid }) => mailbox.content(uid)))
  return Promise.all(
    contents.map(async (content) => (await content.read(0, content.size)).toString('latin1')),
  )
}

describe('APPEND (RFC 9051 §6.3.12)', () => {
  it('stores a message with flags and date, and tells its UID', async () => {
    const { tagged } = await client.command(
      `APPEND INBOX (\\Seen $Work) " 7-Feb-1994 21:52:25 -0800" ${plus(text)}`,
    )
    expect(tagged).toMatch(/^OK \[APPENDUID \d+ 1\] /)
    const { entries } = await system.mail.openMailbox('INBOX')
    expect(entries).toMatchObject([
      { flags: ['$Work', '\\Seen'], internalDate: new Date('1994-02-08T05:52:25Z'), size: text.length },
    ])
    expect(await bodies()).toEqual([text])
  })

  it('asks for literals that the client would wait with, and takes empty lists of flags', async () => {
    const { tagged } = await client.command(`APPEND inbox () {${text.length}}`, text)
    expect(tagged).toMatch(/^OK \[APPENDUID/)
    expect((await client.command(`APPEND "INBOX" {${long.length}}`, long)).tagged).toMatch(/^OK/)
    expect(await bodies()).toEqual([text, long])
  })

  it('shows the message at once where the mailbox is selected', async () => {
    await client.ok('SELECT INBOX')
    expect(await client.ok(`APPEND INBOX ${plus(text)}`)).toContain('1 EXISTS')
    expect(await client.ok('FETCH 1 FLAGS')).toEqual(['1 FETCH (FLAGS ())'])
  })

  it('says TRYCREATE where there is no such mailbox, before the message is sent', async () => {
    expect((await client.command(`APPEND Nowhere ${plus(text)}`)).tagged).toMatch(/^NO \[TRYCREATE\] /)
    expect((await client.command(`APPEND Nowhere {${long.length}}`, long)).tagged).toMatch(
      /^NO \[TRYCREATE\] /,
    )
    expect((await client.command('NOOP')).tagged).toMatch(/^OK/)
  })

  it.each([
    ['no mailbox', 'APPEND'],
    ['no message', 'APPEND INBOX'],
    ['no literal', 'APPEND INBOX ""'],
    ['flags behind the date', `APPEND INBOX " 7-Feb-1994 21:52:25 -0800" (\\Seen) ${plus(text)}`],
    ['\\Recent', `APPEND INBOX (\\Recent) ${plus(text)}`],
    ['a date that is none', `APPEND INBOX "31-Feb-1994 21:52:25 -0800" ${plus(text)}`],
    ['an unknown word', `APPEND INBOX BLURB (${plus(text)})`],
    ['something behind the message', `APPEND INBOX ${plus(text)}x`],
    ['NUL in a literal', `APPEND INBOX ${plus('Subject: a\0b\r\n\r\n')}`],
  ])('is BAD with %s', async (_, command) => {
    expect((await client.command(command)).tagged).toMatch(/^BAD /)
    expect(await bodies()).toEqual([])
  })

  it('is cancelled by an empty message (RFC 3502)', async () => {
    expect((await client.command('APPEND INBOX {0+}\r\n')).tagged).toMatch(/^NO /)
    expect((await client.command('APPEND INBOX {0}', '')).tagged).toMatch(/^NO /)
    expect(await bodies()).toEqual([])
  })

  it('stores lines with CRLF, whatever they came with', async () => {
    await client.ok(`APPEND INBOX ${plus('Subject: a\n\nb\r\nc\rd\n')}`)
    expect(await bodies()).toEqual(['Subject: a\r\n\r\nb\r\nc\rd\r\n'])
    expect((await system.mail.status('INBOX')).size).toBe(22)
  })

  it('is not possible before somebody has logged in', async () => {
    const stranger = await system.connect(null)
    expect((await stranger.command(`APPEND INBOX ${plus(text)}`)).tagged).toMatch(/^BAD /)
  })
})

describe('the size of a message (RFC 7889)', () => {
  it('is told in 32 bits (RFC 7889 §5)', async () => {
    await using huge = await startImapTest({ options: { maxMessageSize: '5G' } })
    const other = await huge.connect()
    expect((await other.ok('CAPABILITY'))[0]).toContain(' APPENDLIMIT=4294967295 ')
    expect(await other.ok('STATUS INBOX (APPENDLIMIT)')).toEqual(['STATUS INBOX (APPENDLIMIT 4294967295)'])
  })

  it('is told, and kept to before and after the message is sent', async () => {
    await using small = await startImapTest({ options: { maxMessageSize: 10_000 } })
    const other = await small.connect()
    expect((await other.ok('CAPABILITY'))[0]).toContain(' APPENDLIMIT=10000')
    expect(await other.ok('STATUS INBOX (APPENDLIMIT)')).toEqual(['STATUS INBOX (APPENDLIMIT 10000)'])
    const large = 'x'.repeat(10_001)
    expect((await other.command('APPEND INBOX {10001}', large)).tagged).toMatch(/^NO \[TOOBIG\] /)
    expect((await other.command(`APPEND INBOX ${plus(large)}`)).tagged).toMatch(/^NO \[TOOBIG\] /)
    expect((await other.command(`APPEND INBOX ${plus('x'.repeat(10_000))}`)).tagged).toMatch(/^OK /)
  })
})

describe('several messages at once (RFC 3502)', () => {
  it('are stored in their order, with the flags and date of each', async () => {
    const { tagged } = await client.command(
      `APPEND INBOX (\\Seen) ${plus('one')} " 7-Feb-1994 21:52:25 +0000" ${plus('two')} ${plus('three')}`,
    )
    expect(tagged).toMatch(/^OK \[APPENDUID \d+ 1:3\] /)
    expect(await bodies()).toEqual(['one', 'two', 'three'])
    const { entries } = await system.mail.openMailbox('INBOX')
    expect(entries.map(({ flags }) => flags)).toEqual([['\\Seen'], [], []])
    expect(entries[1]?.internalDate).toEqual(new Date('1994-02-07T21:52:25Z'))
  })

  it('are stored all or none', async () => {
    for (const last of ['{0+}\r\n', '{2+}\r\n\0\0'])
      expect((await client.command(`APPEND INBOX ${plus('one')} ${plus(long)} ${last}`)).tagged).toMatch(
        /^(?:NO|BAD) /,
      )
    expect(await bodies()).toEqual([])
  })

  it.each([
    ['small', 400, 3_000],
    ['large', 50, 9_000],
  ])('may be many: %s ones', async (_, count, size) => {
    const all = Array.from({ length: count }, (__, number) => `N: ${number}\r\n\r\n${'z'.repeat(size)}`)
    const { tagged } = await client.command(
      `APPEND INBOX ${all.map((each) => `(\\Seen) ${plus(each)}`).join(' ')}`,
    )
    expect(tagged).toMatch(new RegExp(`^OK \\[APPENDUID \\d+ 1:${count}\\] `))
    expect(await bodies()).toEqual(all)
  })
})

describe('octets that are no text (RFC 3516 §4.4)', () => {
  const tilde = (octets: string): string => `~{${octets.length}+}\r\n${octets}`
  const binary = '\0\x01\r\n\n\r\xff'
  const part = (encoding: string, body: string): string =>
    `Content-Type: image/x\r\nContent-transfer-encoding:\r\n ${encoding}\r\nX: y\r\n\r\n${body}`
  const head = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'

  it('become base64 in parts that say that they are binary', async () => {
    const other = part('7bit', 'plain\r\n')
    await client.ok(
      `APPEND INBOX ${tilde(`${head}${part('binary', binary)}\r\n--b\r\n${other}\r\n--b--\r\n`)}`,
    )
    const encoded = `Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\nX: y\r\n\r\n${Buffer.from(binary, 'latin1').toString('base64')}`
    expect(await bodies()).toEqual([`${head}${encoded}\r\n--b\r\n${other}\r\n--b--\r\n`])
    await client.ok('SELECT INBOX')
    expect(await client.ok('FETCH 1 BINARY.SIZE[1]')).toEqual([`1 FETCH (BINARY.SIZE[1] ${binary.length})`])
  })

  it('do so too in a message of one part, and in a message in a message; lines get no longer than 76', async () => {
    const body = '\0'.repeat(100)
    await client.ok(`APPEND INBOX ${tilde(part('BINARY', body))}`)
    const lines = `${'A'.repeat(76)}\r\n${Buffer.alloc(100).toString('base64').slice(76)}\r\n`
    expect(await bodies()).toEqual([
      `Content-Type: image/x\r\nContent-Transfer-Encoding: base64\r\nX: y\r\n\r\n${lines}`,
    ])
    const nested = `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\n${part('binary', body)}`
    await client.ok(`APPEND INBOX ${tilde(nested)}`)
    expect((await bodies())[1]).toBe(
      `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\nContent-Type: image/x\r\nContent-Transfer-Encoding: base64\r\nX: y\r\n\r\n${lines}`,
    )
  })

  it('stay as they are where lines can hold them', async () => {
    const harmless = part('binary', 'no\x80 NUL\r\n')
    await client.ok(`APPEND INBOX ${tilde(harmless)} ${tilde(text)}`)
    expect(await bodies()).toEqual([harmless, text])
  })

  it.each([
    ['a part that does not say so', part('8bit', 'a\0b')],
    ['a header', 'Subject: \0\r\n\r\n'],
    [
      'what stands before the parts',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n\0\r\n--b\r\n\r\nx\r\n--b--\r\n',
    ],
    [
      'a multipart that cannot be taken apart',
      'Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: binary\r\n\r\n\0',
    ],
    [
      'a message that is not all there',
      'Content-Type: message/partial\r\nContent-Transfer-Encoding: binary\r\n\r\n\0',
    ],
  ])('are refused in %s', async (_, message) => {
    expect((await client.command(`APPEND INBOX ${tilde(message)}`)).tagged).toMatch(/^NO \[UNKNOWN-CTE\] /)
    expect(await bodies()).toEqual([])
  })
})

describe('headers in UTF-8 (RFC 6855 §4)', () => {
  const utf8 = Buffer.from('Subject: ä\r\n\r\nö\r\n').toString('latin1')

  it('are taken from clients that have enabled it, in the form that is for them, or any', async () => {
    expect((await client.command(`APPEND INBOX UTF8 (~${plus(utf8)})`)).tagged).toMatch(/^NO /)
    await client.ok('ENABLE UTF8=ACCEPT')
    for (const form of [plus(utf8), `UTF8 (~${plus(utf8)})`]) await client.ok(`APPEND INBOX ${form}`)
    expect(await bodies()).toEqual([utf8, utf8])
  })

  it('are something else than bodies in UTF-8', async () => {
    const body = Buffer.from('Subject: a\r\n\r\nö\r\n').toString('latin1')
    await client.ok(`APPEND INBOX ${plus(body)} ${plus(`\r\n${utf8}`)}`)
    expect(await bodies()).toEqual([body, `\r\n${utf8}`])
  })

  it('are taken from everybody, unless the config says otherwise', async () => {
    await client.ok(`APPEND INBOX ${plus(utf8)}`)
    await using strict = await startImapTest({ options: { acceptRawHeaders: false } })
    const other = await strict.connect()
    other.sendsOctets = true
    expect((await other.command(`APPEND INBOX ${plus(utf8)}`)).tagged).toMatch(/^NO /)
    expect((await strict.mail.status('INBOX')).messages).toBe(0)
  })

  it.each([`UTF8 (${plus(text)})`, `UTF8 ~${plus(text)}`, `UTF8 (~${plus(text)}`])(
    'are BAD as %j',
    async (form) => {
      expect((await client.command(`APPEND INBOX ${form}`)).tagged).toMatch(/^BAD /)
    },
  )
})

describe('a quota', () => {
  it('refuses a message before it is sent, and in any case', async () => {
    await using limited = await limitedAccount(10_000)
    await limited.mail.append('INBOX', [{ content: bufferContent(Buffer.alloc(6_000, 'x')) }])
    const large = 'x'.repeat(4_100)
    expect((await limited.client.command('APPEND INBOX {4100}', large)).tagged).toMatch(/^NO \[OVERQUOTA\] /)
    expect((await limited.client.command(`APPEND INBOX ${plus(large)}`)).tagged).toMatch(/^NO \[OVERQUOTA\] /)
    const small = 'x'.repeat(3_000)
    expect((await limited.client.command(`APPEND INBOX ${plus(small)} ${plus(small)}`)).tagged).toMatch(
      /^NO \[OVERQUOTA\] /,
    )
    expect((await limited.mail.status('INBOX')).messages).toBe(1)
    expect((await limited.client.command(`APPEND INBOX ${plus(small)}`)).tagged).toMatch(/^OK /)
  })
})
