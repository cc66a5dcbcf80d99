import { reply } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { base64, message, SessionDouble, short, tls } from '../../test/support/smtp/smtp-session.ts'
import { answerLine } from './dispatch.ts'
import type { LineFault } from './protocol-stream.ts'

describe('sequence', () => {
  test('is kept', async () => {
    expect(await new SessionDouble().say('MAIL FROM:<>', 'RCPT TO:<a@b.example>', 'DATA')).toEqual([
      '503 5.5.1',
      '503 5.5.1',
      '503 5.5.1',
    ])
    expect(await new SessionDouble().say('EHLO a', 'RCPT TO:<a@b.example>', 'DATA')).toEqual([
      '250',
      '503 5.5.1',
      '503 5.5.1',
    ])
    expect(
      await new SessionDouble().say(
        'EHLO a',
        'MAIL FROM:<>',
        'MAIL FROM:<>',
        'DATA',
        'RCPT TO:<nobody@b.example>',
        'DATA',
      ),
    ).toEqual(['250', '250 2.1.0', '503 5.5.1', '554 5.5.1', '550 5.1.1', '554 5.5.1'])
  })

  test.each(['RSET', 'EHLO b', 'HELO b'])(
    '%s forgets the transaction, and nothing of it gets into the next',
    async (command) => {
      const world = new SessionDouble()
      await world.say('EHLO a', 'MAIL FROM:<one@b.example> SMTPUTF8', 'RCPT TO:<one@b.example>', command)
      expect(world.transactions[0]?.abandoned).toBe(true)
      expect(
        await world.say('RCPT TO:<x@b.example>', 'MAIL FROM:<two@b.example>', 'RCPT TO:<jö@b.example>'),
      ).toEqual(['503 5.5.1', '250 2.1.0', '553 5.6.7'])
      await world.say('RCPT TO:<two@b.example>', 'DATA', message)
      expect(world.transactions[1]).toMatchObject({ from: 'two@b.example', to: ['two@b.example'] })
    },
  )

  test('a transaction is over behind DATA, whatever became of it', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a', 'MAIL FROM:<>', 'RCPT TO:<x@b.example>')
    expect(
      await world.say(
        'DATA',
        message,
        'DATA',
        'MAIL FROM:<>',
        'RCPT TO:<x@b.example>',
        'DATA',
        'a\nb\r\n.\r\n',
        'DATA',
      ),
    ).toEqual(['354', '250 2.0.0', '503 5.5.1', '250 2.1.0', '250 2.1.5', '354', '554 5.6.0', '503 5.5.1'])
    expect(world.spooled).toBe(0)
    expect(world.transactions.map(({ abandoned }) => abandoned)).toEqual([true, true])
    expect(world.transactions[1]?.message).toBe('')
    expect(world.records).toContainEqual(
      expect.stringMatching(/^refused: 554 5\.6\.0 Message refused: .*\(bare-lf\)$/),
    )
  })

  test('TLS forgets what was said in clear', async () => {
    const world = new SessionDouble({ role: 'submission', allowPlaintextAuth: true })
    await world.say('EHLO a', `AUTH PLAIN ${base64('\0jo\0secret')}`, 'MAIL FROM:<>')
    world.session.secured(tls)
    expect(world.transactions[0]?.abandoned).toBe(true)
    expect(await world.say('MAIL FROM:<>', 'EHLO a', 'MAIL FROM:<>')).toEqual([
      '503 5.5.1',
      '250',
      '530 5.7.0',
    ])
  })

  test('TLS may be required before anything else', async () => {
    const world = new SessionDouble({ tls: 'required' })
    expect(
      await world.say('EHLO a', 'NOOP', 'MAIL FROM:<>', 'RSET', 'AUTH PLAIN', 'VRFY x', 'STARTTLS', 'QUIT'),
    ).toEqual([
      '250',
      '250 2.0.0',
      '530 5.7.0',
      '530 5.7.0',
      '530 5.7.0',
      '530 5.7.0',
      '220 2.0.0',
      '221 2.0.0',
    ])
  })
})

describe('other commands', () => {
  test('are answered', async () => {
    expect(
      await new SessionDouble().say(
        'NOOP x',
        'VRFY jo',
        'VRFY',
        'EXPN list',
        'HELP',
        'RSET',
        'RSET x',
        'STARTTLS x',
        'FOO',
        '',
        'DATA x',
      ),
    ).toEqual([
      '250 2.0.0',
      '252 2.0.0',
      '501 5.5.4',
      '502 5.5.1',
      '214 2.0.0',
      '250 2.0.0',
      '501 5.5.4',
      '501 5.5.4',
      '500 5.5.2',
      '500 5.5.2',
      '503 5.5.1',
    ])
  })

  test.each<[Record<string, unknown>, boolean, string]>([
    [{}, true, 'EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS'],
    [{ role: 'submission' }, true, 'EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH'],
    [{ role: 'lmtp' }, false, 'LHLO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT'],
  ])('HELP of %j lists what is there', async (options, canSecure, commands) => {
    const { reply } = await new SessionDouble(options, canSecure).answer('HELP')
    expect([reply.lines].flat().join(' ')).toBe(commands)
  })

  test('STARTTLS needs keys, and a connection in clear', async () => {
    expect(await new SessionDouble({}, false).say('STARTTLS')).toEqual(['502 5.5.1'])
    const world = new SessionDouble()
    world.session.secured(tls)
    expect(await world.say('STARTTLS')).toEqual(['503 5.5.1'])
  })

  test('names of object members are no commands', async () => {
    expect(await new SessionDouble().say('CONSTRUCTOR', '__PROTO__', 'TOSTRING')).toEqual([
      '500 5.5.2',
      '500 5.5.2',
      '500 5.5.2',
    ])
  })

  test('a browser is sent away', async () => {
    expect(await new SessionDouble().say('POST / HTTP/1.1')).toEqual(['421 4.7.0'])
  })
})

describe('limits', () => {
  test('a session of nothing but errors is ended', async () => {
    const world = new SessionDouble({ maxErrors: 3 })
    expect(await world.say('FOO', 'BAR', 'BAZ')).toEqual(['500 5.5.2', '500 5.5.2', '421 4.7.0'])
    expect(world.records.at(-1)).toBe('refused: 421 4.7.0 Too many errors')
  })

  test('an accepted message makes up for errors', async () => {
    const world = new SessionDouble({ maxErrors: 3 })
    await world.say('EHLO a', 'FOO', 'FOO', 'MAIL FROM:<>', 'RCPT TO:<a@b.example>', 'DATA', message)
    expect(await world.say('FOO', 'FOO', 'FOO')).toEqual(['500 5.5.2', '500 5.5.2', '421 4.7.0'])
  })

  test('refused messages are errors, and the end is told behind what became of the last', async () => {
    const world = new SessionDouble({ maxErrors: 3 })
    await world.say('EHLO a')
    const begin = ['MAIL FROM:<>', 'RCPT TO:<a@b.example>']
    const refused = [...begin, 'DATA', 'a\nb\r\n.\r\n']
    expect((await world.say(...refused)).slice(3)).toEqual(['554 5.6.0'])
    expect((await world.say(...begin, 'BDAT 3', 'a\nb')).slice(2)).toEqual(['554 5.6.0'])
    expect(await world.say('BDAT 0 LAST', '')).toEqual(['554 5.6.0', '421 4.7.0'])
    expect(world.records.at(-1)).toBe('refused: BDAT: 421 4.7.0 Too many errors')
  })

  test('a message counts once by LMTP', async () => {
    const world = new SessionDouble({ maxErrors: 2, role: 'lmtp' })
    await world.say('LHLO a')
    const refused = [
      'MAIL FROM:<>',
      'RCPT TO:<a@b.example>',
      'RCPT TO:<b@b.example>',
      'DATA',
      'a\nb\r\n.\r\n',
    ]
    expect((await world.say(...refused)).slice(4)).toEqual(['554 5.6.0', '554 5.6.0'])
    expect((await world.say(...refused)).slice(4)).toEqual(['554 5.6.0', '554 5.6.0', '421 4.7.0'])
  })

  test('a message whose replies end the session has no other end', async () => {
    const world = new SessionDouble({ maxErrors: 1, role: 'lmtp' })
    world.answerTo = (path) =>
      path === 'a@b.example' ? reply(421, '4.3.2', 'Bye') : reply(552, '5.2.2', 'Full')
    await world.say('LHLO a', 'MAIL FROM:<>', 'RCPT TO:<a@b.example>', 'RCPT TO:<b@b.example>', 'DATA')
    expect(await world.say(message)).toEqual(['451 4.3.2', '552 5.2.2', '421 4.3.2'])
    expect(world.records.some((text) => text.includes('Too many errors'))).toBe(false)
  })

  test('commands that lead to nothing are counted', async () => {
    const world = new SessionDouble({ maxIdleCommands: 10 })
    const replies = await world.say(...Array.from({ length: 11 }, () => 'NOOP'))
    expect(replies.slice(9)).toEqual(['250 2.0.0', '421 4.7.0'])
  })

  test('there are only so many transactions', async () => {
    const world = new SessionDouble({ maxTransactions: 1 })
    expect(await world.say('EHLO a', 'MAIL FROM:<>', 'RSET', 'MAIL FROM:<>')).toEqual([
      '250',
      '250 2.1.0',
      '250 2.0.0',
      '421 4.7.0',
    ])
  })

  test.each<[string, string, LineFault | undefined]>([
    ['a control character in it', 'BDAT 6 LAST\x01', undefined],
    ['too many spaces', `bdat 6 LAST${' '.repeat(3000)}`, undefined],
    ['octets that are no text', 'BDAT\t6 \xff', undefined],
    ['a bare line feed', 'BDAT 12 LAST\n', 'bare-lf'],
    ['no end', 'BDAT 6 LAST     ', 'too-long'],
  ])('a BDAT with %s ends the session: nobody knows what follows it', async (_, line, fault) => {
    const answer = await answerLine(new SessionDouble().session, Buffer.from(line, 'latin1'), fault)
    expect(short(answer.reply)).toBe('500 5.5.2')
    expect(answer.next).toBe('close')
  })

  test('lines that are none', async () => {
    const world = new SessionDouble()
    expect(short((await answerLine(world.session, Buffer.alloc(0), 'bare-lf')).reply)).toBe('500 5.5.2')
    const tooLong = await answerLine(world.session, Buffer.from('BDATA 1'), 'too-long')
    expect(tooLong).toMatchObject({ reply: { code: 500, enhanced: '5.5.2' } })
    expect(tooLong.next).toBeUndefined()
    expect(await world.say('NO\0OP', 'NO\rOP')).toEqual(['500 5.5.2', '500 5.5.2'])
    expect(short((await answerLine(world.session, Buffer.from([0xff]), undefined)).reply)).toBe('500 5.5.2')
  })
})
