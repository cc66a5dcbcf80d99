import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, expect, test } from 'vitest'
import { type Wire, wireTo } from '../support/wire.ts'

const login = 'tim@example.org'
const password = 'correct horse battery'
const everyOctet = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet))
// What would be read as the end of a message, a command or another message by somebody else.
const smuggled = '\n.\nMAIL FROM:<evil@example.org>\r\n.\r\n\n.\r\n\r.\r\0'

let host: TestHost
const wires: Wire[] = []

afterEach(async () => {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await host.stop()
})

async function connected(plugin: string): Promise<Wire> {
  const wire = wireTo(host.listeners.find((one) => one.plugin === plugin)?.port ?? 0)
  wires.push(wire)
  await wire.line()
  return wire
}

async function send(octets: Buffer): Promise<void> {
  const wire = await connected('smtp')
  expect(await wire.send('EHLO client.example\r\n').until('\r\n250 ')).toContain('250-BINARYMIME\r\n')
  await wire.line()
  expect(await wire.ask('MAIL FROM:<a@client.example> BODY=BINARYMIME')).toMatch(/^250 /)
  await wire.ask(`RCPT TO:<${login}>`)
  expect(await wire.ask('DATA')).toMatch(/^503 5\.5\.1 /)
  // However it is cut.
  for (let start = 0; start < octets.length; start += 97) {
    const chunk = octets.subarray(start, start + 97)
    const last = start + 97 >= octets.length ? ' LAST' : ''
    wire.send(Buffer.concat([Buffer.from(`BDAT ${chunk.length}${last}\r\n`), chunk]))
    expect(await wire.line()).toMatch(/^250 2\.0\.0 /)
  }
}

test.each(['crlf', 'lf'] as const)(
  'octets that are no text come whole to IMAP and POP3, from Maildirs with %s',
  async (lineEnds) => {
    host = await createTestHost({
      sockets: true,
      plugins: [
        memoryAccounts({ accounts: [{ address: login, password }] }),
        certificates(),
        maildir({ lineEnds }),
        localDelivery(),
        queue(),
        smtp({ port: 0, binaryMime: true }),
        imap({ port: 0, allowPlaintextLogin: true }),
        pop3({ port: 0, allowPlaintextLogin: true }),
      ],
    })
    const attachment = Buffer.concat([Buffer.from(smuggled, 'latin1'), everyOctet, everyOctet])
    const message = Buffer.concat([
      Buffer.from(
        'From: a@client.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n' +
          'Content-Transfer-Encoding: binary\r\n\r\n--b\r\n\r\n.dot\r\n--b\r\n' +
          'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n',
      ),
      attachment,
      Buffer.from('\r\n--b--\r\n'),
    ])
    await send(message)

    const imapWire = await connected('imap')
    await imapWire.send(`a LOGIN ${login} "${password}"\r\na SELECT INBOX\r\n`).until('a OK [READ-WRITE]')
    await imapWire.line()
    const binary = await imapWire.send('b FETCH 1 (BINARY.PEEK[2])\r\n').until('b OK')
    expect(binary).toContain(`BINARY[2] ~{${attachment.length}}\r\n${attachment.toString('latin1')}`)
    await imapWire.line()
    const whole = await imapWire.send('c FETCH 1 (BODY.PEEK[])\r\n').until('c OK')
    expect(whole).not.toMatch(/\0|[^\r]\n|\r[^\n]/)
    expect(whole).toContain('\r\nContent-Transfer-Encoding: 8bit\r\n')

    const popWire = await connected('pop3')
    for (const command of [`USER ${login}`, `PASS ${password}`])
      expect(await popWire.ask(command)).toMatch(/^\+OK/)
    const retrieved = await popWire.send('RETR 1\r\n').until('\r\n.\r\n')
    expect(retrieved).toContain('\r\n..dot\r\n')
    expect(retrieved).not.toMatch(/\0|[^\r]\n|\r[^\n]/)
    const [, encoded = ''] = /Encoding: base64\r\n\r\n([\s\S]*?)\r\n--b--/.exec(retrieved) ?? []
    expect(Buffer.from(encoded, 'base64')).toEqual(attachment)
    expect(await popWire.ask('NOOP')).toMatch(/^\+OK/)
  },
)
