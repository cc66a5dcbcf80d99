import { formatReply } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { base64, SessionDouble, short, tls } from '../../test/support/smtp/smtp-session.ts'
import { answerLine } from './dispatch.ts'

describe('login', () => {
  function submission(options: Record<string, unknown> = {}): SessionDouble {
    const world = new SessionDouble({ role: 'submission', ...options })
    world.session.secured(tls)
    return world
  }

  test('is needed for submission', async () => {
    expect(await submission().say('EHLO a', 'MAIL FROM:<>')).toEqual(['250', '530 5.7.0'])
  })

  test.each([
    ['PLAIN at once', [`AUTH PLAIN ${base64('\0jo\0secret')}`], ['235 2.7.0']],
    ['PLAIN when asked', ['auth plain', base64('\0jo\0secret')], ['334', '235 2.7.0']],
    ['LOGIN', ['AUTH LOGIN', base64('jo'), base64('secret')], ['334', '334', '235 2.7.0']],
    ['LOGIN with the name at once', [`AUTH LOGIN ${base64('jo')}`, base64('secret')], ['334', '235 2.7.0']],
    ['a wrong secret', [`AUTH PLAIN ${base64('\0jo\0guess')}`, 'MAIL FROM:<>'], ['535 5.7.8', '530 5.7.0']],
    ['cancelled', ['AUTH LOGIN', '*', 'NOOP'], ['334', '501 5.7.0', '250 2.0.0']],
    [
      'no base64',
      ['AUTH PLAIN !', 'AUTH PLAIN', '&', 'NOOP'],
      ['501 5.5.2', '334', '501 5.5.2', '250 2.0.0'],
    ],
    ['an empty response', ['AUTH PLAIN ='], ['501 5.5.2']],
    ['an unknown mechanism, or none', ['AUTH CRAM-MD5', 'AUTH'], ['504 5.5.4', '501 5.5.4']],
    ['too much', ['AUTH PLAIN a b'], ['501 5.5.2']],
    ['twice', [`AUTH PLAIN ${base64('\0jo\0secret')}`, 'AUTH PLAIN'], ['235 2.7.0', '503 5.5.1']],
  ])('%s', async (_, lines, replies) => {
    expect(await submission().say('EHLO a', ...lines)).toEqual(['250', ...replies])
  })

  test('ends what was refused for want of it', async () => {
    const login = `AUTH PLAIN ${base64('\0jo\0secret')}`
    expect(
      await submission().say(
        ...['EHLO a', 'MAIL FROM:<>', 'BDAT 3', 'a\r\n', 'AUTH PLAIN !', 'BDAT 3', 'b\r\n', login],
        ...['MAIL FROM:<>', 'RCPT TO:<jo@example.org>', 'BDAT 3 LAST', 'c\r\n'],
      ),
    ).toEqual([
      ...['250', '530 5.7.0', '503 5.5.1', '501 5.5.2', '503 5.5.1', '235 2.7.0'],
      ...['250 2.1.0', '250 2.1.5', '250 2.0.0'],
    ])
  })

  test('LOGIN asks in the words that clients know', async () => {
    const world = submission()
    await world.answer('EHLO a')
    expect(formatReply((await world.answer('AUTH LOGIN')).reply)).toBe('334 VXNlcm5hbWU6')
    expect(formatReply((await world.answer(base64('jo'))).reply)).toBe('334 UGFzc3dvcmQ6')
    const other = submission()
    await other.answer('EHLO a')
    expect(formatReply((await other.answer('AUTH PLAIN')).reply)).toBe('334 ')
  })

  test('is not for a transfer listener, in clear, before EHLO, or in a transaction', async () => {
    expect(await new SessionDouble().say('EHLO a', 'AUTH PLAIN')).toEqual(['250', '502 5.5.1'])
    expect(await new SessionDouble({ role: 'submission' }).say('EHLO a', 'AUTH PLAIN')).toEqual([
      '250',
      '538 5.7.11',
    ])
    expect(await submission().say('AUTH PLAIN')).toEqual(['503 5.5.1'])
  })

  test('may fail only so often, but what could not be checked does not count', async () => {
    const wrong = `AUTH PLAIN ${base64('\0jo\0guess')}`
    expect(await submission().say('EHLO a', wrong, wrong, wrong)).toEqual([
      '250',
      '535 5.7.8',
      '535 5.7.8',
      '421 4.7.0',
    ])
    const late = Array.from({ length: 5 }, () => `AUTH PLAIN ${base64('\0jo\0late')}`)
    expect(await submission().say('EHLO a', ...late)).toEqual(['250', ...late.map(() => '454 4.7.0')])
  })

  test('an initial response may be as long as others, no other command may', async () => {
    const long = base64(`\0jo\0${'x'.repeat(4000)}`)
    expect(await submission().say('EHLO a', `auth PLAIN ${long}`, `NOOP ${long}`)).toEqual([
      '250',
      '535 5.7.8',
      '500 5.5.2',
    ])
  })

  test('a fault of ours while it goes on is none of the client’s', async () => {
    const world = submission()
    await world.say('EHLO a', 'AUTH PLAIN')
    expect(await world.say(base64('\0jo\0bug'), 'NOOP')).toEqual(['451 4.3.0', '250 2.0.0'])
  })

  test('a faulty line ends the exchange', async () => {
    const world = submission()
    await world.say('EHLO a', 'AUTH PLAIN')
    expect(short((await answerLine(world.session, Buffer.alloc(0), 'too-long')).reply)).toBe('500 5.5.6')
    expect(await world.say('NOOP')).toEqual(['250 2.0.0'])
  })
})
