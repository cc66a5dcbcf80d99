import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type PostfixSender, postfixFolder, startPostfixSender } from '../support/peers/postfix-sender.ts'
import { type SmtpServer, startSmtpServer, type TakenMessage } from '../support/smtp/smtp-server.ts'
import { wireTo } from '../support/wire.ts'

const postfix = requirePeer('postmap')
const runs = postfix.available && process.getuid?.() === 0

describe.runIf(runs)(runs ? 'a Postfix that sends to us' : `${postfix.title} (as root)`, () => {
  let server: SmtpServer
  let sender: PostfixSender
  let port: number

  beforeAll(async () => {
    const folder = await postfixFolder()
    const path = join(folder, 'lmtp.sock')
    server = await startSmtpServer({
      transfer: { xforward: ['127.0.0.1'] },
      lmtp: { path, mode: '0666' },
    })
    port = await freePort()
    sender = await startPostfixSender(folder, {
      transports: {
        'clear.example': `clear:[127.0.0.1]:${server.port}`,
        'tls.example': `secure:[127.0.0.1]:${server.port}`,
        'forwarded.example': `forwarding:[127.0.0.1]:${server.port}`,
        'lmtp.example': `lmtp:unix:${path}`,
      },
      services: [
        `127.0.0.1:${port} inet n - n - - smtpd`,
        'clear unix - - n - - smtp -o smtp_tls_security_level=none',
        'forwarding unix - - n - - smtp -o smtp_send_xforward_command=yes',
        'secure unix - - n - - smtp -o smtp_tls_security_level=encrypt',
      ],
    })
  })

  afterAll(async () => {
    await sender?.stop()
    await server?.stop()
  })

  /** The message with this subject, when it has come. */
  async function arrived(subject: string): Promise<TakenMessage> {
    const find = () => server.taken.find(({ text }) => text.includes(`\r\nSubject: ${subject}\r\n`))
    try {
      await expect.poll(find, { timeout: 30_000 }).toBeDefined()
    } catch (error) {
      throw new Error(await sender.log(), { cause: error })
    }
    return find() as TakenMessage
  }

  test.each([
    ['clear.example', /\r\n\tby mx\.example\.org with ESMTP\r\n/],
    ['tls.example', /\r\n\t\(TLSv1\.3 \S+\)\r\n\tby mx\.example\.org with ESMTPS\r\n/],
    [
      'lmtp.example',
      /^Received: from relay\.client\.example \(Unix socket\)\r\n\tby mx\.example\.org with LMTP\r\n/,
    ],
  ])('to %s', async (domain, trace) => {
    await sender.send(
      [`b@${domain}`, `c@${domain}`],
      `Subject: ${domain}\n\n.\n..\n${'0123456789'.repeat(10_000)}\n`,
    )
    const { text, to, transaction } = await arrived(domain)
    expect(text).toMatch(trace)
    expect(text).toContain('\r\n\r\n.\r\n..\r\n0123456789')
    expect(to.map(({ localPart }) => localPart)).toEqual(['b', 'c'])
    expect(transaction.session.hello?.name).toBe('relay.client.example')
  })

  test('XFORWARD tells where the message came from before', async () => {
    const wire = wireTo(port)
    await wire.line()
    await wire.send('EHLO origin.example\r\n').until('\r\n250 ')
    await wire.line()
    for (const command of ['MAIL FROM:<a@client.example>', 'RCPT TO:<b@forwarded.example>', 'DATA'])
      await wire.ask(command)
    const queued = /queued as (\w+)/.exec(await wire.ask('Subject: forwarded\r\n\r\n.'))?.[1]
    const clientPort = String(wire.socket.localPort)
    await wire.send('QUIT\r\n').rest()
    const { transaction, text } = await arrived('forwarded')
    const entry = (await server.history()).find(
      (one) => one.transaction === transaction.id && one.facts?.forwarded !== undefined,
    )
    expect(entry?.facts?.forwarded).toMatchObject({
      ADDR: '127.0.0.1',
      PORT: clientPort,
      PROTO: 'ESMTP',
      HELO: 'origin.example',
      SOURCE: 'LOCAL',
      IDENT: queued,
    })
    expect(text).toMatch(/^Received: from relay\.client\.example \(localhost \[127\.0\.0\.1\]\)/)
  })

  test('by LMTP each recipient has an answer: who is refused bounces, who is full too', async () => {
    await sender.send(
      ['b@lmtp.example', 'nobody@lmtp.example', 'full@lmtp.example'],
      'Subject: three answers\n\nx\n',
    )
    await arrived('three answers')
    await expect
      .poll(() => sender.log(), { timeout: 30_000 })
      .toMatch(/nobody@lmtp\.example.*dsn=5\.7\.1, status=bounced/)
    const log = await sender.log()
    expect(log).toMatch(/<full@lmtp\.example>.*dsn=5\.2\.2, status=bounced/)
    expect(log).toMatch(/<b@lmtp\.example>.*dsn=2\.0\.0, status=sent \(250 2\.0\.0 Taken as/)
  })
})
