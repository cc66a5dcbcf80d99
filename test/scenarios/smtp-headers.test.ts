import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import milter from 'mailwright/plugins/milter'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeMilter, startFakeMilter, textsOf } from '../support/smtp/milter-fake.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const login = 'tim@example.org'
const password = 'correct horse battery'

let host: TestHost
let fake: FakeMilter
const wires: Wire[] = []

beforeEach(async () => {
  fake = await startFakeMilter()
  host = await createTestHost({
    sockets: true,
    plugins: [
      memoryAccounts({ accounts: [{ address: login, password }] }),
      certificates(),
      maildir(),
      localDelivery(),
      queue(),
      milter({ milters: [{ socket: fake.socket, roles: ['transfer', 'lmtp'] }] }),
      smtp({ port: 0, binaryMime: true }, { as: 'transfer' }),
      smtp({ port: 0, role: 'lmtp' }, { as: 'lmtp' }),
      imap({ port: 0, allowPlaintextLogin: true }),
    ],
  })
})

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await host.stop()
  await fake.stop()
})

async function connected(plugin: string): Promise<Wire> {
  const wire = wireTo(host.listeners.find((one) => one.plugin === plugin)?.port ?? 0)
  wires.push(wire)
  wire.socket.setNoDelay(true)
  await wire.line()
  return wire
}

/** In a transaction with one recipient. */
async function begun(hello = 'EHLO', parameters = ''): Promise<Wire> {
  const wire = await connected(hello === 'LHLO' ? 'lmtp' : 'transfer')
  await wire.send(`${hello} client.example\r\n`).until('\r\n250 ')
  await wire.line()
  expect(await wire.ask(`MAIL FROM:<a@client.example>${parameters}`)).toMatch(/^250 /)
  expect(await wire.ask(`RCPT TO:<${login}>`)).toMatch(/^250 /)
  return wire
}

async function byData(text: string, hello?: string): Promise<void> {
  const wire = await begun(hello)
  expect(await wire.ask('DATA')).toMatch(/^354 /)
  const octets = `${text.replaceAll(/^\./gm, '..')}.\r\n`
  // The first ones each in a packet of its own.
  const alone = Math.min(200, octets.length)
  for (let at = 0; at < alone; at++) wire.send(octets.charAt(at))
  expect(await wire.send(octets.slice(alone)).line()).toMatch(/^250 /)
}

async function byChunks(text: string, parameters = ''): Promise<void> {
  const wire = await begun('EHLO', parameters)
  for (let at = 0; at < Math.min(200, text.length); at += 3) {
    const chunk = at + 3 < 200 ? text.slice(at, at + 3) : text.slice(at)
    expect(await wire.send(`BDAT ${chunk.length}\r\n${chunk}`).line()).toMatch(/^250 /)
  }
  expect(await wire.ask('BDAT 0 LAST')).toMatch(/^250 /)
}

const ways: readonly (readonly [string, (text: string) => Promise<void>])[] = [
  ['DATA', (text) => byData(text)],
  ['BDAT', (text) => byChunks(text)],
  ['BDAT with BODY=BINARYMIME', (text) => byChunks(text, ' BODY=BINARYMIME')],
  ['LMTP', (text) => byData(text, 'LHLO')],
]

/** The newest message: all of it, and the parts that IMAP tells. */
async function newest(): Promise<{ whole: string; header: string; text: string; structure: string }> {
  const wire = await connected('imap')
  await wire.send(`a LOGIN ${login} "${password}"\r\na SELECT INBOX\r\n`).until('a OK [READ-WRITE]')
  await wire.line()
  const literal = async (section: string): Promise<string> => {
    const answer = await wire.send(`b FETCH * (BODY.PEEK[${section}])\r\n`).until('\r\nb OK')
    await wire.line()
    const [start = '', size] = /^\* \d+ FETCH \(BODY\[\w*\] \{(\d+)\}\r\n/.exec(answer) ?? []
    return size === undefined ? '' : answer.slice(start.length, start.length + Number(size))
  }
  const parts = { whole: await literal(''), header: await literal('HEADER'), text: await literal('TEXT') }
  const structure = await wire.send('c FETCH * (BODYSTRUCTURE)\r\n').until('\r\nc OK')
  return { ...parts, structure }
}

const noHeader = 'The disk of db1 is full.\r\nPlease look at it: http://db1.example\r\n'
// A little less than 1 MiB, above which milters would refuse it.
const longHeader = `${`X-A: ${'b'.repeat(60_000)}\r\n`.repeat(17)}Subject: x\r\n`

describe.each(ways)('by %s', (_, send) => {
  test.each([
    ['no header', '', noHeader],
    ['a fold of nothing', '', ' evil: continuation\r\nSubject: x\r\n\r\nbody\r\n'],
    ['a line that is no field', 'Subject: x\r\n y\r\n', 'stray\r\nTo: a\r\n\r\nbody\r\n'],
  ])('%s: the text stays the body', async (_name, fields, text) => {
    await send(fields + text)
    const { whole, header, text: body, structure } = await newest()
    expect(whole.endsWith(`\r\n${fields}\r\n${text}`)).toBe(true)
    expect(header.endsWith(`\r\n${fields}\r\n`)).toBe(true)
    expect(header).not.toMatch(/evil|stray|disk/)
    expect(body).toBe(text)
    expect(structure).toContain(` ${text.length} ${text.split('\r\n').length - 1} `)
    expect(textsOf(fake, 'B')).toEqual([text])
    expect(textsOf(fake, 'L')).toEqual(fields === '' ? [] : ['Subject|x\n y|'])
  })

  test.each([
    ['nothing', '', ''],
    ['an empty line', '\r\n', ''],
    ['a body alone', '\r\n', 'From: text\r\n.\r\n'],
    ['a header alone', 'Subject: x\r\nTo: a\r\n b\r\n', ''],
    ['fields of all kinds', 'subject : \xff\r\nX:\r\n \t\r\nx-y_1:z\r\n\r\n', '.\r\n..\r\n \xff\r\n'],
    ['a header of 1 MB', `${longHeader}\r\n`, 'body\r\n'],
  ])('%s is kept octet for octet', async (_name, fields, text) => {
    await send(fields + text)
    const { whole, header, text: body } = await newest()
    expect(whole.slice(whole.indexOf('+0000\r\n') + 7) === fields + text).toBe(true)
    expect(body).toBe(text)
    expect(header.endsWith(fields)).toBe(true)
    expect(textsOf(fake, 'B').join('')).toBe(text)
  })
})

test('a header of BDAT may end without a line end', async () => {
  await byChunks('Subject: x')
  const { whole, text } = await newest()
  expect(whole).toMatch(/\+0000\r\nSubject: x(?:\r\n)?$/)
  expect(text).toBe('')
})
