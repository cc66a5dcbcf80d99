import type { RecipientParameters } from 'mailwright'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type FakeMilter,
  type FakeMilterOptions,
  milterPacket as packet,
  startFakeMilter,
} from '../../test/support/smtp/milter-fake.ts'
import { createMilterHost, type MilterHost, type TakenVariant } from '../../test/support/smtp/milter-host.ts'
import type { MilterEntry } from './options.ts'

const mail = {
  from: 'a@client.example',
  to: ['b@example.org', 'c@example.org'],
  data: 'A: 1\nB: 2\na: 3\n\nHello.\n',
}

const fakes: FakeMilter[] = []
afterEach(async () => {
  for (const fake of fakes.splice(0)) await fake.stop()
})

async function hostOf(options: FakeMilterOptions, entry: Partial<MilterEntry> = {}): Promise<MilterHost> {
  const fake = await startFakeMilter(options)
  fakes.push(fake)
  return createMilterHost([{ socket: fake.socket, ...entry }])
}

/** What is taken where a milter sends these packets at the end of the message, and then goes on. */
async function changed(
  packets: readonly Buffer[],
  options: FakeMilterOptions = {},
): Promise<{ readonly code: number | undefined; readonly variant: TakenVariant | undefined }> {
  await using made = await hostOf({ ...options, answers: { E: Buffer.concat([...packets, packet('c')]) } })
  const [answer] = await made.host.send(mail)
  return { code: answer?.reply.code, variant: made.taken[0] }
}

const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

describe('a milter changes', () => {
  test.each<[string, readonly Buffer[], string]>([
    ['adds below', [packet('h', 'X', 'new')], 'A: 1\nB: 2\na: 3\nX: new\n\nHello.\n'],
    ['inserts on top', [packet('i', 0, 'X', 'new')], 'X: new\nA: 1\nB: 2\na: 3\n\nHello.\n'],
    ['inserts below one', [packet('i', 1, 'X', 'new')], 'A: 1\nX: new\nB: 2\na: 3\n\nHello.\n'],
    [
      'inserts beyond the end',
      [packet('i', 0xffff_ffff, 'X', 'new')],
      'A: 1\nB: 2\na: 3\nX: new\n\nHello.\n',
    ],
    ['changes the first', [packet('m', 1, 'a', 'new')], 'a: new\nB: 2\na: 3\n\nHello.\n'],
    ['changes the second', [packet('m', 2, 'A', 'new')], 'A: 1\nB: 2\nA: new\n\nHello.\n'],
    ['changes the first where it says 0', [packet('m', 0, 'A', 'new')], 'A: new\nB: 2\na: 3\n\nHello.\n'],
    [
      'adds what it changes and is not there',
      [packet('m', 3, 'A', 'x')],
      'A: 1\nB: 2\na: 3\nA: x\n\nHello.\n',
    ],
    ['deletes', [packet('m', 2, 'A', '')], 'A: 1\nB: 2\n\nHello.\n'],
    ['deletes nothing', [packet('m', 3, 'A', '')], 'A: 1\nB: 2\na: 3\n\nHello.\n'],
    ['counts after each', [packet('m', 1, 'A', ''), packet('m', 1, 'A', 'x')], 'B: 2\nA: x\n\nHello.\n'],
    ['folds with LF', [packet('i', 0, 'X', 'a\n b\n\tc')], 'X: a\n b\n\tc\nA: 1\nB: 2\na: 3\n\nHello.\n'],
    ['folds with CRLF', [packet('i', 0, 'X', 'a\r\n b')], 'X: a\n b\nA: 1\nB: 2\na: 3\n\nHello.\n'],
    [
      'cannot end a field or the header',
      [packet('i', 0, 'X', 'a\nBcc: b\n\n\nbody\r')],
      'X: a\n\tBcc: b\n\tbody\nA: 1\nB: 2\na: 3\n\nHello.\n',
    ],
    ['keeps UTF-8', [packet('i', 0, 'X', 'grüße')], 'X: grÃ¼Ã\x9fe\nA: 1\nB: 2\na: 3\n\nHello.\n'],
    [
      'the body, in chunks',
      [packet('b', Buffer.from('one\r')), packet('b', Buffer.from('\ntwo'))],
      'A: 1\nB: 2\na: 3\n\none\ntwo\n',
    ],
    [
      'the line ends of a body',
      [packet('b', Buffer.from('a\nb\rc\r\r\nd'))],
      'A: 1\nB: 2\na: 3\n\na\nb\nc\n\nd\n',
    ],
    ['the body to none', [packet('b', Buffer.alloc(0))], 'A: 1\nB: 2\na: 3\n\n'],
  ])('%s', async (_, packets, text) => {
    const { code, variant } = await changed(packets)
    expect(code).toBe(250)
    expect(variant?.text).toBe(crlf(text))
    expect(variant?.to).toEqual(mail.to)
  })

  test('the body, in one packet that is longer than others may be', async () => {
    const body = `${'x'.repeat(998)}\r\n`.repeat(300)
    const { code, variant } = await changed([packet('b', Buffer.from(body)), packet('i', 0, 'X', 'new')])
    expect(code).toBe(250)
    expect(variant?.text).toBe(`${crlf('X: new\nA: 1\nB: 2\na: 3\n\n')}${body}`)
  })

  test('values without the space in front of them, where it asked for it', async () => {
    const { variant } = await changed([packet('i', 0, 'X', '  two'), packet('i', 0, 'Y', 'none')], {
      flags: 0x10_0000,
    })
    expect(variant?.text).toMatch(/^Y: none\r\nX: {2}two\r\nA: /)
  })

  test.each<[string, readonly Buffer[], readonly string[]]>([
    ['adds', [packet('+', '<d@example.org>')], ['b@example.org', 'c@example.org', 'd@example.org']],
    [
      'adds without brackets',
      [packet('+', 'd@example.org')],
      ['b@example.org', 'c@example.org', 'd@example.org'],
    ],
    [
      'adds a name of this server',
      [packet('+', 'root')],
      ['b@example.org', 'c@example.org', 'root@mail.example.org'],
    ],
    [
      'adds with parameters',
      [packet('2', '<d@example.org>', 'NOTIFY=NEVER')],
      ['b@example.org', 'c@example.org', 'd@example.org'],
    ],
    ['adds who is there', [packet('+', '<C@example.org>')], ['b@example.org', 'c@example.org']],
    ['removes', [packet('-', '<B@example.org>')], ['c@example.org']],
    [
      'removes nobody',
      [packet('-', '<x@example.org>'), packet('-', '@@')],
      ['b@example.org', 'c@example.org'],
    ],
    [
      'removes and adds again',
      [packet('-', '<b@example.org>'), packet('+', '<b@example.org>')],
      ['b@example.org', 'c@example.org'],
    ],
    [
      'adds and removes again',
      [packet('+', '<d@example.org>'), packet('-', '<d@example.org>')],
      ['b@example.org', 'c@example.org'],
    ],
  ])('recipients: %s', async (_, packets, to) => {
    const { code, variant } = await changed(packets)
    expect([code, variant?.to]).toEqual([250, to])
    expect(variant?.text).toBe(crlf(mail.data))
  })

  // Postfix tells of one that a milter adds as of any other, unless the milter says what to tell.
  test.each<[string | undefined, RecipientParameters]>([
    [undefined, {}],
    ['NOTIFY=NEVER', { notify: ['NEVER'] }],
    ['ORCPT=rfc822;x@y notify=delay,failure', { notify: ['FAILURE', 'DELAY'] }],
    ['NOTIFY=NEVER,DELAY', {}],
    ['XNOTIFY=NEVER', {}],
  ])('the parameters %j of one that it adds', async (words, parameters) => {
    const { variant } = await changed([
      packet('2', '<d@example.org>', ...(words === undefined ? [] : [words])),
      packet('+', '<d@example.org>'),
    ])
    expect(variant?.parameters).toEqual([{}, {}, parameters])
  })

  test('nobody is left', async () => {
    const { code, variant } = await changed([packet('-', '<b@example.org>'), packet('-', '<c@example.org>')])
    expect([code, variant]).toEqual([250, undefined])
  })

  test.each([
    ['<x@example.org>', 'x@example.org'],
    ['<>', null],
    ['', null],
  ])('the sender to %j', async (text, sender) => {
    const { variant } = await changed([packet('e', text, 'SIZE=1')])
    expect(variant?.reversePath).toBe(sender)
  })

  test('quarantine', async () => {
    const { code, variant } = await changed([packet('q', 'looks\r\nodd')])
    expect([code, variant?.quarantine]).toEqual([250, 'looks??odd'])
  })

  test('each milter gets what those before it made of the message', async () => {
    const first = await startFakeMilter({
      answers: {
        E: Buffer.concat([
          packet('b', Buffer.from('new\r\n')),
          packet('m', 1, 'A', 'x'),
          packet('i', 0, 'Z', '1'),
          packet('c'),
        ]),
      },
    })
    const second = await startFakeMilter({
      answers: { E: Buffer.concat([packet('m', 1, 'Z', ''), packet('m', 1, 'A', 'y'), packet('c')]) },
    })
    fakes.push(first, second)
    await using made = await createMilterHost([{ socket: first.socket }, { socket: second.socket }])
    await made.host.send(mail)
    const seen = second.commands.filter(({ code }) => 'LB'.includes(code)).map(({ data }) => data.toString())
    expect(seen).toEqual(['Z\x001\0', 'A\0x\0', 'B\x002\0', 'a\x003\0', 'new\r\n'])
    expect(made.taken[0]?.text).toBe(crlf('A: y\nB: 2\na: 3\n\nnew\n'))
  })
})

describe('a change that cannot be', () => {
  const badChanges: readonly (readonly [name: string, bad: Buffer, options: FakeMilterOptions])[] = [
    ['was not agreed on', packet('h', 'X', 'y'), { actions: 0x1fe }],
    ['of the body was not agreed on', packet('b', Buffer.from('x')), { actions: 0x1fd }],
    ['of the sender was not agreed on', packet('e', '<x@example.org>'), { actions: 0x1bf }],
    ['has no name', packet('h', '', 'y'), {}],
    ['has a name that is none', packet('h', 'X: y\r\nZ', 'y'), {}],
    ['has no end', packet('h', 'X', Buffer.from('y')), {}],
    ['has more than it should', packet('h', 'X', 'y', 'z'), {}],
    ['is too short', packet('m', Buffer.from([0, 0])), {}],
    ['adds nobody', packet('+', '<>'), {}],
    ['adds what is no address', packet('+', '<a b@example.org>'), {}],
    ['names a sender that is none', packet('e', '<a@b@>'), {}],
    ['is none', packet('?', 'x'), {}],
    ['has data behind a verdict', packet('c', 'x'), {}],
    ['is a malformed reply', packet('y', '250 2.0.0 fine'), {}],
    ['is a reply of two codes', packet('y', '550-5.7.1 a\r\n451 4.7.1 b'), {}],
    ['is a packet of no length', Buffer.alloc(4), {}],
    ['is a packet of any length', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x63]), {}],
    ['is an end in a packet', packet('h', 'X', 'y').subarray(0, 6), {}],
  ]

  test.each(badChanges)('%s: nothing is changed, and the mail deferred', async (_, bad, options) => {
    const good = Buffer.concat([
      packet('+', '<d@example.org>'),
      packet('m', 1, 'A', ''),
      packet('i', 0, 'X', 'y'),
    ])
    const answer = Buffer.concat([...(options.actions === undefined ? [good] : []), bad, packet('c')])
    const ends = bad.length === 6
    const script = { ...options, answers: { E: ends ? bad : answer } }
    await using strict = await hostOf(script, { timeouts: { message: 200 } })
    const replies = await strict.host.send(mail)
    expect(replies.map(({ reply }) => `${reply.code} ${reply.enhanced}`)).toEqual(['451 4.7.1', '451 4.7.1'])
    expect(replies[0]?.reply.lines).toEqual(['A mail filter failed, try again later'])
    expect(strict.taken).toEqual([])
    await using lenient = await hostOf(script, { whenUnavailable: 'accept', timeouts: { message: 200 } })
    await lenient.host.send(mail)
    expect(lenient.taken).toMatchObject([
      { to: mail.to, text: crlf(mail.data), quarantine: undefined, reversePath: undefined },
    ])
    const told = (await lenient.host.history()).filter(({ verb, by }) => verb === 'fault' && by === 'milter')
    expect(told).toHaveLength(1)
    expect(told[0]?.text).toMatch(/; accept$/)
    expect(lenient.host.log.lines.filter(({ event }) => event === 'unavailable')).toHaveLength(1)
  })

  test('too many changes, and a body that is too large', async () => {
    const many = Array.from({ length: 1_001 }, () => packet('h', 'X', 'y'))
    expect((await changed(many)).code).toBe(451)
    expect((await changed(many.slice(0, 1_000))).code).toBe(250)
    const large = {
      E: Buffer.concat([
        packet('b', Buffer.alloc(60_000, 97)),
        packet('b', Buffer.alloc(60_000, 97)),
        packet('c'),
      ]),
    }
    await using made = await hostOf({ answers: large }, { maxBody: 100_000 })
    expect((await made.host.send(mail))[0]?.reply.code).toBe(451)
    await using roomy = await hostOf({ answers: large }, { maxBody: 120_002 })
    expect((await roomy.host.send(mail))[0]?.reply.code).toBe(250)
    const atOnce = { E: Buffer.concat([packet('b', Buffer.alloc(200_001, 97)), packet('c')]) }
    await using narrow = await hostOf({ answers: atOnce }, { maxBody: 200_000 })
    expect((await narrow.host.send(mail))[0]?.reply.code).toBe(451)
  })

  test('of a message that is refused or discarded in the end does not count', async () => {
    const packets = [packet('+', '<d@example.org>'), packet('b', Buffer.from('x'))]
    await using refused = await hostOf({ answers: { E: Buffer.concat([...packets, packet('r')]) } })
    expect((await refused.host.send(mail))[0]?.reply.code).toBe(550)
    expect(refused.taken).toEqual([])
  })
})
