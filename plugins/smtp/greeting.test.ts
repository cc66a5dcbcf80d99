import { formatReply, reply } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { SessionDouble, tls } from '../../test/support/smtp/smtp-session.ts'

describe('greeting', () => {
  test('EHLO lists what holds for this session', async () => {
    const world = new SessionDouble()
    expect(formatReply((await world.answer('EHLO client.example')).reply).split('\r\n')).toEqual([
      '250-mx.example.org greets you',
      '250-PIPELINING',
      `250-SIZE ${25 * 1024 * 1024}`,
      '250-8BITMIME',
      '250-CHUNKING',
      '250-SMTPUTF8',
      '250-LIMITS MAILMAX=10000 RCPTMAX=1000',
      '250-ENHANCEDSTATUSCODES',
      '250 STARTTLS',
    ])
    expect((await new SessionDouble({}, false).answer('EHLO a')).reply.lines).not.toContain('STARTTLS')
    expect((await new SessionDouble().answer('EHLO a')).reply.lines).not.toContain('REQUIRETLS')
    const many = new SessionDouble({ maxTransactions: 5_000_000, maxRecipients: 100 })
    expect((await many.answer('EHLO a')).reply.lines).toContain('LIMITS MAILMAX=999999 RCPTMAX=100')
    expect((await new SessionDouble({ dsn: true }).answer('EHLO a')).reply.lines).toContain('DSN')
  })

  test('AUTH is offered under TLS only', async () => {
    const world = new SessionDouble({ role: 'submission' })
    expect((await world.answer('EHLO a')).reply.lines).not.toContain('AUTH PLAIN LOGIN')
    world.session.secured(tls)
    const { lines } = (await world.answer('EHLO a')).reply
    expect(lines).toContain('AUTH PLAIN LOGIN')
    expect(lines).toContain('REQUIRETLS')
    expect(lines).not.toContain('STARTTLS')
    const clear = new SessionDouble({ role: 'submission', allowPlaintextAuth: true })
    expect((await clear.answer('EHLO a')).reply.lines).toContain('AUTH PLAIN LOGIN')
  })

  test('a name is needed, one word, of any kind', async () => {
    const world = new SessionDouble()
    expect(
      await world.say(
        'EHLO',
        'HELO a b',
        `EHLO ${'x'.repeat(256)}`,
        'HELO 192.0.2.1',
        'EHLO [192.0.2.1]',
        'HELO _!',
      ),
    ).toEqual(['501 5.5.4', '501 5.5.4', '501 5.5.4', '250', '250', '250'])
  })

  test('a refused name is no greeting', async () => {
    const world = new SessionDouble()
    world.refusals = { hello: reply(550, '5.7.1', 'Not you') }
    expect(await world.say('EHLO a', 'MAIL FROM:<>')).toEqual(['550 5.7.1', '503 5.5.1'])
    world.refusals = {}
    await world.say('EHLO a')
    world.refusals = { hello: reply(550, '5.7.1', 'Not you') }
    expect(await world.say('EHLO b', 'MAIL FROM:<>')).toEqual(['550 5.7.1', '250 2.1.0'])
  })
})
