import { describe, expect, test } from 'vitest'
import { sendLetter } from '../letter.ts'
import { arrived, bodyOf, eventually, everyOctet, found, type MailExchange } from './mail-exchange.ts'

const dots = '.\n..\n.x\nFrom here\n\n.\n'
const dottedBody = dots.replaceAll('\n', '\r\n')

/** Domains of the other server, and what the history says of the way there. */
export type TlsLevels = readonly (readonly [domain: string, pattern: RegExp])[]

/** What must be so with every other mail server. */
export function exchangeTests(exchange: () => MailExchange, levels: TlsLevels): void {
  describe('to it', () => sendingTests(exchange, levels))
  describe('what it refuses', () => refusalTests(exchange))
  describe('from it', () => receivingTests(exchange))
}

function mailboxes(exchange: () => MailExchange) {
  return {
    theirs: (user: string) => () => exchange().server.mailbox(user),
    ours: (address: string) => () => exchange().site.mailbox(address),
  }
}

function sendingTests(exchange: () => MailExchange, levels: TlsLevels): void {
  const { theirs, ours } = mailboxes(exchange)
  const site = () => exchange().site
  const trace = async (id: string) => (await site().run('trace', id)).out

  test.each(levels)('%s: two recipients, and dots', async (domain, tls) => {
    const subject = `to ${domain}`
    const to = [`<jo@${domain}>`, `<kim@${domain}>`]
    const { message } = await sendLetter(site().port, { to, text: `Subject: ${subject}\n\n${dots}` })
    expect(message).toMatch(/^250 /)
    for (const user of ['jo', 'kim']) expect(bodyOf(await arrived(theirs(user), subject))).toBe(dottedBody)
    const id = /as (\w+)/.exec(message ?? '')?.[1] ?? ''
    await eventually(() => trace(id), tls)
    await eventually(async () => (await site().run('queue', 'list')).out, /empty/)
  })

  test('a megabyte of octets comes unchanged', async () => {
    const octets = everyOctet()
    const text = Buffer.concat([Buffer.from('Subject: octets\r\n\r\n'), octets])
    await sendLetter(site().port, {
      from: '<anna@here.example> BODY=8BITMIME',
      to: ['<jo@there.example>'],
      text,
    })
    const body = Buffer.from(bodyOf(await arrived(theirs('jo'), 'octets')), 'latin1')
    expect(body.equals(octets)).toBe(true)
  })

  test('a slow one gets it', async () => {
    await sendLetter(site().port, { to: ['<slow@there.example>'], text: 'Subject: slow\n\nx\n' })
    await arrived(theirs('slow'), 'slow')
  })

  test('it reports a success itself, and we none', async () => {
    await sendLetter(site().port, {
      from: '<ben@here.example> RET=HDRS',
      to: ['<jo@there.example> NOTIFY=SUCCESS,FAILURE'],
      text: 'Subject: receipt\n\nbody of the receipt\n',
    })
    await arrived(theirs('jo'), 'receipt')
    const report = await found(ours('ben@here.example'), /^Action: (delivered|relayed)\r$/m)
    expect(report).toContain('Reporting-MTA: dns; mx.there.example\r\n')
    expect(report).toMatch(/^Final-Recipient: rfc822; ?jo@there\.example\r$/m)
    expect(report).not.toContain('body of the receipt')
  })
}

function refusalTests(exchange: () => MailExchange): void {
  const { theirs, ours } = mailboxes(exchange)
  const site = () => exchange().site
  const trace = async (id: string) => (await site().run('trace', id)).out

  test('who is refused for good bounces, with the words of the host, and nobody else', async () => {
    const to = ['<jo@there.example>', '<banned@there.example>', '<nobody@there.example>']
    await sendLetter(site().port, { from: '<ben@here.example>', to, text: 'Subject: refused\n\nx\n' })
    await arrived(theirs('jo'), 'refused')
    const bounce = await arrived(ours('ben@here.example'), 'Not delivered: refused')
    expect(bounce).toMatch(/^Return-Path: <>\r$/m)
    expect(bounce).toMatch(
      /Final-Recipient: rfc822; banned@there\.example\r\nAction: failed\r\nStatus: 5\.7\.1\r/,
    )
    expect(bounce).toMatch(/Diagnostic-Code: smtp; 550 5\.7\.1 (<banned@[\s\S]+)?You are not welcome\r/)
    expect(bounce).toMatch(
      /Final-Recipient: rfc822; nobody@there\.example\r\nAction: failed\r\nStatus: 5\.\d\.\d\r/,
    )
    expect(bounce).not.toContain('jo@there.example')
  })

  test('who is greylisted gets it once, at a further attempt', async () => {
    const to = ['<grey@there.example>', '<jo@there.example>']
    const { message } = await sendLetter(site().port, { to, text: 'Subject: grey\n\nx\n' })
    await arrived(theirs('jo'), 'grey')
    await arrived(theirs('grey'), 'grey')
    const id = /as (\w+)/.exec(message ?? '')?.[1] ?? ''
    await eventually(() => trace(id), /delivered .*grey@there\.example/)
    expect(await trace(id)).toMatch(/deferred .*grey@there\.example.*Greylisted/)
    await arrived(theirs('jo'), 'grey')
  })

  test('what is too large for it bounces, and it hears nothing of it', async () => {
    const text = `Subject: huge\n\n${`${'x'.repeat(70)}\n`.repeat(60_000)}`
    await sendLetter(site().port, { from: '<ben@here.example>', to: ['<jo@there.example>'], text })
    const bounce = await arrived(ours('ben@here.example'), 'Not delivered: huge')
    expect(bounce).toMatch(/Status: 5\.3\.4\r/)
    expect(await theirs('jo')()).not.toContainEqual(expect.stringContaining('Subject: huge'))
  })
}

function receivingTests(exchange: () => MailExchange): void {
  const { theirs, ours } = mailboxes(exchange)
  const server = () => exchange().server
  const send = (letter: Parameters<typeof sendLetter>[1]) =>
    sendLetter(server().port, { from: '<jo@there.example>', ...letter })

  test.each([
    ['here.example', /\(TLSv1\.3 \S+\)\r\n\tby mail\.here\.example with ESMTPS\r/],
    ['clear.here.example', /by mail\.here\.example with ESMTP\r/],
    ['plain.here.example', /by mail\.here\.example with ESMTP\r/],
  ])('for %s: two recipients, and dots', async (domain, trace) => {
    const subject = `for ${domain}`
    await send({ to: [`<anna@${domain}>`, `<ben@${domain}>`], text: `Subject: ${subject}\n\n${dots}` })
    for (const user of ['anna', 'ben']) {
      const message = await arrived(ours(`${user}@${domain}`), subject)
      expect(message).toMatch(trace)
      expect(message).toContain('Return-Path: <jo@there.example>\r\n')
      expect(bodyOf(message)).toBe(dottedBody)
    }
  })

  test.each(['here.example', 'plain.here.example'])(
    'a megabyte of octets for %s comes unchanged',
    async (domain) => {
      const octets = everyOctet()
      const text = Buffer.concat([Buffer.from(`Subject: octets for ${domain}\r\n\r\n`), octets])
      await send({ from: '<jo@there.example> BODY=8BITMIME', to: [`<anna@${domain}>`], text })
      const message = await arrived(ours(`anna@${domain}`), `octets for ${domain}`)
      expect(Buffer.from(message.slice(message.indexOf('\r\n\r\n') + 4), 'latin1').equals(octets)).toBe(true)
    },
  )

  test('whom we do not have bounces there with our words, and nobody else', async () => {
    await send({ to: ['<nobody@here.example>', '<anna@here.example>'], text: 'Subject: unknown\n\nx\n' })
    await arrived(ours('anna@here.example'), 'unknown')
    const bounce = await found(theirs('jo'), /^Final-Recipient: rfc822; ?nobody@here\.example$/m)
    expect(bounce).toMatch(/^Action: failed$/m)
    expect(bounce).toMatch(/550 5\.1\.1/)
  })

  test('whom we greylist gets it once, when it comes again', async () => {
    await send({ to: ['<grey@here.example>', '<anna@here.example>'], text: 'Subject: grey here\n\nx\n' })
    await arrived(ours('anna@here.example'), 'grey here')
    await eventually(() => server().log(), /451 4\.7\.1/)
    expect(await ours('grey@here.example')()).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await server().flush()
    await arrived(ours('grey@here.example'), 'grey here')
    await arrived(ours('anna@here.example'), 'grey here')
  })

  test('what is too large for us bounces there', async () => {
    const text = `Subject: large\n\n${`${'x'.repeat(70)}\n`.repeat(35_000)}`
    await send({ from: '<kim@there.example>', to: ['<anna@here.example>'], text })
    await found(theirs('kim'), /5\.3\.4|message too large/)
    expect(await ours('anna@here.example')()).not.toContainEqual(expect.stringContaining('Subject: large'))
  })

  test('we report a success ourselves, with what the sender had said', async () => {
    await send({
      from: '<kim@there.example> RET=HDRS ENVID=QQ+2B32',
      to: ['<anna@here.example> NOTIFY=SUCCESS ORCPT=rfc822;first+2Blast@there.example'],
      text: 'Subject: receipt here\n\nbody of the receipt\n',
    })
    await arrived(ours('anna@here.example'), 'receipt here')
    const report = await arrived(theirs('kim'), 'Delivered: receipt here')
    expect(report).toContain('Reporting-MTA: dns; mail.here.example')
    expect(report).toContain('Original-Envelope-Id: QQ+32')
    expect(report).toContain('Original-Recipient: rfc822; first+last@there.example')
    expect(report).toContain('Action: delivered')
    expect(report).not.toContain('body of the receipt')
  })
}
