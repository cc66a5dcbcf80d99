import { formatReply } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { createTestHost, type FakeResolver, fakeResolver, type TestMail } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import clientChecks, { type ClientChecksInput } from './index.ts'

const system = [
  memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
  localDelivery({ postmaster: 'me@example.org' }),
]
const mail: TestMail = { from: 'a@sender.example', to: 'me@example.org', data: 'Subject: x\n\nx\n' }
const taken = '250 2.0.0 Taken'
const remote = (address: string) => ({ remote: { address, port: 40_000 } })

/** All is as it should be. */
function good(): FakeResolver {
  return fakeResolver({
    '192.0.2.10': { ptr: ['client.example'] },
    'client.example': { a: ['192.0.2.10'] },
    'sender.example': { mx: [{ preference: 10, exchange: 'mx.sender.example' }] },
    'mx.sender.example': { a: ['198.51.100.1'] },
  })
}

interface Seen {
  readonly replies: readonly string[]
  readonly findings: readonly (string | undefined)[]
}

async function send(
  options: ClientChecksInput,
  resolver: FakeResolver,
  sent: Partial<TestMail> = {},
): Promise<Seen> {
  await using host = await createTestHost({ plugins: [...system, clientChecks(options)], resolver })
  const answers = await host.send({ ...mail, ...sent })
  const findings = (await host.history()).filter(({ verb }) => verb === 'finding')
  return {
    replies: answers.map(({ reply }) => formatReply(reply).replace(/ (as \w+|Delivered)$/, '')),
    findings: findings.map(({ by }) => by),
  }
}

it('says nothing of a client that is as it should be', async () => {
  expect(await send({}, good())).toEqual({ replies: [taken], findings: [] })
})

const all = 'refuse'
describe('HELO', () => {
  it.each<[string, ClientChecksInput, string]>([
    ['not a name', {}, '501 5.5.2 HELO not a name: that is no host name and no address literal'],
    ['192.0.2.10', {}, '501 5.5.2 HELO 192.0.2.10: that is no host name and no address literal'],
    ['Mail.Example.Org', {}, '550 5.7.1 HELO mail.example.org: that is us, and you are not'],
    ['[192.0.2.1]', {}, '550 5.7.1 HELO [192.0.2.1]: that is us, and you are not'],
    [
      'mx2.example.org',
      { ownNames: ['mx2.example.org'] },
      '550 5.7.1 HELO mx2.example.org: that is us, and you are not',
    ],
    ['desktop', { nonFqdnHello: all }, '504 5.5.2 HELO desktop: say your full name, with your domain'],
    ['gone.example', { unknownHello: all }, '550 5.7.1 HELO gone.example: that name is not in the DNS'],
    [
      'slow.example',
      { unknownHello: all },
      '450 4.7.1 HELO slow.example: the DNS does not answer for that name now',
    ],
    ['[192.0.2.10]', { nonFqdnHello: all, unknownHello: all }, taken],
    ['sender.example', { unknownHello: all }, taken],
  ])('%s with %j: %s', async (hello, options, expected) => {
    const resolver = good()
    resolver.set('slow.example', { failure: 'SERVFAIL' })
    expect((await send(options, resolver, { hello })).replies).toEqual([expected])
  })

  it('may be our name where we say it ourselves', async () => {
    for (const address of ['127.0.0.1', '192.0.2.1'])
      expect((await send({}, good(), { hello: 'mail.example.org', ...remote(address) })).replies).toEqual([
        taken,
      ])
  })
})

describe('the name of the client', () => {
  it.each<[string, string, ClientChecksInput, string]>([
    [
      'is missing',
      '192.0.2.11',
      { unknownReverseClient: all },
      '550 5.7.25 Your address 192.0.2.11 has no name in the DNS (PTR)',
    ],
    [
      'is missing, too',
      '192.0.2.11',
      { unknownClient: all },
      '550 5.7.25 Your address 192.0.2.11 has no name in the DNS (PTR)',
    ],
    [
      'is claimed',
      '192.0.2.12',
      { unknownClient: all },
      '550 5.7.25 The name of your address 192.0.2.12 (PTR) does not have that address',
    ],
    ['is claimed, which may do', '192.0.2.12', { unknownReverseClient: all }, taken],
    [
      'cannot be asked for',
      '192.0.2.13',
      { unknownReverseClient: all },
      '450 4.7.25 The name of your address 192.0.2.13 cannot be looked up now',
    ],
    [
      'cannot be confirmed',
      '192.0.2.14',
      { unknownClient: all },
      '450 4.7.25 The name of your address 192.0.2.14 cannot be looked up now',
    ],
    ['is not asked for', '127.0.0.1', { unknownClient: all, unknownReverseClient: all }, taken],
  ])('%s (%s) with %j', async (_, address, options, expected) => {
    const resolver = good()
    resolver.set('192.0.2.12', { ptr: ['client.example'] })
    resolver.set('192.0.2.13', { failure: 'SERVFAIL' })
    resolver.set('192.0.2.14', { ptr: ['slow.example'] })
    resolver.set('slow.example', { failure: 'TIMEOUT' })
    expect((await send(options, resolver, remote(address))).replies).toEqual([expected])
  })

  it.each([
    ['told.example', taken],
    [null, '450 4.7.25 Your address 192.0.2.11 has no name as far as we were told'],
  ])('is what a trusted peer has stated: %s', async (name, expected) => {
    const stated = { remote: { address: '192.0.2.11', port: 40_000, name } }
    for (const check of ['unknownClient', 'unknownReverseClient'])
      expect((await send({ [check]: all }, good(), stated)).replies).toEqual([expected])
  })
})

describe('the sender', () => {
  it.each<[string | null, ClientChecksInput, string]>([
    ['a@intern', {}, '504 5.1.7 Sender domain intern: say the whole domain'],
    ['a@gone.example', {}, '550 5.1.8 Sender domain gone.example: it has no MX and no address in the DNS'],
    [
      'a@null.example',
      {},
      '550 5.7.27 Sender domain null.example: it takes no mail (null MX), so that nobody could answer',
    ],
    ['a@slow.example', {}, '450 4.1.8 Sender domain slow.example: the DNS does not answer for it now'],
    ['a@client.example', {}, taken],
    ['a@v6.example', {}, taken],
    ['a@[192.0.2.10]', {}, taken],
    [null, {}, taken],
    [
      'a@home.example',
      {},
      '550 5.1.8 Sender domain home.example: its mail hosts have no address that can be reached',
    ],
    [
      'a@lost.example',
      {},
      '550 5.1.8 Sender domain lost.example: its mail hosts have no address that can be reached',
    ],
    [
      'a@literal.example',
      {},
      '550 5.1.8 Sender domain literal.example: none of its MX is the name of a host',
    ],
    [
      'a@literal.example',
      { unknownSenderDomain: 'off' },
      '550 5.1.8 Sender domain literal.example: its mail hosts have no address that can be reached',
    ],
    ['a@half.example', {}, taken],
    ['a@home.example', { bogusMx: 'off' }, taken],
    ['a@gone.example', { unknownSenderDomain: 'off' }, taken],
    [
      'a@sender.example',
      { refusedMx: ['198.51.100.0/24'] },
      '554 5.7.1 Sender domain sender.example: we take no mail from those who use its mail hosts',
    ],
    ['a@sender.example', { refusedMx: ['198.51.101.0/24'] }, taken],
  ])('%s with %j: %s', async (from, options, expected) => {
    const resolver = good()
    const mx = (...names: string[]) => ({
      mx: names.map((exchange, preference) => ({ exchange, preference })),
    })
    resolver.set('null.example', mx(''))
    resolver.set('slow.example', { failure: 'SERVFAIL' })
    resolver.set('v6.example', { aaaa: ['2001:db8::25'] })
    resolver.set('home.example', mx('localhost.home.example', 'nas.home.example'))
    resolver.set('localhost.home.example', { a: ['127.0.0.1'], aaaa: ['::1'] })
    resolver.set('nas.home.example', { a: ['192.168.1.2'] })
    resolver.set('lost.example', mx('no-such-host.example'))
    resolver.set('literal.example', { ...mx('198.51.100.1'), a: ['198.51.100.1'] })
    resolver.set('half.example', mx('localhost.home.example', 'mx.sender.example'))
    expect((await send(options, resolver, { from })).replies).toEqual([expected])
  })
})

it('refuses recipients without a whole domain where it is asked to', async () => {
  const to = ['me@intern', 'me@example.org']
  const { replies } = await send({ nonFqdnRecipient: 'refuse' }, good(), { to })
  expect(replies).toEqual(['504 5.1.2 Recipient domain intern: say the whole domain', taken])
})

describe('scores', () => {
  const bad: Partial<TestMail> = { hello: 'desktop', ...remote('192.0.2.99'), from: 'a@gone.example' }

  it('are findings, and refuse nobody', async () => {
    const { replies, findings } = await send({ unknownSenderDomain: 2.5, unknownClient: 'off' }, good(), bad)
    expect(replies).toEqual([taken])
    expect(findings.toSorted()).toEqual([
      'client-checks/nonFqdnHello',
      'client-checks/unknownReverseClient',
      'client-checks/unknownSenderDomain',
    ])
  })

  it('count nothing that could not be found out', async () => {
    const resolver = good()
    resolver.set('192.0.2.10', { failure: 'SERVFAIL' })
    resolver.set('sender.example', { failure: 'SERVFAIL' })
    const { replies, findings } = await send({ unknownSenderDomain: 'score' }, resolver)
    expect([replies, findings]).toEqual([[taken], []])
  })
})

describe('nobody is checked', () => {
  const bad: Partial<TestMail> = { hello: 'not a name', from: 'a@gone.example' }

  it('in exempt networks, on other listeners, or after a login', async () => {
    const resolver = good()
    expect(await send({ exempt: ['192.0.2.0/24'] }, resolver, bad)).toEqual({
      replies: [taken],
      findings: [],
    })
    const other = await send({ roles: ['submission'] }, resolver, bad)
    expect(other).toEqual({ replies: [taken], findings: [] })
    const login = { login: 'me@example.org', secret: 'secret' }
    expect((await send({}, resolver, { ...bad, login })).replies).toEqual([taken])
    expect(resolver.asked).toEqual([])
  })

  it('who writes to the postmaster', async () => {
    const to = ['postmaster@example.org', 'me@example.org']
    expect((await send({}, good(), { ...bad, to })).replies).toEqual([taken, expect.stringMatching(/^501 /)])
    expect((await send({ reachable: ['me@example.org'] }, good(), { ...bad, to })).replies).toEqual([
      expect.stringMatching(/^501 /),
      taken,
    ])
  })

  it.each(['Me', 'me@', '@example.org', 'example.org', '.org'])('who writes to %s', async (reachable) => {
    expect((await send({ reachable: [reachable] }, good(), bad)).replies).toEqual([taken])
  })
})

it('tells what in `reachable` names nobody, and serves', async () => {
  const plugins = [...system, clientChecks({ reachable: ['nonsense here', 'me@no domain', 'abuse'] })]
  await using host = await createTestHost({ plugins })
  expect(host.log.lines).toMatchObject([
    { level: 'warn', event: 'starting', text: '`reachable`: "nonsense here" names nobody' },
    { level: 'warn', event: 'starting', text: '`reachable`: "me@no domain" names nobody' },
  ])
})

it('asks the DNS once for each check of a message, however many recipients it has', async () => {
  const resolver = good()
  await send({ unknownClient: 'refuse' }, resolver, { to: Array(5).fill('me@example.org') })
  // For unknownSenderDomain and for bogusMx.
  expect(resolver.asked.filter((name) => name === 'MX sender.example')).toHaveLength(2)
})
