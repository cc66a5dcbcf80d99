import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PluginInstance } from 'mailwright'
import clientChecks, { type ClientChecksInput } from 'mailwright/plugins/client-checks'
import database from 'mailwright/plugins/database'
import dnsLists, { type DnsListsInput } from 'mailwright/plugins/dns-lists'
import greylisting, { type GreylistingInput } from 'mailwright/plugins/greylisting'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import policyService, { type PolicyServiceInput } from 'mailwright/plugins/policy-service'
import rewriting from 'mailwright/plugins/rewriting'
import smtp from 'mailwright/plugins/smtp'
import {
  createTestHost,
  type Dialogue,
  type FakeClock,
  type FakeResolver,
  fakeClock,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

// Policy of receiving as a client meets it: plugins that know nothing of each other, behind one SMTP listener.

const client = { address: '198.51.100.7', port: 40_000 }
const listed = '7.100.51.198.bl.example'
const ok = '250 2.1.5 Recipient OK'

let folder: string
let clock: FakeClock
let resolver: FakeResolver
let host: TestHost | undefined
let policyServer: Server
let policyAnswer: (request: string) => string
const sockets = new Set<Socket>()
const dialogues: Dialogue[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-policy-'))
  clock = fakeClock()
  policyAnswer = () => 'DUNNO'
  resolver = fakeResolver({
    '198.51.100.7': { ptr: ['out.client.example'] },
    'out.client.example': { a: ['198.51.100.7'] },
    'client.example': { mx: [{ preference: 1, exchange: 'out.client.example' }] },
  })
  policyServer = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        text += chunk
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          socket.write(`action=${policyAnswer(text.slice(0, end))}\n\n`)
          text = text.slice(end + 2)
        }
      })
  })
  await new Promise<void>((resolve) => policyServer.listen(join(folder, 'policy'), resolve))
})

afterEach(async () => {
  // A server waits for its sessions, and the clock stands still.
  for (const dialogue of dialogues.splice(0)) await dialogue.close()
  await host?.stop()
  host = undefined
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => policyServer.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

const policy = {
  lists: (options: Partial<DnsListsInput> = {}) =>
    dnsLists({
      lists: [
        { zone: 'bl.example', score: 3 },
        { zone: 'wl.example', score: -2 },
      ],
      threshold: 2,
      ...options,
    }),
  checks: (options: ClientChecksInput = {}) => clientChecks(options),
  greylist: (options: GreylistingInput = {}) => greylisting(options),
  service: (options: Partial<PolicyServiceInput> = {}) =>
    policyService({ tries: 1, service: `unix:${join(folder, 'policy')}`, ...options }),
}

async function start(plugins: readonly PluginInstance[]): Promise<TestHost> {
  host = await createTestHost({
    hostname: 'mx.example.org',
    clock,
    resolver,
    plugins: [
      database({ file: join(folder, 'test.db') }),
      memory({ accounts: [{ address: 'me@example.org', password: 'secret' }] }),
      localDelivery({ postmaster: 'me@example.org' }),
      ...plugins,
      smtp({ port: 25 }),
      smtp({ role: 'submission', port: 587, tls: 'none', allowPlaintextAuth: true }, { as: 'submission' }),
    ],
  })
  return host
}

async function greeted(listener = 'smtp', hello = 'out.client.example'): Promise<Dialogue> {
  const dialogue = await (host as TestHost).connect(listener, { remote: client })
  dialogues.push(dialogue)
  await dialogue.expect('220 mx.example.org ESMTP Mailwright')
  dialogue.send(`EHLO ${hello}`)
  await dialogue.expectReply(250)
  return dialogue
}

/** The replies to MAIL and some RCPTs, sent together (RFC 2920); those of several lines joined. */
async function envelope(dialogue: Dialogue, from: string, ...to: string[]): Promise<readonly string[]> {
  dialogue.send('RSET', `MAIL FROM:<${from}>`, ...to.map((recipient) => `RCPT TO:<${recipient}>`))
  const replies: string[] = []
  for (let count = 0; count < to.length + 2; count++) {
    const lines: string[] = []
    do lines.push((await dialogue.readLine()) ?? 'the end')
    while (lines.at(-1)?.charAt(3) === '-')
    replies.push(lines.join(' / '))
  }
  expect(replies.slice(0, 2)).toEqual([expect.stringMatching(/^250 /), expect.stringMatching(/^250 /)])
  return replies.slice(2)
}

async function data(dialogue: Dialogue): Promise<string> {
  dialogue.send('DATA')
  await dialogue.expect(/^354 /)
  dialogue.send('Subject: x', '', 'text', '.')
  return (await dialogue.readLine()) ?? 'the end'
}

const from = 'a@client.example'
const me = 'me@example.org'

describe('dns-lists', () => {
  test('refuse recipients but the postmaster, and say why', async () => {
    resolver.set(listed, { a: ['127.0.0.2'], txt: ['see https://bl.example/'] })
    await start([policy.lists()])
    const dialogue = await greeted()
    expect(await envelope(dialogue, from, me, 'postmaster@example.org', 'nobody@example.org')).toEqual([
      '554 5.7.1 Your address 198.51.100.7 is on bl.example: see https://bl.example/',
      ok,
      '550 5.1.1 No such address here',
    ])
    expect(await data(dialogue)).toMatch(/^250 2\.0\.0 /)
  })

  test('let users in, wherever they are', async () => {
    resolver.set(listed, { a: ['127.0.0.2'] })
    await start([
      policy.lists({ roles: ['transfer', 'submission'] }),
      policy.checks({ roles: ['submission'] }),
    ])
    const dialogue = await greeted('submission', 'not-a-whole-name')
    dialogue.send(`AUTH PLAIN ${Buffer.from('\0me@example.org\0secret').toString('base64')}`)
    await dialogue.expect(/^235 /)
    expect(await envelope(dialogue, me, me)).toEqual([ok])
  })
})

describe('client-checks', () => {
  test('look at each message of a session anew', async () => {
    await start([policy.checks()])
    const dialogue = await greeted('smtp', 'mx.example.org')
    const impostor = ['550 5.7.1 HELO mx.example.org: that is us, and you are not']
    expect(await envelope(dialogue, from, me)).toEqual(impostor)
    expect(await envelope(dialogue, from, 'postmaster@example.org', me)).toEqual([ok, ...impostor])
    dialogue.send('EHLO out.client.example')
    await dialogue.expectReply(250)
    expect(await envelope(dialogue, 'a@gone.example', me)).toEqual([
      '550 5.1.8 Sender domain gone.example: it has no MX and no address in the DNS',
    ])
    expect(await envelope(dialogue, from, me)).toEqual([ok])
    expect(await data(dialogue)).toMatch(/^250 2\.0\.0 /)
  })
})

describe('greylisting', () => {
  const later = expect.stringMatching(/^451 4\.7\.1 Greylisted: .* in 300 seconds$/)

  test('has a client come back, in another session', async () => {
    await start([policy.greylist()])
    const first = await greeted()
    expect(await envelope(first, from, me, 'nobody@example.org')).toEqual([
      later,
      '550 5.1.1 No such address here',
    ])
    await first.close()
    clock.advance(300_000)
    const second = await greeted()
    expect(await envelope(second, from, me)).toEqual([ok])
    expect(await data(second)).toMatch(/^250 2\.0\.0 /)
  })

  test('puts bounces off at their end', async () => {
    await start([policy.greylist()])
    const first = await greeted()
    expect(await envelope(first, '', me)).toEqual([ok])
    expect(await data(first)).toMatch(/^451 4\.7\.1 Greylisted: /)
    await first.close()
    clock.advance(300_000)
    const second = await greeted()
    expect(await envelope(second, '', me)).toEqual([ok])
    expect(await data(second)).toMatch(/^250 2\.0\.0 /)
  })
})

describe('policy-service', () => {
  test('answers each of many recipients that come at once', async () => {
    await start([policy.service({ maxConnections: 2 })])
    policyAnswer = (request) => (/^recipient=me\+\d*[02468]@/m.test(request) ? 'REJECT even' : 'OK')
    const dialogue = await greeted()
    const to = Array.from({ length: 20 }, (_, index) => `me+${index}@example.org`)
    const expected = to.map((_, index) => (index % 2 === 0 ? '554 5.7.1 even' : ok))
    expect(await envelope(dialogue, from, ...to)).toEqual(expected)
  })

  test('may end the connection', async () => {
    await start([policy.service()])
    policyAnswer = () => '421 4.7.0 Too much of you'
    const dialogue = await greeted()
    expect(await envelope(dialogue, from, me)).toEqual(['421 4.7.0 Too much of you'])
    await dialogue.expectEnd()
  })
})

describe('a yes of one is no yes of another', () => {
  const four = ['checks', 'lists', 'service', 'greylist'] as const
  type Name = (typeof four)[number]

  /** All say yes as loudly as they can. */
  const friendly = (): Record<Name, PluginInstance> => {
    resolver.set('7.100.51.198.wl.example', { a: ['127.0.3.3'] })
    policyAnswer = () => 'OK'
    return {
      checks: policy.checks({ access: [{ action: 'ok' }] }),
      lists: policy.lists(),
      service: policy.service(),
      greylist: policy.greylist({ exempt: ['198.51.100.0/24'] }),
    }
  }

  /** Has one of them say no. */
  const hostile: Record<Name, (plugins: Record<Name, PluginInstance>) => RegExp> = {
    checks(plugins) {
      plugins.checks = policy.checks({ access: [{ action: 'refuse', text: 'Not you' }] })
      return /^554 5\.7\.1 Not you$/
    },
    lists(plugins) {
      resolver.set(listed, { a: ['127.0.0.2'] })
      plugins.lists = policy.lists({ threshold: 1 })
      return /^554 5\.7\.1 Your address 198\.51\.100\.7 is on bl\.example$/
    },
    service() {
      policyAnswer = () => 'REJECT Not here'
      return /^554 5\.7\.1 Not here$/
    },
    greylist(plugins) {
      plugins.greylist = policy.greylist()
      return /^451 4\.7\.1 Greylisted: /
    },
  }

  const orders = [four, four.toReversed(), ['service', 'lists', 'greylist', 'checks']] as const

  test.each(orders.map((order) => [order.join(', '), order] as const))(
    'nobody refuses: %s',
    async (_, order) => {
      const plugins = friendly()
      await start(order.map((name) => plugins[name]))
      const dialogue = await greeted()
      expect(await envelope(dialogue, from, me)).toEqual([ok])
      expect(await data(dialogue)).toMatch(/^250 2\.0\.0 /)
    },
  )

  test.each(orders.flatMap((order) => four.map((name) => [name, order.join(', '), order] as const)))(
    '%s refuses: %s',
    async (refusing, _, order) => {
      const plugins = friendly()
      const expected = hostile[refusing](plugins)
      await start(order.map((name) => plugins[name]))
      const dialogue = await greeted()
      expect(await envelope(dialogue, from, me)).toEqual([expect.stringMatching(expected)])
    },
  )

  test('and what none understands, or what fails, is never a yes', async () => {
    policyAnswer = () => 'FILTER smtp:[127.0.0.1]:10025'
    await start([policy.service(), policy.lists()])
    const dialogue = await greeted()
    expect(await envelope(dialogue, from, me)).toEqual([
      '451 4.3.5 Server configuration problem, try again later',
    ])
    for (const socket of sockets) socket.destroy()
    policyServer.close()
    policyAnswer = () => ''
    expect(await envelope(dialogue, from, me)).toEqual([expect.stringMatching(/^451 4\.3\.5 /)])
  })
})

describe('blind copies of what a policy server has taken away', () => {
  const copies = () => rewriting({ alwaysBcc: ['me+copies@example.org'] })

  /** Who gets a message to abuse. */
  async function delivered(action: string, plugins: readonly PluginInstance[]): Promise<readonly unknown[]> {
    policyAnswer = () => action
    const { send, history } = await start(plugins)
    const [answer] = await send({ from: 'a@client.example', to: 'abuse@example.org', data: 'Subject: x\n\n' })
    expect(answer?.reply.code).toBe(250)
    return (await history()).filter(({ verb }) => verb === 'delivered').map(({ facts }) => facts?.recipient)
  }

  test('are kept back', async () => {
    expect(await delivered('DISCARD', [copies(), policy.service()])).toEqual([])
  })

  test('are kept back also where the copies are thought of later', async () => {
    expect(await delivered('DISCARD', [policy.service(), copies()])).toEqual([])
  })

  test('do not go out where it is redirected', async () => {
    const to = await delivered('REDIRECT me@example.org', [copies(), policy.service()])
    expect(to).toEqual(['me@example.org'])
  })

  test('go out otherwise', async () => {
    const to = await delivered('DUNNO', [copies(), policy.service()])
    expect(to).toEqual(['abuse@example.org', 'me+copies@example.org'])
  })
})
