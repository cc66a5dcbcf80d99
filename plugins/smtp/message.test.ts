import { describe, expect, test } from 'vitest'
import { base64, message, SessionDouble, tls } from '../../test/support/smtp/smtp-session.ts'

const blind = 'To: a\r\nBcc: b,\r\n c\r\nResent-Bcc: d\r\nX: 1\r\n'

describe('message', () => {
  async function sent(world: SessionDouble, text: string): Promise<string> {
    const [, , , answer = ''] = await world.say(
      'MAIL FROM:<ann@b.example>',
      'RCPT TO:<tim@b.example>',
      'DATA',
      text,
    )
    return answer
  }

  test('gets its trace field on top and is otherwise left alone', async () => {
    const world = new SessionDouble()
    await world.say('EHLO client.example')
    expect(await sent(world, 'subject: \xff\r\n\r\n..\r\n.\r\n')).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toMatch(
      /^Received: from client\.example \(\[192\.0\.2\.1\]\)\r\n\tby mx\.example\.org with ESMTP\r\n\tid q1\r\n\tfor <tim@b\.example>;\r\n\t.* \+0000\r\nsubject: \xff\r\n\r\n\.\r\n$/u,
    )
  })

  test('of a user is completed', async () => {
    const world = new SessionDouble({ role: 'submission' })
    world.session.secured(tls)
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`)
    expect(await sent(world, message)).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toMatch(
      /with ESMTPSA\r\n(?:.*\r\n)+Date: .*\r\nFrom: <ann@b\.example>\r\nMessage-ID: <q1@mx\.example\.org>\r\nSubject: x\r\n\r\ntext\r\n$/,
    )
    await world.say('MAIL FROM:<>', 'RCPT TO:<tim@b.example>', 'DATA', message)
    expect(world.transactions[1]?.message).toContain('\r\nFrom: <jo@example.org>\r\n')
  })

  test.each<[Record<string, unknown>, string]>([
    [{}, 'To: a\r\nX: 1\r\n\r\nBcc: text\r\n'],
    [{ dropBcc: false }, `${blind}\r\nBcc: text\r\n`],
  ])('of a user, with %j, says to nobody who else gets it', async (options, expected) => {
    const world = new SessionDouble({ role: 'submission', ...options })
    world.session.secured(tls)
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`)
    expect(await sent(world, `${blind}\r\nBcc: text\r\n.\r\n`)).toBe('250 2.0.0')
    const { message: taken = '' } = world.transactions[0] ?? {}
    expect(taken.slice(taken.indexOf('To: a'))).toBe(expected)
  })

  test('of a user leaves without what only a mailbox puts into it', async () => {
    const world = new SessionDouble({ role: 'submission', dropBcc: false })
    world.session.secured(tls)
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`)
    const stored = 'Return-Path: <old@b.example>\r\nTo: a\r\nContent-Length: 4\r\nX: 1\r\n'
    expect(await sent(world, `${stored}\r\nReturn-Path: text\r\n.\r\n`)).toBe('250 2.0.0')
    const { message: taken = '' } = world.transactions[0] ?? {}
    expect(taken).not.toContain('old@b.example')
    expect(taken.slice(taken.indexOf('To: a'))).toBe('To: a\r\nX: 1\r\n\r\nReturn-Path: text\r\n')
  })

  test('of another server is not changed', async () => {
    const world = new SessionDouble()
    const stored = 'Return-Path: <old@b.example>\r\nBcc: a\r\nContent-Length: 4\r\n'
    await world.say('EHLO a')
    expect(await sent(world, `${stored}\r\ntext\r\n.\r\n`)).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toContain(stored)
  })

  test('of a user is not completed where not all of its fields were read', async () => {
    const world = new SessionDouble({ role: 'submission' })
    world.session.secured(tls)
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`)
    const fields = `${'X: y\r\n'.repeat(2_000)}From: <me@b.example>\r\n`
    expect(await sent(world, `${fields}\r\n.\r\n`)).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toMatch(/\+0000\r\nX: y\r\n/)
  })

  test('that goes round in circles is stopped', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a')
    expect(await sent(world, `${'Received: x\r\n'.repeat(50)}\r\n.\r\n`)).toBe('250 2.0.0')
    expect(await sent(world, `${'Received: x\r\n'.repeat(51)}\r\n.\r\n`)).toBe('554 5.4.6')
    expect(await sent(world, `text\r\n${'Received: x\r\n'.repeat(51)}\r\n.\r\n`)).toBe('250 2.0.0')
    expect(world.spooled).toBe(0)
  })

  test('may be empty', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a')
    expect(await sent(world, '.\r\n')).toBe('250 2.0.0')
  })

  test.each([
    ['The disk is full.\r\nPlease: look.\r\n', ''],
    [' evil: x\r\nSubject: x\r\n\r\ntext\r\n', ''],
    ['stray\r\nFrom: jo@b.example\r\n\r\ntext\r\n', 'Subject: x\r\n'],
  ])('without an end of its header gets one: %j', async (text, fields) => {
    const world = new SessionDouble()
    const lmtp = new SessionDouble({ role: 'lmtp' })
    await world.say('EHLO a')
    expect(await sent(world, `${fields}${text}.\r\n`)).toBe('250 2.0.0')
    await world.say('MAIL FROM:<ann@b.example>', 'RCPT TO:<tim@b.example>')
    // However it is cut.
    for (const octet of fields + text) await world.say('BDAT 1', octet)
    expect(await world.say('BDAT 0 LAST', '')).toEqual(['250 2.0.0'])
    await lmtp.say('LHLO a')
    expect(await sent(lmtp, `${fields}${text}.\r\n`)).toBe('250 2.0.0')
    const messages = [...world.transactions, ...lmtp.transactions].map((one) => one.message)
    expect(messages).toHaveLength(3)
    for (const taken of messages)
      expect(taken.slice(taken.indexOf('+0000\r\n') + 7)).toBe(`${fields}\r\n${text}`)
  })

  test('of a user has all fields where what looks like them is text', async () => {
    const world = new SessionDouble({ role: 'submission' })
    world.session.secured(tls)
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`)
    expect(await sent(world, 'Hello\r\nDate: soon\r\nFrom: me\r\n.\r\n')).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toMatch(
      /\r\nDate: .*\r\nFrom: <ann@b\.example>\r\nMessage-ID: <q1@mx\.example\.org>\r\n\r\nHello\r\nDate: soon\r\nFrom: me\r\n$/,
    )
  })

  test('with the line of an mbox at its top keeps it in a field', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a')
    const line = 'From ann@b.example Fri Nov 28 21:53:22 2026\r\n'
    expect(await sent(world, `${line}${message}`)).toBe('250 2.0.0')
    expect(world.transactions[0]?.message).toContain(`+0000\r\nX-Mailbox-Line: ${line}Subject: x\r\n\r\n`)
  })

  test.each(['write', 'finish'] as const)(
    'is refused by LMTP for each where the spool fails at %s',
    async (call) => {
      const world = new SessionDouble({ role: 'lmtp' })
      world.spoolFault = call
      const to = ['RCPT TO:<tim@b.example>', 'RCPT TO:<nobody@b.example>', 'RCPT TO:<ann@b.example>']
      expect(await world.say('LHLO a', 'MAIL FROM:<>', ...to, 'DATA', message, 'NOOP')).toEqual([
        '250',
        '250 2.1.0',
        '250 2.1.5',
        '550 5.1.1',
        '250 2.1.5',
        '354',
        '451 4.3.0',
        '451 4.3.0',
        '250 2.0.0',
      ])
      expect(world.spooled).toBe(0)
      expect(world.transactions.map(({ abandoned }) => abandoned)).toEqual([true])
    },
  )
})
