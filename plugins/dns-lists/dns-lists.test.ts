import { type DnsAnswer, formatReply, type Resolver } from 'mailwright'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { createTestHost, fakeClock, fakeResolver, overlay, type TestMail } from 'mailwright/testing'
import { describe, expect, it, vi } from 'vitest'
import dnsLists, { type DnsListsInput } from './index.ts'

const system = [
  memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
  localDelivery({ postmaster: 'me@example.org' }),
]
const mail: TestMail = { from: 'a@sender.example', to: 'me@example.org', data: 'Subject: x\n\nx\n' }
const bad = '10.2.0.192.bl.example'
const lists = [
  { zone: 'bl.example', score: 2 },
  { zone: 'other.example', score: 1 },
  { zone: 'wl.example', score: -3 },
]

async function answers(
  options: Partial<DnsListsInput>,
  resolver: Resolver,
  sent: Partial<TestMail> = {},
): Promise<readonly string[]> {
  await using host = await createTestHost({
    plugins: [...system, dnsLists({ lists, threshold: 2, ...options })],
    resolver,
  })
  const replies = await host.send({ ...mail, ...sent })
  return replies.map(({ reply }) => formatReply(reply).replace(/ as \w+$/, ''))
}

const taken = '250 2.0.0 Taken'

describe('the scores of a client', () => {
  it('refuse from the threshold on, and say why', async () => {
    const resolver = fakeResolver({ [bad]: { a: ['127.0.0.2'], txt: ['https://bl.example/?192.0.2.10'] } })
    expect(await answers({}, resolver)).toEqual([
      '554 5.7.1 Your address 192.0.2.10 is on bl.example: https://bl.example/?192.0.2.10',
    ])
    // Below it the answers are not looked up in words.
    const mild = fakeResolver({ '10.2.0.192.other.example': { a: ['127.0.0.2'] } })
    expect(await answers({}, mild)).toEqual([taken])
    expect(mild.asked.filter((name) => name.startsWith('TXT'))).toEqual([])
  })

  it('are added up, and good ones make up for bad ones', async () => {
    const both = fakeResolver({
      [bad]: { a: ['127.0.0.2'] },
      '10.2.0.192.other.example': { a: ['127.0.0.9'], txt: ['odd\u0007text'] },
    })
    expect(await answers({ threshold: 3 }, both)).toEqual([
      '554-5.7.1 Your address 192.0.2.10 is on bl.example\r\n554 5.7.1 Your address 192.0.2.10 is on other.example: odd?text',
    ])
    expect(await answers({ threshold: 3.5 }, both)).toEqual([taken])
    both.set('10.2.0.192.wl.example', { a: ['127.0.5.1'] })
    expect(await answers({}, both)).toEqual([taken])
  })

  it('of HELO and sender count, too', async () => {
    const resolver = fakeResolver({
      'client.example.dbl.example': { a: ['127.0.1.2'] },
      'sender.example.dbl.example': { a: ['127.0.1.4'] },
    })
    const of = (subject: 'hello' | 'sender') => [
      { zone: 'dbl.example', of: subject, score: 5, name: 'the DBL' },
    ]
    expect(await answers({ lists: of('hello') }, resolver)).toEqual([
      '554 5.7.1 Your HELO client.example is on the DBL',
    ])
    expect(await answers({ lists: of('sender') }, resolver)).toEqual([
      '554 5.7.1 Your sender domain sender.example is on the DBL',
    ])
    expect(await answers({ lists: of('sender') }, resolver, { from: null })).toEqual([taken])
  })

  it('do not keep anybody from the postmaster', async () => {
    const resolver = fakeResolver({ [bad]: { a: ['127.0.0.2'] } })
    const to = ['Postmaster@example.org', 'me@example.org']
    expect(await answers({}, resolver, { to })).toEqual([taken, expect.stringMatching(/^554 5\.7\.1 /)])
    expect(await answers({ reachable: ['me@example.org'] }, resolver, { to })).toEqual([
      expect.stringMatching(/^554 5\.7\.1 /),
      taken,
    ])
  })

  it.each(['ME', 'me@', '@example.org', 'example.org', '.org'])('reach %s', async (reachable) => {
    const resolver = fakeResolver({ [bad]: { a: ['127.0.0.2'] } })
    expect(await answers({ reachable: [reachable, 'nonsense here'] }, resolver)).toEqual([taken])
  })

  it('may refuse before the greeting, or never', async () => {
    const resolver = fakeResolver({ [bad]: { a: ['127.0.0.2'] } })
    const to = ['postmaster@example.org']
    expect(await answers({ refuseAt: 'client' }, resolver, { to })).toEqual([
      expect.stringMatching(/^554 5\.7\.1 /),
    ])
    expect(await answers({ refuseAt: 'never' }, resolver)).toEqual([taken])
  })
})

describe('nobody is looked up', () => {
  const resolver = () => fakeResolver({ [bad]: { a: ['127.0.0.2'] } })

  it('in exempt networks and on other listeners', async () => {
    const dns = resolver()
    expect(await answers({ exempt: ['192.0.2.0/28'] }, dns)).toEqual([taken])
    expect(await answers({}, dns, { role: 'lmtp' })).toEqual([taken])
    expect(dns.asked).toEqual([])
  })

  it('to any effect who has logged in', async () => {
    const login = { login: 'me@example.org', secret: 'secret' }
    expect(await answers({}, resolver(), { login })).toEqual([taken])
  })
})

it('tells filters of every listing', async () => {
  const resolver = fakeResolver({ '10.2.0.192.other.example': { a: ['127.0.0.9'] } })
  await using host = await createTestHost({
    plugins: [...system, dnsLists({ lists, threshold: 2 })],
    resolver,
  })
  await host.send(mail)
  const found = (await host.history()).filter(({ verb }) => verb === 'finding')
  expect(found.map(({ by, text, facts }) => [by, text, facts])).toEqual([
    ['dns-lists/other.example', 'client 192.0.2.10 is on other.example (127.0.0.9)', { score: 1 }],
  ])
})

it('waits for answers only so long, and not before the greeting', async () => {
  const clock = fakeClock()
  let asked = 0
  const resolver = overlay(fakeResolver(), {
    addresses: () => {
      asked++
      return new Promise<DnsAnswer<string>>(() => undefined)
    },
  })
  await using host = await createTestHost({
    plugins: [...system, dnsLists({ lists, timeout: '3s' })],
    resolver,
    clock,
  })
  const [local, remote] = [
    { address: '192.0.2.1', port: 25 },
    { address: '192.0.2.10', port: 40_000 },
  ]
  const session = host.flow.openSession({ role: 'transfer', local, remote })
  expect(await session.connect()).toBeUndefined()
  expect(await session.hello({ name: 'client.example', extended: true })).toBeUndefined()
  const begun = await session.mail(null)
  if (!begun.ok) throw new Error('the sender was refused')
  const to = { localPart: 'me', domain: 'example.org' }
  let answered: number | undefined
  const reply = begun.transaction.recipient(to).then(({ code }) => {
    answered = code
    return code
  })
  await vi.waitFor(() => expect(asked).toBe(3))
  expect(answered).toBeUndefined()
  clock.advance(3000)
  expect(await reply).toBe(250)
  // The next recipient does not wait again.
  expect((await begun.transaction.recipient(to)).code).toBe(250)
  session.close()
})
