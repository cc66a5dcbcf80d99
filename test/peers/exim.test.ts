import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sendLetter } from '../support/letter.ts'
import { startExim } from '../support/peers/exim.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { requireMachinePeer } from '../support/peers/unpacked-machine.ts'
import { exchangeTests } from '../support/smtp/exchange-tests.ts'
import {
  arrived,
  bodyOf,
  eventually,
  everyOctet,
  found,
  type MailExchange,
  startMailExchange,
} from '../support/smtp/mail-exchange.ts'
import { startSendingSite } from '../support/smtp/sending-site.ts'

// An Exim that sends to us, and to which we send.

const exim = requireMachinePeer('exim')
const unbound = requirePeer('unbound')
const title = unbound.available ? exim.title : unbound.title

describe.runIf(exim.available && unbound.available)(title, () => {
  let exchange: MailExchange

  beforeAll(async () => {
    exchange = await startMailExchange((folder, wish) => startExim(exim, folder, wish), {
      'there.example': 'verify',
    })
  })
  afterAll(() => exchange?.[Symbol.asyncDispose]())

  exchangeTests(
    () => exchange,
    [
      ['clear.there.example', /, in clear$/m],
      ['may.there.example', /, TLSv1\.3 \S+ verified$/m],
      ['encrypted.there.example', /, TLSv1\.3 \S+ verified$/m],
      ['there.example', /, TLSv1\.3 \S+ verified \(config\)$/m],
    ],
  )

  const theirs = (user: string) => () => exchange.server.mailbox(user)
  const ours = (address: string) => () => exchange.site.mailbox(address)
  const log = () => exchange.server.log()

  test('we use PIPELINING and 8BITMIME', async () => {
    const from = '<ben@here.example> BODY=8BITMIME'
    await sendLetter(exchange.site.port, { from, to: ['<kim@there.example>'], text: 'Subject: used\n\nü\n' })
    await arrived(theirs('kim'), 'used')
    // L: pipelined, the dot: but for Exim's own way of beginning with that before its greeting.
    expect(await log()).toMatch(/ <= ben@here\.example .* P=esmtps L\. .* M8S=8 for kim@there\.example$/m)
  })

  test('we use CHUNKING where that is wanted', async () => {
    const there = { to: 'smtp', host: '127.0.0.1', port: exchange.server.port } as const
    await using site = await startSendingSite({
      transports: { 'there.example': there },
      smtpOut: { chunking: true },
    })
    const octets = everyOctet()
    const text = Buffer.concat([Buffer.from('Subject: chunked\r\n\r\n'), octets])
    const from = '<ben@here.example> BODY=8BITMIME'
    await sendLetter(site.port, { from, to: ['<jo@there.example>'], text })
    const body = bodyOf(await arrived(theirs('jo'), 'chunked'))
    expect(Buffer.from(body, 'latin1').equals(octets)).toBe(true)
    expect(await log()).toMatch(
      / <= ben@here\.example .* P=esmtps L\. .* K S=\d+ M8S=8 for jo@there\.example$/m,
    )
  })

  test('it uses CHUNKING and PIPELINING, and does without', async () => {
    for (const domain of ['here.example', 'plain.here.example']) {
      const letter = { to: [`<ben@${domain}>`], text: `Subject: in pieces for ${domain}\n\nx\n` }
      await sendLetter(exchange.server.port, { from: '<jo@there.example>', ...letter })
      await arrived(ours(`ben@${domain}`), `in pieces for ${domain}`)
    }
    const deliveries = (await log()).split('\n').filter((line) => / [=-]> ben@/.test(line))
    const [chunked = '', plain = ''] = deliveries.slice(-2)
    expect(chunked).toMatch(/ => ben@here\.example .* CV=yes L K C="250 2\.0\.0 Taken as \w+"$/)
    expect(plain).toMatch(/ => ben@plain\.here\.example .*\[127\.0\.0\.1\] C="250 2\.0\.0 Taken as \w+"$/)
  })

  test('addresses and fields beyond ASCII, both ways', async () => {
    const text = (subject: string) => `From: jö@here.example\nSubject: ${subject}\n\ngrüße\n`
    const parameters = 'BODY=8BITMIME SMTPUTF8'
    await sendLetter(exchange.site.port, {
      from: `<jö@here.example> ${parameters}`,
      to: ['<jö@there.example>'],
      text: text('süß'),
    })
    const latin1 = (words: string) => Buffer.from(words).toString('latin1')
    const sent = await arrived(theirs('jö'), latin1('süß'))
    expect(bodyOf(sent)).toBe(latin1('grüße\r\n'))
    await sendLetter(exchange.server.port, {
      from: `<jö@there.example> ${parameters}`,
      to: ['<jö@here.example>'],
      text: text('für uns'),
    })
    const received = await arrived(ours('jö@here.example'), latin1('für uns'))
    expect(received).toContain(latin1('Return-Path: <jö@there.example>\r\n'))
    expect(received).toContain('by mail.here.example with UTF8SMTPS\r\n')
    expect(bodyOf(received)).toBe(latin1('grüße\r\n'))
  })

  test('a report of its names what the sender had said', async () => {
    await sendLetter(exchange.site.port, {
      from: '<ben@here.example> RET=HDRS ENVID=QQ+2B31',
      to: ['<kim@there.example> NOTIFY=SUCCESS ORCPT=rfc822;first+2Blast@here.example'],
      text: 'Subject: named\n\nx\n',
    })
    // Exim tells xtext as it came.
    const report = await found(ours('ben@here.example'), /^Original-Envelope-ID: QQ\+(2B)?31\r$/im)
    expect(report).toMatch(/^Original-Recipient: rfc822; ?first\+(2B)?last@here\.example\r$/m)
    expect(report).toMatch(/^Action: delivered\r$/m)
  })

  test('what it refuses when it has seen it bounces', async () => {
    const letter = { to: ['<jo@there.example>', '<kim@there.example>'], text: 'Subject: unwanted\n\nx\n' }
    await sendLetter(exchange.site.port, { from: '<ben@here.example>', ...letter })
    const bounce = await arrived(ours('ben@here.example'), 'Not delivered: unwanted')
    expect(bounce.match(/^Action: failed\r$/gm)).toHaveLength(2)
    expect(bounce).toMatch(/^Diagnostic-Code: smtp; 550 This is not wanted here\r$/m)
    expect(bounce).toMatch(/^Status: 5\.\d\.\d\r$/m)
  })

  test('it asks us whether a sender exists', async () => {
    const letter = (subject: string) => ({
      to: ['<careful@there.example>'],
      text: `Subject: ${subject}\n\nx\n`,
    })
    await sendLetter(exchange.site.port, { from: '<ben@here.example>', ...letter('of somebody') })
    await arrived(theirs('careful'), 'of somebody')
    await sendLetter(exchange.site.port, { from: '<nobody@here.example>', ...letter('of nobody') })
    await eventually(log, /rejected RCPT <careful@there\.example>: Sender verify failed/)
    // The notification has no sender to go to, which the postmaster hears of.
    const lost = await found(ours('anna@here.example'), /^Final-Recipient: rfc822; nobody@here\.example\r$/m)
    expect(lost).toContain('Sender verify failed')
  })
})
