import {
  bufferContent,
  createMessage,
  definePlugin,
  formatAddress,
  noOptions,
  UnavailableError,
} from 'mailwright'
import aliases from 'mailwright/plugins/aliases'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import smtpOut from 'mailwright/plugins/smtp-out'
import { addressOf, createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { brokenTables } from '../../test/support/faults/broken-tables.ts'
import { destinationReply, formatDestination, parseDestination } from './destination.ts'
import transports, { type TransportsInput } from './index.ts'
import { parseOptions } from './options.ts'
import { TransportMap } from './transport-map.ts'

const pipes = new Set(['lists'])

describe('parseDestination', () => {
  test.each([
    ['', { kind: 'local' }],
    [':', { kind: 'local' }],
    ['local:', { kind: 'local' }],
    ['virtual', { kind: 'local' }],
    [':[gate.example]', { kind: 'smtp', nextHop: 'gate.example' }],
    ['smtp:', { kind: 'smtp' }],
    ['relay:bar.example:2025', { kind: 'smtp', nextHop: 'bar.example:2025' }],
    ['smtp:[192.0.2.1]:submission', { kind: 'smtp', nextHop: '192.0.2.1:587' }],
    ['smtp:[2001:db8::1]:26', { kind: 'smtp', nextHop: '[2001:db8::1]:26' }],
    ['lmtp:', { kind: 'lmtp', host: 'x.example', port: 24 }],
    ['lmtp:inet:[::1]:2400', { kind: 'lmtp', host: '::1', port: 2400 }],
    ['lmtp:store.example', { kind: 'lmtp', host: 'store.example', port: 24 }],
    ['lmtp:unix:/run/lmtp', { kind: 'lmtp', socket: '/run/lmtp' }],
    ['discard:', { kind: 'discard', text: '' }],
    ['error:5.1.6 moved to new.example', { kind: 'error', text: '5.1.6 moved to new.example' }],
    ['hold:look', { kind: 'hold', text: 'look' }],
    ['retry:later', { kind: 'retry', text: 'later' }],
    ['lists:hop', { kind: 'pipe', name: 'lists', nextHop: 'hop' }],
  ] as const)('%j', (text, expected) => {
    const destination = parseDestination(text, 'x.example', pipes)
    expect(destination).toEqual(expected)
    expect(parseDestination(formatDestination(destination), 'x.example', pipes)).toEqual(expected)
  })

  test.each([
    ['uucp:example', 'there is no transport "uucp"'],
    ['smtp:a.example, b.example', 'is no next hop'],
    ['smtp:a.example:0', '"0" is no port'],
    ['smtp:a b', 'is no next hop'],
    ['lmtp:unix:run/lmtp', 'is no absolute path'],
  ])('%j is none', (text, problem) => {
    expect(() => parseDestination(text, 'x.example', pipes)).toThrow(problem)
  })

  test('the replies of errors and holds', () => {
    expect(destinationReply({ kind: 'error', text: '5.1.6 gone' })).toMatchObject({
      code: 550,
      enhanced: '5.1.6',
      lines: ['gone'],
    })
    expect(destinationReply({ kind: 'error', text: '4.1.6 gone\n' })).toMatchObject({ enhanced: '5.1.2' })
    expect(destinationReply({ kind: 'hold', text: '' })).toMatchObject({ code: 451, enhanced: '4.3.2' })
  })
})

describe('TransportMap', () => {
  const map = new TransportMap({
    entries: parseOptions({
      map: {
        'Jo@sub.here.example': 'discard:jo',
        'sub.here.example': 'discard:domain',
        '.here.example': 'discard:below',
        'münchen.example': 'discard:u-label',
        '.münchen.example': 'discard:below-u-label',
        '"a;b"@here.example': 'discard:quoted',
        'Abuse@': 'discard:anywhere',
        '@exact.here.example': 'discard:exact',
        '"Lists"@': 'lmtp',
        '*': 'discard:all',
      },
    }).map,
    tables: [
      { lookUp: async (key) => ({ 'jo+x@sub.here.example': 'discard:detail', 'a.b.example': ':' })[key] },
      { wholeAddressesOnly: true, lookUp: async (key) => (key.startsWith('P@') ? 'lists:' : undefined) },
      {
        wholeAddressesOnly: true,
        lookUp: async (key) => (key === 'Q@köln.example' ? 'discard:pattern' : undefined),
      },
    ],
    pipes,
    detailSeparator: '+',
  })

  test.each([
    ['jo+X@sub.here.example', 'discard:detail', true],
    ['jo+y@sub.here.example', 'discard:jo', true],
    ['anna@sub.here.example', 'discard:domain', true],
    ['anna@deep.sub.here.example', 'discard:below', true],
    ['anna@here.example', 'discard:all', false],
    ['anna@a.b.example', 'local:', true],
    ['P@here.example', 'lists:', false],
    ['jo@münchen.example', 'discard:u-label', true],
    ['jo@mx.münchen.example', 'discard:below-u-label', true],
    ['"A;b"@here.example', 'discard:quoted', true],
    ['Q@köln.example', 'discard:pattern', false],
    ['abuse+x@sub.here.example', 'discard:anywhere', false],
    ['anna@exact.here.example', 'discard:exact', true],
    ['lists@any.example', 'lmtp:inet:any.example:24', false],
  ])('%s: %s', async (text, expected, namesDomain) => {
    const found = await map.find(addressOf(text))
    expect(found && formatDestination(found.destination)).toBe(expected)
    expect(found?.namesDomain).toBe(namesDomain)
  })

  test('the bare postmaster has no transport', async () => {
    expect(await map.find({ localPart: 'postmaster', domain: '' })).toBeUndefined()
  })
})

describe('the plugin', () => {
  let host: TestHost | undefined
  afterEach(() => host?.stop())

  async function start(options: TransportsInput): Promise<TestHost> {
    const system = [memory({ accounts: [{ address: 'jo@here.example' }] }), localDelivery(), smtpOut()]
    host = await createTestHost({ plugins: [transports(options), ...system] })
    return host
  }
  const route = async (text: string) => {
    const found = await host?.flow.delivery.route({ address: addressOf(text), original: addressOf(text) })
    return found?.ok ? found.routes[0] : found?.reply.code
  }
  const answers = async (...to: string[]) =>
    ((await host?.send({ from: 'a@else.example', to, data: 'Subject: x\n\nx\n' })) ?? []).map(
      ({ reply }) => `${reply.code} ${reply.enhanced}`,
    )

  test('is warned of where it leads to other hosts and nobody delivers there', async () => {
    const warnings = async (destination: string): Promise<readonly string[]> => {
      await using system = await createTestHost({
        plugins: [transports({ map: { 'far.example': destination } })],
      })
      return system.host.warnings
    }
    expect(await warnings('smtp:')).toEqual([
      expect.stringContaining('transports leads mail to other hosts, and no plugin'),
    ])
    expect(await warnings('discard:')).toEqual([])
  })

  test('says what has come of a program that a stop ends', async () => {
    const user = process.getuid?.() === 0 ? { user: 'nobody' } : {}
    const slow = { command: ['/bin/sleep', '600'], ...user }
    const made = await start({ pipes: { slow }, map: { 'slow.example': 'slow:' } })
    const found = await made.flow.delivery.route({
      address: addressOf('x@slow.example'),
      original: addressOf('x@slow.example'),
    })
    const [way] = found.ok ? found.routes : []
    if (way === undefined) throw new Error('no route')
    const end = new AbortController()
    const message = await createMessage(bufferContent(Buffer.from('Subject: x\r\n\r\nx\r\n')))
    const outcomes = made.flow.delivery.attempt({
      ...{ id: 'q1', reversePath: null, atomic: false, signal: end.signal },
      items: [{ recipient: addressOf('x@slow.example'), route: way, message }],
    })
    setImmediate(() => end.abort(new Error('over')))
    expect(await outcomes).toMatchObject([
      { kind: 'deferred', reply: { lines: [expect.not.stringContaining('Local error')] } },
    ])
    expect(made.log.lines.map(({ event }) => event)).not.toContain('late-answer')
  })

  test('routes, refuses and throws away', async () => {
    await start({
      map: {
        'gone.example': { to: 'error', text: '5.1.6 moved' },
        'later.example': 'retry:',
        'null.example': { to: 'discard' },
        'far.example': { to: 'smtp', host: 'gate.example', port: 2525 },
        'list@here.example': { to: 'discard', text: 'a list' },
        'anna@here.example': 'local',
      },
    })
    expect(await route('x@far.example')).toEqual({
      kind: 'remote',
      address: addressOf('x@far.example'),
      nextHop: 'gate.example:2525',
    })
    expect(await answers('x@gone.example', 'x@later.example', 'x@null.example', 'x@far.example')).toEqual([
      '550 5.1.6',
      '451 4.3.2',
      '250 2.0.0',
      '550 5.7.1',
    ])
    expect(await answers('list@here.example', 'jo@here.example')).toEqual(['250 2.0.0', '250 2.0.0'])
    expect(await answers('anna@here.example')).toEqual(['550 5.1.1'])
    const delivered = (await host?.history({ text: 'thrown away' })) ?? []
    expect(delivered.map(({ facts }) => facts?.recipient)).toEqual(['x@null.example', 'list@here.example'])
  })

  test('what a program would take for an option is refused before there is a message', async () => {
    const user = process.getuid?.() === 0 ? { user: 'nobody' } : {}
    await start({
      pipes: {
        lists: { command: ['/bin/false', '$user', '-f', '$(sender)'], ...user },
        numbered: { command: ['/bin/true', '$(queue_id)-$(user)'], ...user },
      },
      map: {
        'prog.example': 'lists:',
        'numbered.example': 'numbered:',
        'plain.example': { to: 'pipe', command: ['/bin/true', '<$(recipient)>'], ...user },
      },
    })
    const codes = async (from: string, ...to: string[]) =>
      ((await host?.send({ from, to, data: 'Subject: x\n\nx\n' })) ?? []).map(({ reply }) => reply.enhanced)
    expect(await codes('a@else.example', '"-rf"@prog.example', '-rf@plain.example')).toEqual([
      '5.1.3',
      '2.0.0',
    ])
    expect(await codes('a@else.example', 'jo@numbered.example')).toEqual(['2.0.0'])
  })

  test('not where the sender may have another name by then, nor where an alias leads to another address of the program', async () => {
    const user = process.getuid?.() === 0 ? { user: 'nobody' } : {}
    const command = ['/bin/true', '$user', '-f', '$(sender)'] as const
    const senders = definePlugin({
      name: 'senders',
      parseOptions: noOptions,
      setup({ hooks }) {
        hooks.data.rewriteMessage.tap('sender', async (edits) => [
          ...edits,
          { kind: 'change-reverse-path', address: addressOf('x@else.example') },
        ])
      },
    })
    const led = aliases({ virtual: [{ '-a@prog.example': 'a@prog.example' }] })
    host = await createTestHost({
      plugins: [
        led,
        senders(),
        transports({ pipes: { lists: { command, ...user } }, map: { 'prog.example': 'lists:' } }),
        localDelivery(),
        memory({}),
      ],
    })
    const codes = async (from: string, to: string) =>
      ((await host?.send({ from, to, data: 'Subject: x\n\nx\n' })) ?? []).map(({ reply }) => reply.enhanced)
    expect(await codes('-x@else.example', 'jo@prog.example')).toEqual(['2.0.0'])
    expect(await codes('a@else.example', '-a@prog.example')).toEqual(['2.0.0'])
    expect(await codes('a@else.example', '-b@prog.example')).toEqual(['5.1.3'])
  })

  test('a wildcard opens nobody else’s domain', async () => {
    await start({ map: { '*': 'discard' } })
    expect(await answers('x@foreign.example', 'new@here.example')).toEqual(['550 5.7.1', '250 2.0.0'])
  })

  test('says later where a table cannot say, or says nonsense', async () => {
    const values: Record<string, () => string> = {
      'a@here.example': () => 'nix:',
      'b@here.example': () => {
        throw new UnavailableError('no table')
      },
    }
    await start({ tables: [{ lookUp: async (key) => values[key]?.() }] })
    expect(await answers('a@here.example', 'b@here.example', 'jo@here.example')).toEqual([
      '451 4.3.0',
      '451 4.3.0',
      '250 2.0.0',
    ])
  })
})

test('all tables are checked at the same time, and all their faults are told', async () => {
  const [one, two] = brokenTables()
  const plugins = [transports({ tables: [one, two] })]
  await expect(createTestHost({ plugins })).rejects.toMatchObject({
    cause: { code: 'MAIL_E_START', message: 'one is broken; two is broken' },
  })
})

describe('options', () => {
  test.each([
    [{ map: { 'a b': 'discard' } }, 'map.a b: is no key'],
    [{ map: { 'x.example': 'nix:' } }, 'map.x.example: must be a transport: there is no transport "nix"'],
    [{ map: { 'x.example': { to: 'smpt' } } }, 'map.x.example.to: must be one of "smtp"'],
    [{ map: { 'x.example': { to: 'smtp' } } }, 'map.x.example.host: is missing'],
    [
      { map: { 'x.example': { to: 'lmtp', socket: 'run' } } },
      'map.x.example.socket: must be an absolute path',
    ],
    [{ map: { 'x.example': { to: 'error', txt: '' } } }, 'map.x.example.txt: is not an option here'],
    [{ map: [] }, 'map: must be an object'],
    [{ pipes: { smtp: { command: ['/bin/true'] } } }, 'pipes.smtp: is no name of a program'],
    [{ pipes: { x: { command: ['true'] } } }, 'pipes.x.command: must be a list: the absolute path'],
    [
      { pipes: { x: { command: ['/bin/x', '-f$from'] } } },
      `pipes.x.command: names \${from}, which is none of`,
    ],
    [{ pipes: { x: { command: ['/bin/x'], flags: 'z' } } }, 'pipes.x.flags: has "z"'],
    [{ pipes: { x: { command: ['/bin/x'], user: 'a b' } } }, 'pipes.x.user: must be "user" or'],
    [{ pipes: { x: { command: ['/bin/x'], env: { A: 1 } } } }, 'pipes.x.env: must be names with their texts'],
    [{ tables: ['hash:/x'] }, 'tables: must be a list of tables'],
    [{ lmtp: { dataTimeout: '1h' } }, 'lmtp.dataTimeout: must be a duration'],
  ])('%j: %s', (input, problem) => {
    expect(() => parseOptions(input)).toThrow(problem)
  })

  test('entries are found whatever their case', () => {
    expect([...parseOptions({ map: { 'X.Example': { to: 'lmtp', host: '::1' } } }).map]).toEqual([
      ['x.example', { kind: 'lmtp', host: '::1', port: 24 }],
    ])
    expect(formatAddress(addressOf('X@X.example'))).toBe('X@x.example')
  })
})
