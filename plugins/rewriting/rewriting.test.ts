import {
  type BatchItem,
  definePlugin,
  formatAddress,
  noOptions,
  type PluginInstance,
  readAll,
  UnavailableError,
} from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { addressOf, createTestHost, type TestHost, type TestMail } from 'mailwright/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { brokenTables } from '../../test/support/faults/broken-tables.ts'
import rewriting, { type RewritingInput } from './index.ts'
import { masqueraded } from './masquerade.ts'
import { parseOptions } from './options.ts'

let host: TestHost | undefined
const sent: BatchItem[] = []
afterEach(async () => {
  sent.length = 0
  await host?.stop()
})

/** Takes mail for `far.example` and all others; all that is delivered is kept here. */
function world(...edits: readonly object[]): PluginInstance {
  return definePlugin({
    name: 'world',
    parseOptions: noOptions,
    setup({ hooks }) {
      hooks.envelope.claimRecipient.tap('relay', async (_, { forwardPath }) =>
        forwardPath.domain === 'far.example' ? { reason: 'relay' } : undefined,
      )
      hooks.delivery.route.tap('remote', async ({ address: asked }) =>
        asked.domain === 'far.example' ? { kind: 'remote', address: asked } : undefined,
      )
      hooks.data.rewriteMessage.tap('earlier', async (before) => [...before, ...(edits as never[])])
      hooks.delivery.deliver.tap('keep', async ({ items }) => {
        sent.push(...items)
        return items.map(() => ({ kind: 'delivered', text: 'kept' }))
      })
    },
  })()
}

async function start(options: RewritingInput, ...edits: readonly object[]): Promise<void> {
  const accounts = ['jo', 'anna', 'archive'].map((name) => ({ address: `${name}@here.example` }))
  host = await createTestHost({
    hostname: 'mail.here.example',
    plugins: [
      memory({
        accounts,
        aliases: [{ address: 'both@here.example', targets: ['jo@here.example', 'x@far.example'] }],
      }),
      world(...edits),
      rewriting(options),
      localDelivery(),
    ],
  })
}

const head = 'From: Jo <jo@host.here.example>\nTo: anna@here.example\nSubject: x\n\n'

/** What is delivered: where to, from whom, and the header. */
async function deliver(
  mail: Partial<TestMail> = {},
): Promise<readonly { to: string; from: string; header: string }[]> {
  const answers = await host?.send({
    from: 'jo@host.here.example',
    to: 'anna@here.example',
    data: head,
    role: 'submission',
    ...mail,
  })
  expect(answers?.map(({ reply }) => reply.code)).toEqual([mail.to ?? ''].flat().map(() => 250))
  return Promise.all(
    sent.splice(0).map(async ({ route, reversePath, message }) => ({
      to: formatAddress(route.address),
      from: reversePath === null ? '' : formatAddress(reversePath),
      header: (await readAll(message.content)).toString('utf8'),
    })),
  )
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n')

describe('canonical maps', () => {
  test('change envelope and header, and nothing around the addresses', async () => {
    await start({
      canonical: [{ 'jo@host.here.example': 'Jo.Doe@here.example', '@old.example': '@here.example' }],
    })
    const data = `From: =?utf-8?q?J=C3=B6?= (home)
\t<jo@host.here.example>
TO:Team: "a, b" <anna@old.example>,
  ü <x@far.example>;
Cc: x@far.example
Reply-To:  JO@host.here.example (me)
X-From: jo@host.here.example

jo@host.here.example
`
    expect(await deliver({ data })).toEqual([
      {
        to: 'anna@here.example',
        from: 'Jo.Doe@here.example',
        header: crlf(
          data
            .replace('<jo@host.here.example>', '<Jo.Doe@here.example>')
            .replace('TO:Team', 'TO: Team')
            .replace('anna@old.example', 'anna@here.example')
            .replace('JO@host.here.example', 'Jo.Doe@here.example'),
        ),
      },
    ])
  })

  test('keys in quotes and non-ASCII ones are found', async () => {
    await start({
      canonical: [
        { '"a;b"@here.example': 'quoted@here.example', 'jo@köln.example': 'umlaut@here.example' },
        {
          wholeAddressesOnly: true,
          lookUp: async (key: string) => (key === 'p@köln.example' ? 'pattern@here.example' : undefined),
        },
      ],
    })
    const senders = ['"A;b"@here.example', 'jo@xn--kln-sna.example', 'p@xn--kln-sna.example']
    const found = []
    for (const from of senders) found.push(...(await deliver({ from, data: 'Subject: x\n\nx\n' })))
    expect(found.map(({ from }) => from)).toEqual([
      'quoted@here.example',
      'umlaut@here.example',
      'pattern@here.example',
    ])
  })

  test('a message that needs no change is the same octets', async () => {
    await start({
      canonical: [{ 'bob@here.example': 'x@here.example' }],
      origin: 'here.example',
      appendDomain: 'here.example',
    })
    const data = 'from:JO@Host.HERE.example\nTo :  "anna"@here.example\n\n'
    const [found] = await deliver({ data })
    expect(found?.header).toBe(crlf(data))
  })

  test('mail of others keeps its header', async () => {
    await start({ canonical: [{ 'jo@host.here.example': 'jo@here.example' }], localNetworks: ['192.0.2.99'] })
    const [other] = await deliver({ role: 'transfer' })
    expect(other).toMatchObject({ from: 'jo@here.example', header: crlf(head) })
    const [local] = await deliver({ role: 'transfer', remote: { address: '192.0.2.99', port: 1 } })
    expect(local?.header).toContain('Jo <jo@here.example>')
  })

  test('recipients go where their canonical addresses do; classes choose', async () => {
    await start({
      recipientCanonical: [{ 'a.nna@here.example': 'anna@here.example' }],
      senderCanonical: [{ '@host.here.example': '@here.example' }],
      senderCanonicalClasses: ['header-sender'],
    })
    const [found] = await deliver({ to: 'a.nna+x@here.example', data: `${head.replace('anna@', 'a.nna@')}` })
    expect(found).toMatchObject({ to: 'anna+x@here.example', from: 'jo@host.here.example' })
    expect(found?.header).toContain('From: Jo <jo@here.example>\r\nTo: anna@here.example\r\n')
  })

  test('chains are followed, circles left', async () => {
    await start({
      canonical: [
        {
          'a@x.example': 'b@x.example',
          'b@x.example': 'c@x.example',
          'd@x.example': 'e@x.example',
          'e@x.example': 'd@x.example',
        },
      ],
    })
    expect((await deliver({ from: 'a@x.example' }))[0]?.from).toBe('c@x.example')
    expect((await deliver({ from: 'd@x.example' }))[0]?.from).toBe('d@x.example')
  })

  test('where the table cannot say: later', async () => {
    const lookUp = async (key: string) => {
      if (key.startsWith('jo@')) throw new UnavailableError('no table')
      return undefined
    }
    await start({ canonical: [{ lookUp }] })
    const [answer] =
      (await host?.send({ from: 'jo@x.example', to: 'anna@here.example', data: 'From: x@y.example\n\n' })) ??
      []
    expect(answer?.reply.code).toBe(451)
  })
})

describe('masquerading', () => {
  const settings = parseOptions({
    masquerade: {
      domains: [
        '!keep.here.example',
        '!@exact.here.example',
        'foo.here.example',
        '.below.here.example',
        'here.example',
      ],
      exceptions: ['root', 'cron@', 'jo@own.here.example'],
    },
  }).masquerade
  test.each([
    ['jo@host.here.example', 'jo@here.example'],
    ['jo@a.b.foo.here.example', 'jo@foo.here.example'],
    ['jo@keep.here.example', 'jo@keep.here.example'],
    ['jo@x.keep.here.example', 'jo@x.keep.here.example'],
    ['Root@host.here.example', 'Root@host.here.example'],
    ['jo@xhere.example', 'jo@xhere.example'],
    ['jo@exact.here.example', 'jo@exact.here.example'],
    ['jo@a.exact.here.example', 'jo@here.example'],
    ['jo@a.below.here.example', 'jo@below.here.example'],
    ['jo@below.here.example', 'jo@here.example'],
    ['cron@host.here.example', 'cron@host.here.example'],
    ['jo@own.here.example', 'jo@own.here.example'],
    ['jo@here.example', 'jo@here.example'],
  ])('%s: %s', (text, expected) => {
    expect(settings && formatAddress(masqueraded(addressOf(text), settings))).toBe(expected)
  })

  test('an exception that is none is told at the start', async () => {
    await start({ masquerade: { domains: ['here.example'], exceptions: ['root', 'a b'] } })
    expect(host?.log.lines).toMatchObject([
      { level: 'warn', event: 'starting', text: '`exceptions`: "a b" names nobody' },
    ])
  })

  test('in header and sender, not in recipients', async () => {
    await start({ masquerade: { domains: ['here.example'] } })
    const [found] = await deliver({ data: head.replace('anna@', 'anna@host.') })
    expect(found).toMatchObject({ to: 'anna@here.example', from: 'jo@here.example' })
    expect(found?.header).toContain('From: Jo <jo@here.example>\r\nTo: anna@here.example\r\n')
  })
})

test('names without a domain, or with half of one, are completed for local clients', async () => {
  await start({ origin: 'here.example', appendDomain: 'here.example' })
  const data = 'From: Jo <jo>\nTo: anna@host, "b c",\n x@far.example\n\n'
  const [found] = await deliver({ data, from: 'jo@host' })
  expect(found?.from).toBe('jo@host.here.example')
  expect(found?.header).toBe(
    crlf('From: Jo <jo@here.example>\nTo: anna@host.here.example, "b c"@here.example,\n x@far.example\n\n'),
  )
  expect((await deliver({ data, role: 'transfer' }))[0]?.header).toBe(crlf(data))
})

test('generic names are for what leaves only', async () => {
  await start({
    canonical: [{ 'jo@host.here.example': 'jo@local.invalid' }],
    generic: [{ 'jo@local.invalid': 'jo@here.example' }],
  })
  const found = await deliver({ to: ['anna@here.example', 'x@far.example', 'both@here.example'] })
  expect(found.map(({ to, from, header }) => [to, from, /<(.*)>/.exec(header)?.[1]]).toSorted()).toEqual([
    ['anna@here.example', 'jo@local.invalid', 'jo@local.invalid'],
    ['jo@here.example', 'jo@local.invalid', 'jo@local.invalid'],
    ['x@far.example', 'jo@here.example', 'jo@here.example'],
    ['x@far.example', 'jo@here.example', 'jo@local.invalid'],
  ])
})

test('edits of others stand', async () => {
  const edits = [
    { kind: 'insert-field', name: 'From', value: 'other@x.example' },
    {
      kind: 'change-reverse-path',
      address: addressOf('list@x.example'),
      recipients: [addressOf('anna@here.example')],
    },
  ]
  await start({ canonical: [{ '@host.here.example': '@here.example' }] }, ...edits)
  const found = await deliver({ to: ['anna@here.example', 'jo@here.example'] })
  expect(found.map(({ to, from }) => [to, from])).toEqual([
    ['anna@here.example', 'list@x.example'],
    ['jo@here.example', 'jo@here.example'],
  ])
  expect(found[0]?.header).toMatch(/^From: other@x\.example\r\nFrom: Jo <jo@here\.example>\r\n/)
})

test('copies go to whom they shall, once', async () => {
  await start({
    alwaysBcc: ['archive@here.example'],
    senderBcc: [{ 'jo@host.here.example': 'boss@far.example, archive@here.example' }],
    recipientBcc: [{ '@here.example': 'jo@here.example' }],
  })
  const found = await deliver({ to: ['anna@here.example', 'jo@here.example'] })
  expect(found.map(({ to }) => to).toSorted()).toEqual([
    'anna@here.example',
    'archive@here.example',
    'boss@far.example',
    'jo@here.example',
  ])
  expect(found.every(({ header }) => header === crlf(head))).toBe(true)
})

test('the sender hears nothing of copies', async () => {
  await start({ alwaysBcc: ['archive@here.example'], senderBcc: [{ 'jo@here.example': 'boss@far.example' }] })
  await host?.send({ from: 'jo@here.example', to: 'anna@here.example', data: head })
  const notify = sent.map(({ recipient, parameters }) => [recipient.localPart, parameters.notify])
  expect(notify.toSorted()).toEqual([
    ['anna', undefined],
    ['archive', ['NEVER']],
    ['boss', ['NEVER']],
  ])
})

test('what nobody gets has no copies, but what goes to another recipient has', async () => {
  const removed = { kind: 'remove-recipient', address: addressOf('anna@here.example') }
  await start({ alwaysBcc: ['archive@here.example'] }, removed)
  expect(await deliver()).toEqual([])
  expect((await deliver({ to: ['anna@here.example', 'jo@here.example'] })).map(({ to }) => to)).toEqual([
    'jo@here.example',
    'archive@here.example',
  ])
  await host?.stop()
  sent.length = 0
  await start({ alwaysBcc: ['archive@here.example'] }, removed, {
    kind: 'add-recipient',
    address: addressOf('jo@here.example'),
  })
  expect((await deliver()).map(({ to }) => to)).toEqual(['jo@here.example', 'archive@here.example'])
})

test('odd fields stay as they are', async () => {
  await start({ canonical: [{ '@host.here.example': '@here.example' }] })
  const octets = Buffer.from(
    'From: \xfc <jo@host.here.example>\r\nTo: jo@host.here.example,\r\n \r\n x@y.example\r\nCc: <a@host.here.example> <b@host.here.example>\r\n\r\n',
    'latin1',
  )
  await deliver({ data: octets })
  await host?.send({ from: null, to: 'anna@here.example', data: octets, role: 'submission' })
  expect((await readAll(sent[0]?.message.content ?? ({} as never))).equals(octets)).toBe(true)
})

test('all tables are checked at the same time, and all their faults are told', async () => {
  const [one, two] = brokenTables()
  const plugins = [rewriting({ canonical: [one], generic: [two] })]
  await expect(createTestHost({ plugins })).rejects.toMatchObject({
    cause: { code: 'MAIL_E_START', message: 'one is broken; two is broken' },
  })
})

describe('options', () => {
  test.each([
    [{ canonical: 'hash:/x' }, 'canonical: must be a list of tables'],
    [{ canonical: ['hash:/x'] }, 'canonical[0]: must be keys with their addresses, or a table'],
    [{ generic: [{ a: 1 }] }, 'generic[0]: must be keys'],
    [{ canonicalClasses: ['header'] }, 'canonicalClasses: has "header"'],
    [{ masquerade: { domains: ['a b'] } }, 'masquerade.domains[0]: must be a domain'],
    [{ localNetworks: ['x'] }, 'localNetworks[0]: must be an IP address or a network'],
    [{ alwaysBcc: ['archive'] }, 'alwaysBcc[0]: must be an address'],
    [{ origin: '@' }, 'origin: must be a domain'],
  ])('%j: %s', (input, problem) => {
    expect(() => parseOptions(input)).toThrow(problem)
  })
})
