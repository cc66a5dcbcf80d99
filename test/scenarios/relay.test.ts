import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ask,
  loggedIn,
  type RelaySystem,
  startRelaySystem,
  transact,
  trusted,
} from '../support/smtp/relay-system.ts'
import type { Wire } from '../support/wire.ts'

let system: RelaySystem

beforeAll(async () => {
  system = await startRelaySystem({ smtp: { maxErrors: 1000, maxIdleCommands: 1000 } })
})

beforeEach(() => system.reset())

afterAll(() => system[Symbol.asyncDispose]())

const victim = '<victim@foreign.example>'
const ours = ['here.example', 'caught.example', 'mx.here.example', '[127.0.0.1]']

/** What the testers of open relays send: reverse-path and forward-path. */
const probes: readonly (readonly [from: string, to: string])[] = [
  ['<spammer@foreign.example>', victim],
  ['<spammer>', victim],
  ['<>', victim],
  ['<jo@here.example>', victim],
  ['<spammer@[127.0.0.1]>', victim],
  ['<spammer@mx.here.example>', victim],
  ['<jo@here.example> AUTH=jo@here.example', victim],
  ['<jo@here.example> AUTH=<>', victim],
  ['<@here.example:spammer@foreign.example>', victim],
  ['<spammer@foreign.example> ENVID=x RET=HDRS', `${victim} ORCPT=rfc822;jo@here.example NOTIFY=SUCCESS`],
  ...[
    'victim@foreign.example',
    '<VICTIM@FOREIGN.EXAMPLE>',
    '<victim@foreign.example.>',
    '<victim@foreign.example >',
    '< victim@foreign.example>',
    '<"victim@foreign.example">',
    '<"victim%foreign.example">',
    '<"victim"@foreign.example>',
    '<victim@foreign.example@foreign.example>',
    '<foreign.example!victim>',
    '<victim%foreign.example>',
    '<postmaster@foreign.example>',
    '<abuse@foreign.example>',
    '<jo@here.example@foreign.example>',
    '<"jo@here.example"@foreign.example>',
    '<here.example!victim@foreign.example>',
    '<jo%here.example@foreign.example>',
    '<victim@sub.here.example>',
    '<victim@here.example.foreign.example>',
    '<victim@[192.0.2.1]>',
    '<victim@[IPv6:2001:db8::1]>',
    '<victim@[IPv6:::ffff:192.0.2.1]>',
    '<victim@[IPv6:::1]>',
    '<victim@192.0.2.1>',
    '<victim@3221225985>',
    '<victim@localhost>',
    '<victim@foreign>',
    '<victim@xn--bcher-kva.example>',
    '<jo@here.example>,<victim@foreign.example>',
    '<jo@here.example> <victim@foreign.example>',
    '<jo@here.example,victim@foreign.example>',
    '<jo@here.example>\0<victim@foreign.example>',
    '<victim@foreign.example\0@here.example>',
    '<victim@foreign.example(jo@here.example)>',
    '<@foreign.example>',
    '|/bin/cat victim@foreign.example',
  ].map((to) => ['<spammer@foreign.example>', to] as const),
  ...ours.flatMap((domain) =>
    [
      `<victim%foreign.example@${domain}>`,
      `<"victim%foreign.example"@${domain}>`,
      `<victim%foreign.example%here.example@${domain}>`,
      `<victim@foreign.example@${domain}>`,
      `<"victim@foreign.example"@${domain}>`,
      `<"\\victim\\@foreign.example"@${domain}>`,
      `<foreign.example!victim@${domain}>`,
      `<"foreign.example!victim"@${domain}>`,
      `<here.example!foreign.example!victim@${domain}>`,
      `<foreign.example!victim%foreign.example@${domain}>`,
      `<@${domain}:victim@foreign.example>`,
      `<@${domain},@foreign.example:victim@foreign.example>`,
      `<@foreign.example,@${domain}:victim@foreign.example>`,
      `<@foreign.example:victim%foreign.example@${domain}>`,
      `<@${domain}:"victim@foreign.example"@${domain}>`,
      `<@${domain}:victim%foreign.example>`,
      `<:victim@foreign.example@${domain}>`,
    ].map((to) => ['<spammer@foreign.example>', to] as const),
  ),
]

/** With SMTPUTF8. */
const worldlyProbes = [
  '<victim@bücher.example>',
  '<víctim@foreign.example>',
  '<victim@ｆｏｒｅｉｇｎ.example>',
  '<victim@foreign。example>',
  '<victim＠foreign.example>',
  '<victim%foreign.example@hｅre.example>',
  '<victim＠foreign.example@nowhere.example>',
  '<"víctim@foreign.example"@caught.example>',
]

async function probe(wire: Wire): Promise<void> {
  await ask(wire, 'EHLO here.example')
  const taken: string[] = []
  for (const [from, to] of probes) {
    await ask(wire, `MAIL FROM:${from}`)
    const answer = await ask(wire, `RCPT TO:${to}`)
    if (/^[45]\d\d /.test(answer)) expect(await ask(wire, 'DATA')).toMatch(/^5/)
    else taken.push(`${from} ${to}: ${answer}`)
    expect(await ask(wire, 'RSET')).toMatch(/^250/)
  }
  for (const to of worldlyProbes) {
    await ask(wire, 'MAIL FROM:<spammer@foreign.example> SMTPUTF8')
    const answer = await ask(wire, `RCPT TO:${to}`)
    if (!/^[45]\d\d /.test(answer)) taken.push(`${to}: ${answer}`)
    await ask(wire, 'RSET')
  }
  expect(taken).toEqual([])
  expect(system.sent).toEqual([])
}

describe('a stranger', () => {
  test.each(['transfer', 'open-submission'])('gets nothing through by %s', async (listener) => {
    await probe(await system.client(listener))
  })

  test('gets nothing through for a trusted HELO, XCLIENT, PROXY or AUTH', async () => {
    const wire = await system.client('transfer')
    for (const command of [
      `EHLO [${trusted}]`,
      `XCLIENT ADDR=${trusted} LOGIN=jo@here.example`,
      `XFORWARD ADDR=${trusted}`,
      `PROXY TCP4 ${trusted} 127.0.0.1 4242 25`,
      'AUTH PLAIN AGpvQGhlcmUuZXhhbXBsZQA=',
      `EHLO ${trusted}`,
    ]) {
      await ask(wire, command)
      expect(await transact(wire, '<jo@here.example>', [victim])).toEqual([
        '250 2.1.0',
        '550 5.7.1',
        '554 5.5.1',
      ])
    }
    expect(system.sent).toEqual([])
  })

  test('gets nothing through by LMTP, not even from a trusted network', async () => {
    const wire = await system.client('lmtp', trusted)
    await ask(wire, 'LHLO here.example')
    expect(await transact(wire, '<>', [victim])).toEqual(['250 2.1.0', '550 5.7.1', '503 5.5.1'])
  })

  test('does not get a message through behind a refused recipient by BDAT', async () => {
    const wire = await system.client('transfer')
    await ask(wire, 'EHLO client.example')
    wire.send(`MAIL FROM:<>\r\nRCPT TO:${victim}\r\nBDAT 14 LAST\r\nSubject: x\r\n\r\n`)
    expect([await wire.line(), await wire.line(), await wire.line()]).toEqual([
      expect.stringMatching(/^250 /),
      expect.stringMatching(/^550 5\.7\.1 /),
      expect.stringMatching(/^5/),
    ])
    expect(system.sent).toEqual([])
  })

  test('does not hide a recipient behind a bare line feed', async () => {
    const wire = await system.client('transfer')
    await ask(wire, 'EHLO client.example')
    await ask(wire, 'MAIL FROM:<>')
    wire.send(`RCPT TO:<x@foreign.example>\nRCPT TO:${victim}\r\nDATA\r\nQUIT\r\n`)
    expect(await wire.rest()).not.toMatch(/^(250|354)/m)
  })

  test('may write to us, and an ORCPT of somebody else leads nowhere', async () => {
    const wire = await system.client('transfer')
    await ask(wire, 'EHLO client.example')
    const to = [
      '<jo@here.example> ORCPT=rfc822;victim@foreign.example',
      '<@foreign.example:jo+x@here.example>',
    ]
    expect(await transact(wire, '<a@foreign.example>', [...to, victim, '<Postmaster>'])).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '250 2.1.5',
      '550 5.7.1',
      '250 2.1.5',
      '250 2.0.0',
    ])
    expect(system.sent).toEqual([])
  })

  test('may write to what our aliases and catch-alls lead to', async () => {
    const wire = await system.client('transfer')
    await ask(wire, 'EHLO client.example')
    await transact(wire, '<a@foreign.example>', ['<away@here.example>', '<any@caught.example>'])
    expect(system.sent).toEqual([{ from: 'a@foreign.example', to: 'jo@away.example', nextHop: undefined }])
  })

  test('is told the truth about an address with a mark in it that exists', async () => {
    const wire = await system.client('transfer')
    await ask(wire, 'EHLO client.example')
    // A detail may hold anything; it is no path.
    expect(await transact(wire, '<>', ['<"jo+a%b@c"@here.example>'])).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '250 2.0.0',
    ])
  })
})

describe('a client in our networks', () => {
  test('may send anywhere, but not to literals and half names', async () => {
    const wire = await system.client('transfer', trusted)
    await ask(wire, 'EHLO printer')
    const to = [victim, '<a%b@foreign.example>', '<x@[192.0.2.1]>', '<x@intranet>', '<x@bücher.example>']
    expect(await transact(wire, '<printer@here.example>', to)).toEqual([
      '250 2.1.0',
      '250 2.1.5',
      '250 2.1.5',
      '550 5.1.2',
      '550 5.1.2',
      expect.stringMatching(/^5/),
      '250 2.0.0',
    ])
    expect(system.sent.map(({ to }) => to)).toEqual(['victim@foreign.example', 'a%b@foreign.example'])
  })

  test('is not routed through us by a path in a local part', async () => {
    const wire = await system.client('transfer', trusted)
    await ask(wire, 'EHLO printer')
    const to = ['<victim%foreign.example@here.example>', '<"victim@foreign.example"@here.example>']
    expect(await transact(wire, '<>', to)).toEqual(['250 2.1.0', '550 5.1.1', '550 5.1.1', '554 5.5.1'])
  })

  test('may write to a source route, which is dropped', async () => {
    const wire = await system.client('transfer', trusted)
    await ask(wire, 'EHLO printer')
    await transact(wire, '<>', ['<@here.example,@third.example:victim@foreign.example>'])
    expect(system.sent.map(({ to }) => to)).toEqual(['victim@foreign.example'])
  })

  test('is answered with 451 while the accounts are away, and so is everybody', async () => {
    for (const from of [trusted, '127.0.0.1']) {
      system.reset()
      const wire = await system.client('transfer', from)
      await ask(wire, 'EHLO client.example')
      system.breakAccounts()
      const to = [victim, '<jo@here.example>', '<a%b@here.example>']
      expect(await transact(wire, '<>', to)).toEqual([
        '250 2.1.0',
        '451 4.3.0',
        '451 4.3.0',
        '451 4.3.0',
        '554 5.5.1',
      ])
    }
    expect(system.sent).toEqual([])
  })
})

describe('a user who has logged in', () => {
  const user = async (listener = 'submission') => loggedIn(await system.client(listener), 'jo@here.example')

  test.each([
    ['<jo@here.example>', '250 2.1.0'],
    ['<JO@HERE.EXAMPLE>', '250 2.1.0'],
    ['<jo+lists@here.example>', '250 2.1.0'],
    ['<"jo"@here.example>', '250 2.1.0'],
    ['<info@here.example>', '250 2.1.0'],
    ['<team@here.example>', '250 2.1.0'],
    ['<anything@caught.example>', '250 2.1.0'],
    ['<postmaster@here.example>', '250 2.1.0'],
    ['<>', '250 2.1.0'],
    ['<anna@here.example>', '550 5.7.1'],
    ['<away@here.example>', '550 5.7.1'],
    ['<nobody@here.example>', '550 5.7.1'],
    ['<jo@here.example.foreign.example>', '550 5.7.1'],
    ['<"jo@here.example"@foreign.example>', '550 5.7.1'],
    ['<jo%here.example@foreign.example>', '550 5.7.1'],
    ['<@here.example:jo@foreign.example>', '550 5.7.1'],
    ['<someone@foreign.example> AUTH=jo@here.example', '550 5.7.1'],
    ['<jo@[127.0.0.1]>', '550 5.7.1'],
  ])('MAIL FROM:%s is answered with %s', async (mail, expected) => {
    expect((await ask(await user(), `MAIL FROM:${mail}`)).slice(0, 9)).toBe(expected)
  })

  test('sends anywhere under own addresses, and From is bound too', async () => {
    const wire = await user()
    const send = (header: string, mail = '<jo@here.example>') => transact(wire, mail, [victim], header)
    expect((await send('From: Jo <jo@here.example>')).at(-1)).toBe('250 2.0.0')
    expect((await send('From: team@here.example', '<>')).at(-1)).toBe('250 2.0.0')
    expect((await send('Subject: no From, which is put in')).at(-1)).toBe('250 2.0.0')
    expect((await send('From: boss@here.example')).at(-1)).toBe('550 5.7.1')
    expect((await send('From: boss@here.example', '<>')).at(-1)).toBe('550 5.7.1')
    expect((await send('From: jo@here.example\r\nFrom: boss@here.example')).at(-1)).toBe('554 5.6.0')
    expect(system.sent.map(({ from }) => from)).toEqual(['jo@here.example', '', 'jo@here.example'])
  })

  test('is bound also where the mail is for accounts here', async () => {
    const wire = await user()
    const answers = await transact(
      wire,
      '<jo@here.example>',
      ['<anna@here.example>'],
      'From: boss@here.example',
    )
    expect(answers.at(-1)).toBe('550 5.7.1')
  })

  test('is told to try later while nobody can tell whose an address is', async () => {
    const wire = await user()
    system.breakAccounts()
    expect(await ask(wire, 'MAIL FROM:<info@here.example>')).toMatch(/^451 4\.3\.0 /)
  })

  test('gets no more than a stranger without a login', async () => {
    const wire = await system.client('submission', trusted)
    await ask(wire, 'EHLO client.example')
    expect(await ask(wire, 'MAIL FROM:<jo@here.example>')).toMatch(/^530 /)
  })
})

describe('with other options', () => {
  test('only some accounts may send to others, and some have more addresses', async () => {
    await using other = await startRelaySystem({
      relay: { accounts: ['anna@here.example'], extraSenders: { 'anna@here.example': ['@lists.example'] } },
    })
    const jo = await loggedIn(await other.client('submission'), 'jo@here.example')
    expect(await transact(jo, '<jo@here.example>', [victim, '<anna@here.example>'])).toEqual([
      '250 2.1.0',
      '550 5.7.1',
      '250 2.1.5',
      '250 2.0.0',
    ])
    const anna = await loggedIn(await other.client('submission'), 'anna@here.example')
    expect((await transact(anna, '<news@lists.example>', [victim], 'From: news@lists.example')).at(-1)).toBe(
      '250 2.0.0',
    )
    expect(other.sent).toMatchObject([{ from: 'news@lists.example', to: 'victim@foreign.example' }])
  })

  test('nothing is bound where that is asked for', async () => {
    await using other = await startRelaySystem({
      relay: { senders: 'any', fromField: 'any', nextHop: 'smart.example:587' },
    })
    const jo = await loggedIn(await other.client('submission'), 'jo@here.example')
    expect((await transact(jo, '<x@foreign.example>', [victim], 'From: boss@here.example')).at(-1)).toBe(
      '250 2.0.0',
    )
    expect(other.sent).toMatchObject([{ from: 'x@foreign.example', nextHop: 'smart.example:587' }])
  })

  test('mail for domains that we are backup MX for is passed on, for recipients that exist there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mailwright-backup-'))
    const backupRecipients = join(folder, 'recipients')
    await writeFile(backupRecipients, 'sue@backup.example x\n@any.example x\nodd%one@backup.example x\n')
    await using other = await startRelaySystem({
      relay: { backupMxFor: ['backup.example', '.backup.example', 'any.example'], backupRecipients },
    })
    const wire = await other.client('transfer')
    await ask(wire, 'EHLO client.example')
    const to = [
      ['<sue@backup.example>', '250 2.1.5'],
      ['<Sue+x@BACKUP.example>', '250 2.1.5'],
      ['<odd%one@backup.example>', '250 2.1.5'],
      ['<tom@backup.example>', '550 5.1.1'],
      ['<sue@sub.backup.example>', '550 5.1.1'],
      ['<tom@any.example>', '250 2.1.5'],
      ['<victim%foreign.example@any.example>', '550 5.7.1'],
      ['<"victim@foreign.example"@any.example>', '550 5.7.1'],
      ['<foreign.example!victim@any.example>', '550 5.7.1'],
      ['<@any.example:victim@foreign.example>', '550 5.7.1'],
      ['<x@notany.example>', '550 5.7.1'],
    ] as const
    const answers = await transact(
      wire,
      '<a@foreign.example>',
      to.map(([path]) => path),
    )
    expect(answers.slice(1, -1)).toEqual(to.map(([, answer]) => answer))
    expect(other.sent).toHaveLength(4)
    await rm(folder, { recursive: true })
    expect(await transact(wire, '<>', ['<sue@backup.example>'])).toEqual([
      '250 2.1.0',
      '451 4.3.0',
      '554 5.5.1',
    ])
  })

  test('a missing file of recipients keeps the server from starting', async () => {
    await expect(
      startRelaySystem({ relay: { backupMxFor: ['backup.example'], backupRecipients: '/nowhere/at/all' } }),
    ).rejects.toMatchObject({ code: 'MAIL_E_START' })
  })

  test('without the plugin nothing goes out at all', async () => {
    await using other = await startRelaySystem({ without: 'relay' })
    const jo = await loggedIn(await other.client('submission'), 'jo@here.example')
    expect(await transact(jo, '<jo@here.example>', [victim])).toEqual(['250 2.1.0', '550 5.7.1', '554 5.5.1'])
  })
})

describe('mailwright relay check', () => {
  async function check(recipient: string, options: Record<string, string>): Promise<unknown> {
    const command = system.host.host.commands.find(({ name }) => name === 'relay check')
    return (await command?.run({ arguments: [recipient], options }))?.json
  }

  test.each([
    ['victim@foreign.example', { from: trusted }, true, 'relay for a client in our networks'],
    ['victim@foreign.example', { from: '192.0.2.1' }, false, 'no rule lets this client send there'],
    ['victim@foreign.example', { from: '192.0.2.1', login: 'jo@here.example' }, true, 'authenticated user'],
    [
      'x@foreign.example',
      { from: trusted, login: 'jo@here.example', sender: 'boss@here.example' },
      false,
      '550 5.7.1',
    ],
    ['jo@here.example', { from: trusted }, false, 'the address is ours'],
    ['a%b@caught.example', { from: '192.0.2.1' }, false, '550 5.7.1'],
    ['x@[192.0.2.1]', { from: trusted }, false, '550 5.1.2'],
  ])('%s %j: %s', async (recipient, options, relayed, reason) => {
    expect(await check(recipient, options)).toMatchObject({
      relayed,
      reason: expect.stringContaining(reason),
    })
    expect(system.sent).toEqual([])
  })

  test.each([
    ['victim', { from: '192.0.2.1' }],
    ['victim@foreign.example', {}],
    ['victim@foreign.example', { from: 'somewhere' }],
    ['victim@foreign.example', { from: '192.0.2.1', login: 'nobody@here.example' }],
  ])('%s %j is wrong use', async (recipient, options) => {
    await expect(check(recipient, options)).rejects.toThrow(
      /is no address|--from is missing|there is no account/,
    )
  })
})
