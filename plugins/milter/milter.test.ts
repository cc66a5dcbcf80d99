import { definePlugin, formatReply, noOptions, reply } from 'mailwright'
import { fakeClock, fakeResolver } from 'mailwright/testing'
import { describe, expect, test } from 'vitest'
import {
  type FakeMilter,
  macrosOf,
  milterPacket as packet,
  textsOf,
} from '../../test/support/smtp/milter-fake.ts'
import {
  createFakeMilterHost,
  type FakeMilterHost,
  login,
  type MilterHostOptions,
  replyCodes,
  sampleMail,
} from '../../test/support/smtp/milter-host.ts'

const taken = '250 2.0.0, 250 2.0.0'

describe('a milter that goes on', () => {
  test('gets everything in its order, and the message is unchanged', async () => {
    await using made = await createFakeMilterHost()
    expect(await replyCodes(made)).toBe(taken)
    expect(made.taken).toMatchObject([
      {
        to: sampleMail.to,
        text: sampleMail.data.replaceAll('\n', '\r\n'),
        quarantine: undefined,
        reversePath: undefined,
      },
    ])
    await made.fake.until(() => made.fake.codes.endsWith('Q'))
    expect(made.fake.codes).toBe('OCHMRRTLLLNBEQ')
    const { fake } = made
    expect(textsOf(fake, 'C')).toEqual(['[192.0.2.10]|4\x9c\x40192.0.2.10|'])
    expect(textsOf(fake, 'H')).toEqual(['client.example|'])
    expect(textsOf(fake, 'M')).toEqual(['<a@client.example>|'])
    expect(textsOf(fake, 'R')).toEqual(['<b@example.org>|', '<c@example.org>|'])
    expect(textsOf(fake, 'L')).toEqual([
      'From|a@client.example|',
      'Subject| two spaces\n and a fold|',
      'X|none|',
    ])
    expect(textsOf(fake, 'B')).toEqual(['Hello.\r\n'])
    expect(textsOf(fake, 'E')).toEqual([''])
  })

  test('gets spaces in front of values where it asks for them', async () => {
    await using made = await createFakeMilterHost({ flags: 0x10_0000 })
    await replyCodes(made)
    expect(textsOf(made.fake, 'L')).toEqual([
      'From| a@client.example|',
      'Subject|  two spaces\n and a fold|',
      'X|none|',
    ])
  })

  test('is asked only for what it wants', async () => {
    for (const [flags, codesExpected] of [
      [0x1, 'OHMRRTLLLNBE'],
      [0x2, 'OCMRRTLLLNBE'],
      [0x4, 'OCHRRTLLLNBE'],
      [0x8, 'OCHMTLLLNBE'],
      [0x10, 'OCHMRRTLLLNE'],
      [0x20, 'OCHMRRTNBE'],
      [0x40, 'OCHMRRTLLLBE'],
      [0x200, 'OCHMRRLLLNBE'],
      [0x27f, 'OE'],
    ] as const) {
      await using made = await createFakeMilterHost({ flags })
      expect(await replyCodes(made)).toBe(taken)
      expect(made.fake.codes.replace(/Q$/, '')).toBe(codesExpected)
    }
  })

  test('need not answer where it said so', async () => {
    const silent = Object.fromEntries('CHMRTLNB'.split('').map((code) => [code, 'nothing' as const]))
    await using made = await createFakeMilterHost({ flags: 0xff080, answers: silent })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.fake.codes).toMatch(/^OCHMRRTLLLNBE/)
  })

  test('of version 2 is not told of DATA', async () => {
    await using made = await createFakeMilterHost({ version: 2, actions: 0x3f })
    expect(await replyCodes(made)).toBe(taken)
    expect(made.fake.codes).toMatch(/^OCHMRRLLLNBE/)
  })

  test('gets a large body in chunks as large as was agreed', async () => {
    const data = `Subject: large\n\n${`${'x'.repeat(98)}\n`.repeat(4_000)}`
    for (const [maxChunk, flags, chunk] of [
      ['64K', 0, 65_534],
      ['256K', 0x1000_0000, 262_142],
      ['1M', 0x2000_0000, 1_048_574],
      ['64K', 0x2000_0000, 65_534],
    ] as const) {
      await using made = await createFakeMilterHost({ flags }, { maxChunk })
      await replyCodes(made, { data })
      const sizes = made.fake.commands.filter(({ code }) => code === 'B').map((one) => one.data.length)
      expect(sizes.slice(0, -1).every((size) => size === chunk)).toBe(true)
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(400_000)
    }
  })

  test('hears of two messages in one session, over one connection', async () => {
    await using made = await createFakeMilterHost()
    const { flow } = made.host
    const session = flow.openSession({
      role: 'transfer',
      local: { address: '192.0.2.1', port: 25 },
      remote: { address: '2001:db8::1', port: 258 },
    })
    await session.connect()
    await session.hello({ name: 'one.example', extended: true })
    const sender = { localPart: 'a', domain: 'client.example' }
    const first = await session.mail(sender, { size: 10, body: '8BITMIME', envelopeId: 'a+b', auth: 'x=y' })
    if (first.ok)
      await first.transaction.recipient(
        { localPart: 'b', domain: 'example.org' },
        { notify: ['SUCCESS', 'DELAY'], originalRecipient: 'rfc822;b=c@example.org' },
      )
    if (first.ok) first.transaction.abandon()
    await session.mail(null)
    session.close()
    await made.fake.until(() => made.fake.codes.endsWith('Q'))
    expect(made.fake.codes).toBe('OCHMRAMAQ')
    expect(textsOf(made.fake, 'C')).toEqual(['[IPv6:2001:db8::1]|6\x01\x022001:db8::1|'])
    expect(textsOf(made.fake, 'M')).toEqual([
      '<a@client.example>|SIZE=10|BODY=8BITMIME|ENVID=a+2Bb|AUTH=x+3Dy|',
      '<>|',
    ])
    expect(textsOf(made.fake, 'R')).toEqual([
      '<b@example.org>|NOTIFY=SUCCESS,DELAY|ORCPT=rfc822;b+3Dc@example.org|',
    ])
    expect(made.fake.connections).toBe(1)
  })
})

describe('macros', () => {
  const macros = (fake: FakeMilter): Record<string, Readonly<Record<string, string>>> =>
    Object.fromEntries(
      fake.commands
        .filter(({ code }) => code === 'D')
        .map((command) => [command.data.toString('latin1', 0, 1), macrosOf(command)]),
    )

  test('are those that Postfix sends, with the client', async () => {
    await using made = await createFakeMilterHost(
      {},
      { macros: { daemon_name: 'ORIGINATING', '{site}': 'here' } },
    )
    await replyCodes(made, { role: 'submission', login })
    const sent = macros(made.fake)
    expect(sent.C).toEqual({
      j: 'mail.example.org',
      _: 'unknown [192.0.2.10]',
      v: 'Mailwright',
      '{daemon_name}': 'ORIGINATING',
      '{daemon_addr}': '192.0.2.1',
      '{daemon_port}': '25',
      '{client_addr}': '192.0.2.10',
      '{client_name}': 'unknown',
      '{client_port}': '40000',
      '{client_connections}': '1',
      '{site}': 'here',
    })
    expect(sent.M).toMatchObject({
      '{auth_type}': 'PLAIN',
      '{auth_authen}': 'tim@example.org',
      '{mail_addr}': 'a@client.example',
      '{mail_host}': 'client.example',
    })
    expect(sent.R).toMatchObject({ '{rcpt_addr}': 'c@example.org', '{rcpt_host}': 'example.org' })
    const id = /Taken as (.*)/.exec((await made.host.send(sampleMail))[0]?.reply.lines[0] ?? '')?.[1]
    expect(macros(made.fake).E?.i).toBe(id)
  })

  test('name this server, and the client as a trusted peer has called it', async () => {
    await using made = await createFakeMilterHost()
    for (const [address, name] of [
      ['192.0.2.10', 'told.example'],
      ['192.0.2.10', null],
      ['127.0.0.1', undefined],
    ] as const)
      await replyCodes(made, { remote: { address, port: 258, ...(name === undefined ? {} : { name }) } })
    const clients = made.fake.commands.filter(({ code, data }) => code === 'D' && data[0] === 67)
    expect(clients.map(macrosOf).map((sent) => sent['{client_name}'])).toEqual([
      'told.example',
      'unknown',
      'localhost',
    ])
    expect(clients.map(macrosOf)[0]?.['{daemon_name}']).toBe('mail.example.org')
    expect(textsOf(made.fake, 'C')).toEqual([
      'told.example|4\x01\x02192.0.2.10|',
      '[192.0.2.10]|4\x01\x02192.0.2.10|',
      'localhost|4\x01\x02127.0.0.1|',
    ])
  })

  test('are those that the milter chooses', async () => {
    const list = Buffer.concat(
      [packet('x', 0, 'j {client_name}'), packet('x', 1, ''), packet('x', 2, 'i, {nothing}')].map((one) =>
        one.subarray(5),
      ),
    )
    await using made = await createFakeMilterHost({ macros: list })
    await replyCodes(made)
    const sent = macros(made.fake)
    expect(sent.C).toEqual({ j: 'mail.example.org', '{client_name}': 'unknown' })
    expect(sent.H).toBeUndefined()
    expect(Object.keys(sent.M ?? {})).toEqual(['i'])
  })
})

describe('the client', () => {
  const records = {
    '192.0.2.10': { ptr: ['mx.client.example'] },
    'mx.client.example': { a: ['192.0.2.10'] },
  }

  test('has the name that DNS confirms', async () => {
    await using made = await createFakeMilterHost({}, {}, { resolver: fakeResolver(records) })
    await replyCodes(made)
    expect(textsOf(made.fake, 'C')[0]).toMatch(/^mx\.client\.example\|4/)
    expect(macrosOf(made.fake.commands[1] ?? { code: '', data: Buffer.alloc(0) })).toMatchObject({
      _: 'mx.client.example [192.0.2.10]',
      '{client_name}': 'mx.client.example',
    })
  })

  test('does not wait for a DNS that is silent', async () => {
    const clock = fakeClock()
    const asked = Promise.withResolvers<void>()
    const ptr = (): Promise<never> => {
      asked.resolve()
      return new Promise(() => undefined)
    }
    const resolver = { ...fakeResolver(records), ptr }
    await using made = await createFakeMilterHost({}, {}, { resolver, clock })
    const sent = replyCodes(made)
    await asked.promise
    // Others wait for the clock, too: the one who has asked does so by then.
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(5_000)
    expect(await sent).toBe(taken)
    expect(textsOf(made.fake, 'C')[0]).toMatch(/^\[192\.0\.2\.10\]\|4/)
  })
})

describe('a command that nobody knows', () => {
  async function answerTo(made: FakeMilterHost, line: string): Promise<string | undefined> {
    const ends = { local: { address: '192.0.2.1', port: 25 }, remote: { address: '192.0.2.10', port: 4000 } }
    const session = made.host.flow.openSession({ role: 'transfer', ...ends })
    await session.connect()
    const answer = await session.unknownCommand(line)
    const mail = await session.mail({ localPart: 'a', domain: 'client.example' })
    session.close()
    if (!mail.ok) return `MAIL: ${mail.reply.code}`
    return answer && formatReply(answer)
  }

  test('is told as it was said, and left to the server, or answered by the milter', async () => {
    await using made = await createFakeMilterHost()
    expect(await answerTo(made, 'Xodd  one two')).toBeUndefined()
    expect(textsOf(made.fake, 'U')).toEqual(['Xodd  one two|'])
    await using refusing = await createFakeMilterHost({
      answers: { U: packet('y', '550 5.7.1 Not that') },
    })
    expect(await answerTo(refusing, 'XODD')).toBe('550 5.7.1 Not that')
  })

  test('is not told to who does not want to hear of it, nor waited for', async () => {
    await using made = await createFakeMilterHost({ flags: 0x100 })
    expect(await answerTo(made, 'XODD')).toBeUndefined()
    expect(made.fake.codes).not.toContain('U')
    await using silent = await createFakeMilterHost({ flags: 0x2_0000, answers: { U: 'nothing' } })
    expect(await answerTo(silent, 'XODD')).toBeUndefined()
    expect(textsOf(silent.fake, 'U')).toEqual(['XODD|'])
  })

  test.each([
    [2, false],
    [3, true],
  ])('is told to a milter of version %i: %s', async (version, isTold) => {
    await using made = await createFakeMilterHost({ version, actions: 0x3f })
    expect(await answerTo(made, 'XODD')).toBeUndefined()
    expect(made.fake.codes.includes('U')).toBe(isTold)
  })

  test('that ends the session ends it for the mail that follows', async () => {
    await using made = await createFakeMilterHost({ answers: { U: packet('4') } })
    expect(await answerTo(made, 'XODD')).toBe('MAIL: 421')
  })
})

describe('recipients that another plugin refuses', () => {
  const refuse: MilterHostOptions['refuse'] = ({ localPart }) =>
    localPart === 'b' ? reply(550, '5.1.1', 'No such user') : undefined

  test('are told as refused where the milter asks for it', async () => {
    await using made = await createFakeMilterHost({ flags: 0x800 }, {}, { refuse })
    expect(await replyCodes(made)).toBe('550 5.1.1, 250 2.0.0')
    expect(textsOf(made.fake, 'R')).toEqual(['<b@example.org>|', '<b@example.org>|', '<c@example.org>|'])
    const macros = made.fake.commands.filter(({ code, data }) => code === 'D' && data[0] === 82).map(macrosOf)
    expect(macros.map((one) => one['{rcpt_mailer}'])).toEqual(['smtp', 'error', 'smtp'])
  })

  test('are told before the message, too, and what the milter answers does not count', async () => {
    const answers = { R: [packet('c'), packet('c'), packet('r')] }
    await using made = await createFakeMilterHost({ flags: 0x800, answers }, {}, { refuse })
    expect(await replyCodes(made, { to: ['c@example.org', 'b@example.org'] })).toBe('250 2.0.0, 550 5.1.1')
    expect(made.fake.codes).toMatch(/^OCHMRRRT/)
    expect(made.taken.map(({ to }) => to)).toEqual([['c@example.org']])
  })

  test('are not told otherwise', async () => {
    await using made = await createFakeMilterHost({}, {}, { refuse })
    expect(await replyCodes(made)).toBe('550 5.1.1, 250 2.0.0')
    expect(textsOf(made.fake, 'R')).toEqual(['<b@example.org>|', '<c@example.org>|'])
  })
})

test('changes come in front of those of other plugins, which have counted without them', async () => {
  const other = definePlugin({
    name: 'other',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.data.rewriteMessage.tap('mark', async (edits) => [
        ...edits,
        { kind: 'insert-field', name: 'X-Other', value: '1' },
      ])
    },
  })
  const answers = { E: Buffer.concat([packet('i', 1, 'X-Below', '1'), packet('c')]) }
  await using made = await createFakeMilterHost({ answers }, {}, { plugins: [other({})] })
  await replyCodes(made)
  expect(made.taken[0]?.text).toMatch(/^X-Other: 1\r\nFrom: a@client\.example\r\nX-Below: 1\r\n/)
})

test('whatever a milter sends, mail is taken whole or refused', async () => {
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const octets = (): Buffer => Buffer.from(Array.from({ length: random(40) }, () => random(256)))
  const texted = (): Buffer => Buffer.from(`${'X-A: <b@example.org>\n\0'.slice(random(12), random(24))}\0`)
  const some = (): Buffer =>
    packet(
      '+-24abcdefhilmpqrsty'.charAt(random(20)),
      ...[octets, texted, texted].slice(random(4)).map((make) => make()),
    )
  const anything = (): Buffer =>
    Buffer.concat([...Array.from({ length: random(4) }, some), random(3) === 0 ? octets() : packet('c')])
  const answers = Object.fromEntries(
    'CHMRTLNBE'.split('').map((code) => [code, () => (random(4) === 0 ? anything() : packet('c'))]),
  )
  await using made = await createFakeMilterHost(
    { answers: { ...answers, E: anything } },
    { timeouts: { command: 20, message: 20 } },
  )
  for (let round = 0; round < 150; round += 1) {
    const before = made.taken.length
    for (const answer of (await replyCodes(made)).split(', '))
      expect(answer).toMatch(/^[245]\d\d [245]\.\d+\.\d+$/)
    for (const { text } of made.taken.slice(before)) expect(text).toMatch(/^[!-9;-~]+:.*\r\n/)
  }
  expect(made.taken.length).toBeGreaterThan(0)
  expect(made.host.log.lines.filter(({ event }) => event === 'hook-failed')).toEqual([])
})
