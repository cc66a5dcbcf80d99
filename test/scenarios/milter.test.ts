import milter, { type MilterEntry } from 'mailwright/plugins/milter'
import { createTransport } from 'nodemailer'
import { afterEach, describe, expect, test } from 'vitest'
import { LineClient } from '../support/line-client.ts'
import {
  type FakeMilter,
  type FakeMilterOptions,
  macrosOf,
  milterPacket as packet,
  startFakeMilter,
} from '../support/smtp/milter-fake.ts'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'

let server: SmtpServer | undefined
let fake: FakeMilter | undefined
const clients: LineClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  await server?.stop()
  await fake?.stop()
})

interface Started {
  readonly server: SmtpServer
  readonly fake: FakeMilter
}

async function start(options: FakeMilterOptions = {}, entry: Partial<MilterEntry> = {}): Promise<Started> {
  const started = await startFakeMilter(options)
  fake = started
  const plugins = [milter({ milters: [{ socket: started.socket, ...entry }] })]
  const running = await startSmtpServer({ plugins })
  server = running
  return { server: running, fake: started }
}

async function client(port: number): Promise<LineClient> {
  const made = await LineClient.open(port)
  clients.push(made)
  return made
}

/** Sends the lines one after the other; answers the codes of the replies. */
async function talk(port: number, ...lines: readonly string[]): Promise<string> {
  const made = await client(port)
  const replies = [await made.reply()]
  for (const line of lines) replies.push(await made.ask(line))
  return replies.map((reply) => reply?.slice(0, 3) ?? 'end').join(' ')
}

const envelope = ['EHLO c.example', 'MAIL FROM:<a@c.example> SIZE=100', 'RCPT TO:<b@example.org>', 'DATA']
const message = ['Subject: x', 'Received: from elsewhere id 1', '', 'Hello.', '.'].join('\r\n')

function texts(code: string): readonly string[] {
  return (fake?.commands ?? [])
    .filter((command) => command.code === code)
    .map(({ data }) => data.toString('latin1').replaceAll('\0', '|'))
}

describe('a session with a milter', () => {
  test('from the greeting to the end', async () => {
    const { server: running, fake: milterOf } = await start()
    expect(await talk(running.port, ...envelope, message, 'QUIT')).toBe('220 250 250 250 354 250 221')
    await milterOf.until(() => milterOf.codes.endsWith('Q'))
    expect(milterOf.codes).toBe('OCHMRTLLNBEQ')
    expect(texts('C')[0]).toMatch(/^localhost\|4..127\.0\.0\.1\|$/s)
    expect(texts('M')).toEqual(['<a@c.example>|SIZE=100|'])
    // Not the trace field of this server; that of another, as it came.
    expect(texts('L')).toEqual(['Subject|x|', 'Received|from elsewhere id 1|'])
    expect(texts('B')).toEqual(['Hello.\r\n'])
  })

  test('changes count with the trace field on top, or without, as in Postfix', async () => {
    const changes = [
      packet('i', 0, 'X-Top', '1'),
      packet('m', 1, 'Received', 'changed'),
      packet('i', 2, 'X-Below', '1'),
    ]
    const { server: running } = await start({ answers: { E: Buffer.concat([...changes, packet('c')]) } })
    await talk(running.port, ...envelope, message)
    expect(running.taken[0]?.text).toMatch(
      /^X-Top: 1\r\nReceived: from c\.example (?:.*\r\n[ \t])+.*\r\nX-Below: 1\r\nSubject: x\r\nReceived: changed\r\n\r\nHello\.\r\n$/,
    )
  })

  test('RSET, a second message, and a client that just leaves', async () => {
    const { server: running, fake: milterOf } = await start()
    const lines = [...envelope.slice(0, 3), 'RSET', ...envelope.slice(1), message, ...envelope.slice(1, 3)]
    expect(await talk(running.port, ...lines)).toBe('220 250 250 250 250 250 250 354 250 250 250')
    clients[0]?.close()
    await milterOf.until(() => milterOf.codes.endsWith('Q'))
    expect(milterOf.codes).toBe('OCHMRAMRTLLNBEMRAQ')
  })

  test('a message that the listener refuses is over for the milter as well', async () => {
    const { server: running, fake: milterOf } = await start()
    const lines = [...envelope.slice(0, 3), 'DATA', `Subject: bare\n\r\n.`, 'QUIT']
    expect(await talk(running.port, ...lines)).toMatch(/ 5\d\d 221$/)
    await milterOf.until(() => milterOf.codes.endsWith('Q'))
    expect(milterOf.codes).toBe('OCHMRAQ')
  })

  test('TLS and a login are told', async () => {
    const { server: running, fake: milterOf } = await start()
    const transport = createTransport({
      host: '127.0.0.1',
      port: running.submissionPort,
      requireTLS: true,
      tls: { rejectUnauthorized: false },
      auth: { user: login, pass: password },
      name: 'pc.example',
    })
    await transport.sendMail({ from: login, to: 'b@example.org', subject: 'x', text: 'Hello.' })
    transport.close()
    const told = milterOf.commands.filter(({ code }) => code === 'D').map(macrosOf)
    expect(told.find((one) => '{cipher}' in one)).toMatchObject({
      '{tls_version}': 'TLSv1.3',
      '{cipher_bits}': expect.stringMatching(/^(128|256)$/),
    })
    expect(told.find((one) => '{mail_addr}' in one)).toMatchObject({
      '{auth_authen}': login,
      '{auth_type}': 'PLAIN',
      '{mail_addr}': login,
    })
    // What submission puts in is there to be signed.
    expect(texts('L').map((one) => one.split('|')[0])).toEqual(
      expect.arrayContaining(['From', 'Date', 'Message-ID', 'Subject']),
    )
  })

  test('refusals have their words, and 421 ends the session', async () => {
    const { server: running } = await start({
      answers: {
        R: [packet('y', '450-4.2.0 greylisted\r\n450 4.2.0 come back'), packet('c')],
        E: [packet('d'), packet('4')],
      },
    })
    const made = await client(running.port)
    await made.reply()
    for (const line of envelope.slice(0, 2)) await made.ask(line)
    made.send('RCPT TO:<b@example.org>')
    expect([await made.line(), await made.line()]).toEqual(['450-4.2.0 greylisted', '450 4.2.0 come back'])
    await made.ask('RCPT TO:<c@example.org>')
    await made.ask('DATA')
    expect(await made.ask(message)).toMatch(/^250 /)
    expect(running.taken).toEqual([])
    for (const line of envelope.slice(1)) await made.ask(line)
    expect(await made.ask(message)).toMatch(/^421 4\.7\.1 /)
    expect(await made.line()).toBeUndefined()
  })

  test('a client that a milter refuses is not greeted', async () => {
    const { server: running } = await start({ answers: { C: packet('r') } })
    const made = await client(running.port)
    expect(await made.reply()).toMatch(/^554 .*Refused by a mail filter/)
    expect(await made.ask('EHLO c.example')).toMatch(/^503 /)
    expect(await made.ask('QUIT')).toMatch(/^221 /)
    expect(await made.line()).toBeUndefined()
  })

  test('LMTP, where the config says so, with a reply for each', async () => {
    const { server: running, fake: milterOf } = await start(
      { answers: { E: packet('r') } },
      { roles: ['lmtp'] },
    )
    const lines = [
      'LHLO c.example',
      'MAIL FROM:<>',
      'RCPT TO:<b@example.org>',
      'RCPT TO:<c@example.org>',
      'DATA',
    ]
    expect(await talk(running.lmtpPort, ...lines, message)).toBe('220 250 250 250 250 354 550')
    expect(await clients[0]?.reply()).toMatch(/^550 /)
    expect(await talk(running.port, ...envelope, message)).toBe('220 250 250 250 354 250')
    expect(milterOf.connections).toBe(1)
  })
})

describe('without the milter', () => {
  test('mail is deferred while it is away, and taken when it is back', async () => {
    const { server: running, fake: milterOf } = await start()
    await milterOf.stop()
    fake = undefined
    expect(await talk(running.port, ...envelope.slice(0, 2), 'NOOP', 'QUIT')).toBe('220 250 451 250 221')
    const port = Number(/:(\d+)@/.exec(milterOf.socket)?.[1])
    fake = await startFakeMilter({ port })
    expect(await talk(running.port, ...envelope, message)).toBe('220 250 250 250 354 250')
  })

  test('many clients at once, some of whom leave', async () => {
    const { server: running, fake: milterOf } = await start({ flags: 0x80, answers: { L: 'nothing' } })
    const sent = Array.from({ length: 40 }, async (_, number) => {
      const leaves = number % 4 === 0
      return talk(running.port, ...envelope, ...(leaves ? [] : [message]))
    })
    const outcomes = await Promise.all(sent)
    expect(outcomes.filter((one) => one.endsWith('354 250'))).toHaveLength(30)
    for (const made of clients) made.close()
    await milterOf.until(() => milterOf.commands.filter(({ code }) => code === 'Q').length === 40)
    expect(milterOf.connections).toBe(40)
    expect(milterOf.commands.filter(({ code }) => code === 'A')).toHaveLength(10)
    expect(running.taken).toHaveLength(30)
  })
})
