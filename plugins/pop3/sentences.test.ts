import { accounts, bufferContent, type PluginInstance, parseAddress, store } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import memory from 'mailwright/plugins/memory'
import { createTestHost, runDialogue, type TestHost } from 'mailwright/testing'
import { expect, test } from 'vitest'
import pop3 from './index.ts'

// Sentences of the RFCs, each beside what it asks for.

const jo = { address: 'jo@example.org', password: 'a secret' }
const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** A system with some messages, lines ending with LF. */
async function system(...messages: readonly string[]): Promise<TestHost> {
  const plugins: readonly PluginInstance[] = [
    memory({ accounts: [jo] }),
    certificates(),
    pop3({ port: 2110, allowPlaintextLogin: true }),
  ]
  const host = await createTestHost({ plugins })
  const address = parseAddress(jo.address)
  const found = address && (await host.service(accounts).resolve(address))
  if (found?.kind !== 'account') throw new Error('the account is not there')
  const mail = await host.service(store).open(found.account)
  const contents = messages.map((text) => bufferContent(Buffer.from(text.replaceAll('\n', '\r\n'))))
  if (contents.length > 0)
    await mail.append(
      'INBOX',
      contents.map((content) => ({ content })),
    )
  return host
}

/** Plays a dialogue behind the greeting. */
async function play(host: TestHost, dialogue: string): Promise<void> {
  await runDialogue(`S: +OK <re:.*>\n${dialogue.trim()}`, await host.connect('pop3'))
}

const enter = 'C: USER jo@example.org\nS: +OK\nC: PASS a secret\nS: +OK <re:.*>'

test('RFC 1939 §3: what is unknown, malformed or misplaced is answered with -ERR, in capitals', async () => {
  await using host = await system('Subject: one\n\n1\n')
  await play(
    host,
    `
C: STAT
S: -ERR <re:.*>
C: XYZZY
S: -ERR <re:.*>
C: quit now
S: -ERR <re:.*>
${enter}
C: USER jo@example.org
S: -ERR <re:.*>
C: PASS a secret
S: -ERR <re:.*>
C: AUTH PLAIN
S: -ERR <re:.*>
C: STLS
S: -ERR <re:.*>
C: UTF8
S: -ERR <re:.*>
C: STAT 1
S: -ERR <re:.*>
C: LIST 1 2
S: -ERR <re:.*>
C: RETR
S: -ERR <re:.*>
C: DELE x
S: -ERR <re:.*>
C: TOP 1
S: -ERR <re:.*>
C: TOP 1 -1
S: -ERR <re:.*>
C: noop
S: +OK`,
  )
})

test('RFC 1939 §4: "QUIT" in the AUTHORIZATION state is answered with +OK', async () => {
  await using host = await system()
  await play(host, 'C: QUIT\nS: +OK <re:.*>\nS[end]')
})

test('RFC 1939 §5: what is marked as deleted is neither counted nor listed, and any reference to it is an error', async () => {
  await using host = await system('Subject: one\n\n1\n', 'Subject: two\n\n22\n')
  await play(
    host,
    `
${enter}
C: STAT
S: +OK 2 <re:\\d+>
C: LIST 2
S: +OK 2 20
C: DELE 1
S: +OK <re:.*>
C: STAT
S: +OK 1 20
C: LIST
S: +OK <re:.*>
S: 2 20
S: .
C: UIDL
S: +OK <re:.*>
S: 2 <re:[!-~]{1,70}>
S: .
C: LIST 1
S: -ERR <re:.*>
C: UIDL 1
S: -ERR <re:.*>
C: RETR 1
S: -ERR <re:.*>
C: TOP 1 0
S: -ERR <re:.*>
C: DELE 1
S: -ERR <re:.*>
C: RSET
S: +OK <re:.*>
C: STAT
S: +OK 2 <re:\\d+>
C: LIST 3
S: -ERR <re:.*>
C: QUIT
S: +OK <re:.*>
S[end]`,
  )
  // §6: only QUIT removes messages.
  await play(
    host,
    `${enter}\nC: STAT\nS: +OK 2 <re:\\d+>\nC: DELE 2\nS: +OK <re:.*>\nC: QUIT\nS: +OK <re:.*>\nS[end]`,
  )
  await play(host, `${enter}\nC: STAT\nS: +OK 1 19`)
})

test('RFC 1939 §5: an empty maildrop is listed as nothing', async () => {
  await using host = await system()
  await play(
    host,
    `${enter}\nC: LIST\nS: +OK <re:.*>\nS: .\nC: UIDL\nS: +OK <re:.*>\nS: .\nC: STAT\nS: +OK 0 0`,
  )
})

test('RFC 1939 §7: TOP sends so many lines, or the entire message where it has fewer', async () => {
  await using host = await system('Subject: one\n\n.\n2\n3\n')
  await play(
    host,
    `
${enter}
C: TOP 1 0
S: +OK
S: Subject: one
S: 
S: .
C: TOP 1 2
S: +OK
S: Subject: one
S: 
S: ..
S: 2
S: .
C: TOP 1 99
S: +OK
S: Subject: one
S: 
S: ..
S: 2
S: 3
S: .`,
  )
})

test('RFC 1939 §7: PASS is given "immediately after a successful USER command"', async () => {
  await using host = await system()
  await play(
    host,
    `
C: PASS a secret
S: -ERR USER comes first
C: USER jo@example.org
S: +OK
C: USER 
S: -ERR <re:.*>
C: PASS a secret
S: -ERR USER comes first
C: USER jo@example.org
S: +OK
C: NOOP
S: -ERR <re:.*>
C: PASS a secret
S: -ERR USER comes first
C: USER jo@example.org
S: +OK
C: AUTH NONSENSE
S: -ERR <re:.*>
C: PASS a secret
S: -ERR USER comes first
${enter}`,
  )
})

test('RFC 2449 §5: capabilities of the AUTHORIZATION state are announced in both states', async () => {
  await using host = await system()
  const capabilities = async (dialogue: string): Promise<readonly string[]> => {
    const connection = await host.connect('pop3')
    await runDialogue(`S: +OK <re:.*>\n${dialogue}`.trim(), connection)
    connection.send('CAPA')
    const lines: string[] = []
    for (let line = await connection.readLine(); line !== '.'; line = await connection.readLine()) {
      if (line === undefined) throw new Error('the connection was ended')
      lines.push(line)
    }
    expect(lines[0]).toMatch(/^\+OK/)
    return lines.slice(1)
  }
  const before = await capabilities('')
  // RFC 2595 §4: STLS is announced where it is permitted.
  expect(await capabilities(enter)).toEqual(before.filter((line) => line !== 'STLS'))
  expect(before).toContain('STLS')
  for (const line of before) expect(line).toMatch(/^[!-,/-~-]+(?: [!-~]+)*$/)
})

test('RFC 2449 §4: commands have up to 255 octets with their CRLF', async () => {
  await using host = await system()
  await play(host, `C: USER ${'x'.repeat(248)}\nS: +OK\nC: USER ${'x'.repeat(249)}\nS: -ERR <re:.*>`)
})

test('RFC 5034 §4: what AUTH must refuse', async () => {
  await using host = await system()
  const plain = encoded('\0jo@example.org\0a secret')
  await play(
    host,
    `
C: AUTH NONSENSE
S: -ERR <re:.*>
C: AUTH PLAIN =AAA
S: -ERR <re:.*>
C: AUTH PLAIN AAA=BBB
S: -ERR <re:.*>
C: AUTH PLAIN
S: + 
C: ${plain}!
S: -ERR <re:.*>
C: AUTH PLAIN
S: + 
C: *
S: -ERR <re:.*>
C: auth plain ${plain}
S: +OK <re:.*>
C: AUTH PLAIN ${plain}
S: -ERR <re:.*>`,
  )
})

test('RFC 6856 §3.2: LANG is answered with the tag, and listed with a description', async () => {
  await using host = await system()
  await play(
    host,
    `
C: LANG
S: +OK <re:.*>
S: en English
S: i-default English
S: .
C: LANG *
S: +OK en <re:.+>
C: LANG MUL
S: -ERR <re:.*>
C: LANG en english
S: -ERR <re:.*>
${enter}
C: LANG en
S: +OK en <re:.+>`,
  )
})

test('RFC 6856 §2.1: without UTF8 no header beyond ASCII is sent as it is', async () => {
  await using host = await system('Subject: \u00fcber\n\ntext\n')
  await play(
    host,
    `C: UTF8\nS: +OK <re:.*>\n${enter}\nC: TOP 1 0\nS: +OK\nS: Subject: \u00fcber\nS: \nS: .\nC: QUIT\nS: +OK <re:.*>\nS[end]`,
  )
  await play(host, `${enter}\nC: TOP 1 0\nS: +OK\nS: Subject: =?utf-8?B?${encoded('\u00fcber')}?=\nS: \nS: .`)
})
