import { reply } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { message, SessionDouble } from '../../test/support/smtp/smtp-session.ts'

describe('envelope', () => {
  test.each([
    ['FROM:<>', '250 2.1.0'],
    ['from: <Jo@B.Example>', '250 2.1.0'],
    ['FROM:<"a b"@[192.0.2.1]> SIZE=10 BODY=8BITMIME', '250 2.1.0'],
    ['FROM:<@one.example,@two.example:jo@b.example>', '250 2.1.0'],
    ['FROM:<jö@b.example> SMTPUTF8', '250 2.1.0'],
    ['FROM:<jo@bü.example> SMTPUTF8', '250 2.1.0'],
    ['FROM:<jö@b.example>', '553 5.6.7'],
    ['FROM:<jo@bü.example>', '553 5.6.7'],
    ['FROM:jo@b.example', '250 2.1.0'],
    ['FROM: jo@b.example SIZE=10 BODY=8BITMIME', '250 2.1.0'],
    ['FROM:jo@b.example FOO', '555 5.5.4'],
    ['FROM:jo@b.example> SIZE=1', '501 5.1.7'],
    ['FROM:"jo"@b.example', '501 5.1.7'],
    ['FROM:jö@b.example', '553 5.6.7'],
    ['FROM:', '501 5.1.7'],
    ['FROM:<jo>', '501 5.1.7'],
    ['FROM:<postmaster>', '501 5.1.7'],
    ['FROM:<jo@b.example', '501 5.1.7'],
    ['FROM:<jo@b.example> FOO', '555 5.5.4'],
    ['FROM:<jo@b.example>SIZE=1', '501 5.5.4'],
    ['FROM:<jo@b.example> AUTH=<>', '555 5.5.4'],
    ['FROM:<jo@b.example> SIZE=99999999999', '552 5.3.4'],
    ['TO:<jo@b.example>', '501 5.1.7'],
    ['', '501 5.1.7'],
  ])('MAIL %s: %s', async (argument, expected) => {
    expect(await new SessionDouble().say('EHLO a', `MAIL ${argument}`)).toEqual(['250', expected])
  })

  test('paths without their brackets may be refused', async () => {
    const world = new SessionDouble({ strictPaths: true })
    expect(await world.say('EHLO a', 'MAIL FROM:jo@b.example')).toEqual(['250', '501 5.1.7'])
    expect(await world.say('MAIL FROM:<jo@b.example>', 'RCPT TO:jo@b.example')).toEqual([
      '250 2.1.0',
      '501 5.1.3',
    ])
  })

  test('nobody is named for ever', async () => {
    const world = new SessionDouble({ maxRecipients: 100 })
    await world.say('EHLO a', 'MAIL FROM:<>')
    const again = Array<string>(102).fill('RCPT TO:<b@example.org>')
    expect((await world.say(...again)).slice(99)).toEqual(['250 2.1.5', '452 4.5.3', '452 4.5.3'])
    expect(await world.say('DATA', message)).toEqual(['354', '250 2.0.0'])
    expect(world.transactions[0]?.to).toEqual(['b@example.org'])
  })

  test('MAIL where the disk is nearly full, and for more than there is room for', async () => {
    const world = new SessionDouble({ maxSize: '10M', minFree: '1M' })
    world.free = 2 ** 20 + 999
    expect(await world.say('EHLO a', 'MAIL FROM:<> SIZE=1000', 'MAIL FROM:<> SIZE=999', 'RSET')).toEqual([
      '250',
      '452 4.3.1',
      '250 2.1.0',
      '250 2.0.0',
    ])
    world.free = 2 ** 20 - 1
    expect(await world.say('MAIL FROM:<>')).toEqual(['452 4.3.1'])
    const { service } = new SessionDouble({ maxSize: '10M' }).session
    expect(service.options.minFree).toBe(15 * 2 ** 20)
  })

  test.each([
    ['TO:<jo@b.example>', '250 2.1.5'],
    ['to: <postmaster>', '250 2.1.5'],
    ['TO:jo@b.example', '250 2.1.5'],
    ['TO:jo@b.example,ann@b.example', '501 5.1.3'],
    ['TO:postmaster', '501 5.1.3'],
    ['TO:<a%b@c.example>', '250 2.1.5'],
    ['TO:<@one.example:jo@b.example>', '250 2.1.5'],
    ['TO:<>', '501 5.1.3'],
    ['TO:<jo@>', '501 5.1.3'],
    ['TO:<jö@b.example>', '553 5.6.7'],
    ['TO:<jo@b.example> NOTIFY=NEVER', '555 5.5.4'],
    ['TO:<nobody@b.example>', '550 5.1.1'],
    ['TO:<bug@b.example>', '451 4.3.0'],
  ])('RCPT %s: %s', async (argument, expected) => {
    const world = new SessionDouble()
    expect(await world.say('EHLO a', 'MAIL FROM:<>', `RCPT ${argument}`, 'NOOP')).toEqual([
      '250',
      '250 2.1.0',
      expected,
      '250 2.0.0',
    ])
  })

  test('DSN parameters are taken where DSN is offered', async () => {
    const world = new SessionDouble({ dsn: true })
    expect(
      await world.say('EHLO a', 'MAIL FROM:<> RET=HDRS ENVID=x', 'RCPT TO:<jo@b.example> NOTIFY=NEVER'),
    ).toEqual(['250', '250 2.1.0', '250 2.1.5'])
  })

  test('a source route is dropped and noted', async () => {
    const world = new SessionDouble()
    await world.say('EHLO a', 'MAIL FROM:<>', 'RCPT TO:<@one.example:jo@b.example>')
    expect(world.transactions[0]?.to).toEqual(['jo@b.example'])
    expect(world.records).toEqual(['verdict: a source route was dropped from an address'])
  })

  test('an ORCPT of no use is dropped and noted', async () => {
    const world = new SessionDouble({ dsn: true })
    await world.say('EHLO a', 'MAIL FROM:<>')
    expect(await world.say('RCPT TO:<jo@b.example> ORCPT=rfc822;j+F6@b.example')).toEqual(['250 2.1.5'])
    expect(world.records).toEqual(['verdict: an ORCPT that cannot be used was dropped'])
  })

  test('who is named twice gets the message once', async () => {
    const world = new SessionDouble()
    const again = ['RCPT TO:<Jo@b.example>', 'RCPT TO:<Jo@B.EXAMPLE>', 'RCPT TO:<jo@b.example>']
    expect(await world.say('EHLO a', 'MAIL FROM:<>', ...again)).toEqual([
      '250',
      '250 2.1.0',
      '250 2.1.5',
      '250 2.1.5',
      '250 2.1.5',
    ])
    await world.say('RSET', 'MAIL FROM:<>', 'RCPT TO:<Jo@b.example>')
    expect(world.transactions.map(({ to }) => to)).toEqual([
      ['Jo@b.example', 'jo@b.example'],
      ['Jo@b.example'],
    ])
  })

  test('there are only so many recipients, and the message goes to those that were taken', async () => {
    const world = new SessionDouble({ maxRecipients: 100 })
    await world.say('EHLO a', 'MAIL FROM:<>')
    const replies = await world.say(
      ...Array.from({ length: 101 }, (_, index) => `RCPT TO:<u${index}@b.example>`),
    )
    expect(replies.slice(99)).toEqual(['250 2.1.5', '452 4.5.3'])
    expect(await world.say('DATA', message)).toEqual(['354', '250 2.0.0'])
    expect(world.transactions[0]?.to).toHaveLength(100)
  })

  test('a refusing hook is heard', async () => {
    const world = new SessionDouble()
    world.refusals = { mail: reply(451, '4.7.1', 'Greylisted'), message: reply(550, '5.7.1', 'Spam') }
    expect(await world.say('EHLO a', 'MAIL FROM:<>', 'RCPT TO:<a@b.example>')).toEqual([
      '250',
      '451 4.7.1',
      '503 5.5.1',
    ])
    world.refusals = { message: reply(550, '5.7.1', 'Spam') }
    expect(await world.say('MAIL FROM:<>', 'RCPT TO:<a@b.example>', 'DATA', message)).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '354',
      '550 5.7.1',
    ])
  })
})
