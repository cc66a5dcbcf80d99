import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import {
  type ImapTest,
  type ImapTestClient,
  login,
  startImapTest,
} from '../../../../test/support/imap/imap-session.ts'

let system: ImapTest
let client: ImapTestClient
let validity: number

const first = 'Content-Type: text/plain\r\n\r\nfirst part'
const second = 'Content-Type: text/html\r\n\r\n<p>second</p>'
const original = `Subject: parts\r\nTo: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${first}\r\n--b\r\n${second}\r\n--b--\r\n`

beforeEach(async () => {
  system = await startImapTest()
  onTestFinished(() => system[Symbol.asyncDispose]())
  await system.mail.createMailbox('Drafts/ä b')
  await system.deliver('Drafts/ä b', original)
  await system.deliver('INBOX', 'Subject: in the inbox\n\ntext\n')
  client = await system.connect()
  client.sendsOctets = true
  validity = (await system.mail.status('Drafts/ä b')).uidValidity
})

const drafts = '/Drafts/%C3%A4%20b'
const plus = (octets: string): string => `{${octets.length}+}\r\n${octets}`

/** The message that such parts make. */
async function made(parts: string): Promise<string> {
  const { tagged } = await client.command(`APPEND INBOX (\\Draft) CATENATE (${parts})`)
  expect(tagged).toMatch(/^OK \[APPENDUID /)
  const mailbox = await system.mail.openMailbox('INBOX')
  const content = await mailbox.content(mailbox.entries.at(-1)?.uid ?? 0)
  return (await content.read(0, content.size)).toString('latin1')
}

describe('CATENATE (RFC 4469)', () => {
  it.each([
    ['a text', `TEXT ${plus('a: b\r\n\r\n')}`, 'a: b\r\n\r\n'],
    ['texts one behind the other', `TEXT ${plus('a: b\r')} TEXT ${plus('\n\r\nc')}`, 'a: b\r\n\r\nc'],
    ['a whole message', `URL "${drafts}/;UID=1"`, original],
    ['a header', `URL "${drafts}/;UID=1/;SECTION=HEADER"`, original.slice(0, original.indexOf('--b'))],
    ['some fields', `URL "${drafts}/;UID=1/;SECTION=HEADER.FIELDS%20(To)"`, 'To: a@b.example\r\n\r\n'],
    [
      'a part and its fields',
      `URL "${drafts}/;UID=1/;section=2.MIME" URL "${drafts}/;UID=1/;section=2"`,
      second,
    ],
    ['octets of a part (RFC 5550)', `URL "${drafts}/;UID=1/;SECTION=1/;PARTIAL=6.4"`, 'part'],
    ['all octets from one on', `URL "${drafts}/;UID=1/;SECTION=1/;PARTIAL=6"`, 'part'],
    ['what is asked in any case', `url "${drafts}/;uid=1/;section=1" text ${plus('!')}`, 'first part!'],
    ['a URL that was sent as a literal', `URL ${plus(`${drafts}/;UID=1/;SECTION=1`)}`, 'first part'],
    ['an absolute URL', `URL "imap://mail.example.org${drafts}/;UID=1/;SECTION=1"`, 'first part'],
    [
      'one with a name',
      `URL "imap://${encodeURIComponent(login)}@MAIL.example.org${drafts}/;UID=1/;SECTION=1"`,
      'first part',
    ],
  ])('makes a message of %s', async (_, parts, message) => {
    expect(await made(parts)).toBe(message)
  })

  it('does not set \\Seen in what it takes from, and knows UIDVALIDITY', async () => {
    expect(await made(`URL "${drafts};UIDVALIDITY=${validity}/;UID=1/;SECTION=1"`)).toBe('first part')
    expect((await system.mail.openMailbox('Drafts/ä b')).entries[0]?.flags).toEqual([])
  })

  it('takes URLs that are relative to the selected mailbox', async () => {
    expect((await client.command('APPEND INBOX CATENATE (URL ;UID=1)')).tagged).toMatch(
      /^NO \[BADURL ;UID=1\] /,
    )
    await client.ok(`SELECT "Drafts/&AOQ- b"`)
    expect(await made('URL ;UID=1/;SECTION=1')).toBe('first part')
    expect(await made('URL /INBOX/;UID=1/;SECTION=TEXT')).toBe('text\r\n')
    expect(client.dialogue.transcript.some((line) => line.includes('[READ-WRITE]'))).toBe(true)
  })

  it('makes some of several messages', async () => {
    const parts = `CATENATE (URL "${drafts}/;UID=1/;SECTION=1")`
    const { tagged } = await client.command(`APPEND INBOX ${plus('one')} (\\Seen) ${parts} ${plus('three')}`)
    expect(tagged).toMatch(/^OK \[APPENDUID \d+ 2:4\] /)
  })

  it('takes parts in UTF-8 from who has enabled that (RFC 6855 §4)', async () => {
    const utf8 = Buffer.from('Subject: ä\r\n').toString('latin1')
    const parts = `UTF8 (~${plus(utf8)}) TEXT ${plus('\r\nbody')}`
    expect((await client.command(`APPEND INBOX CATENATE (${parts})`)).tagged).toMatch(/^NO /)
    await client.ok('ENABLE UTF8=ACCEPT')
    expect(await made(parts)).toBe(`${utf8}\r\nbody`)
  })

  it('takes parts that are only there once the message is put together for binary', async () => {
    const head = 'MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n'
    await client.ok('ENABLE UTF8=ACCEPT')
    expect(await made(`TEXT ${plus(head)} UTF8 (~${plus('\0\x01')})`)).toBe(
      'MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAAE=\r\n',
    )
  })

  it.each([
    ['no such message', `${drafts}/;UID=77`],
    ['no such part', `${drafts}/;UID=1/;SECTION=3`],
    ['no section', `${drafts}/;UID=1/;SECTION=BLURB`],
    ['more than a section', `${drafts}/;UID=1/;SECTION=1%20x`],
    ['no such mailbox', '/Nowhere/;UID=1'],
    ['a name that no mailbox can have', '/a%2F%2Fb/;UID=1'],
    ['another mailbox of that name', `${drafts};UIDVALIDITY=1/;UID=1`],
    ['another server', `imap://other.example${drafts}/;UID=1`],
    ['another port', `imap://mail.example.org:1${drafts}/;UID=1`],
    ['another account', `imap://bob@mail.example.org${drafts}/;UID=1`],
    ['another scheme', 'http://mail.example.org/'],
    ['a list of messages', '/INBOX'],
    ['a search', '/INBOX?ALL'],
  ])('fails with BADURL for %s', async (_, url) => {
    const command = `APPEND INBOX CATENATE (TEXT ${plus('a: b\r\n')} URL "${url}" URL "/also/;UID=1")`
    const { tagged } = await client.command(command)
    expect(tagged.startsWith(`NO [BADURL ${url}] `)).toBe(true)
    expect((await system.mail.status('INBOX')).messages).toBe(1)
  })

  it.each([
    ['', '""'],
    ['/a]b', '/a%5Db'],
    ['/a\r\nb', '/a%0D%0Ab'],
    ['/\xe4', '/%E4'],
  ])('tells a URL that could not stand in a response: %j', async (url, told) => {
    const { tagged } = await client.command(`APPEND INBOX CATENATE (URL ${plus(url)})`)
    expect(tagged.startsWith(`NO [BADURL ${told}] `)).toBe(true)
  })

  it('says first that there is no such mailbox, or no right (RFC 9051 §6.3.12)', async () => {
    const { tagged } = await client.command('APPEND Nowhere CATENATE (URL "/a;uidvalidity=1/;uid=1")')
    expect(tagged).toMatch(/^NO \[TRYCREATE\] /)
  })

  it('refuses what would be too large, or empty', async () => {
    await using small = await startImapTest({ options: { maxMessageSize: 2_000 } })
    await small.deliver('INBOX', `Subject: x\n\n${'x'.repeat(1_500)}`)
    const other = await small.connect()
    const url = 'URL /INBOX/;UID=1'
    expect((await other.command(`APPEND INBOX CATENATE (${url} ${url})`)).tagged).toMatch(/^NO \[TOOBIG\] /)
    expect((await other.command(`APPEND INBOX CATENATE (TEXT ${plus('')})`)).tagged).toMatch(/^NO /)
    expect((await small.mail.status('INBOX')).messages).toBe(1)
  })

  it.each([
    'CATENATE',
    'CATENATE ()',
    'CATENATE (BLURB x)',
    'CATENATE (URL)',
    'CATENATE (URL /INBOX/;UID=1',
    `CATENATE (TEXT ~${plus('x')})`,
    `CATENATE (TEXT ${plus('\0')})`,
    'CATENATE (TEXT "x")',
    `CATENATE (CATENATE (TEXT ${plus('x')}))`,
  ])('is BAD as %j', async (parts) => {
    expect((await client.command(`APPEND INBOX ${parts}`)).tagged).toMatch(/^BAD /)
  })
})
