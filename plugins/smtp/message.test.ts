import { describe, expect, test } from 'vitest'
import { base64, message, SessionDouble, tls } from '../../test/support/smtp-session.ts'

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

  test('that goes round in circles is stopped', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a')
    expect(await sent(world, `${'Received: x\r\n'.repeat(50)}\r\n.\r\n`)).toBe('250 2.0.0')
    expect(await sent(world, `${'Received: x\r\n'.repeat(51)}\r\n.\r\n`)).toBe('554 5.4.6')
    expect(world.spooled).toBe(0)
  })

  test('may be empty', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a')
    expect(await sent(world, '.\r\n')).toBe('250 2.0.0')
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
