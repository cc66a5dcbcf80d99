import { formatReply } from 'mailwright'
import { describe, expect, test } from 'vitest'
import { SessionDouble, short } from '../../test/support/smtp/smtp-session.ts'
import type { Client } from './client.ts'

const trusting = { xclient: ['192.0.2.0/24'] }
const local = { address: '192.0.2.9', port: 25 }

/** The client that a command tells of, or the reply. */
async function told(...commands: string[]): Promise<Client | string> {
  let double = new SessionDouble(trusting)
  let last: Client | string = ''
  for (const command of commands) {
    const answer = await double.answer(`XCLIENT ${command}`)
    last = answer.client ?? short(answer.reply)
    const before = double
    double = new SessionDouble(trusting)
    Object.assign(double.session, { client: answer.client ?? before.session.client })
  }
  return last
}

describe('XCLIENT tells', () => {
  test.each([
    ['ADDR=198.51.100.7', { remote: { address: '198.51.100.7', port: 0 }, local }],
    ['addr=198.51.100.7 PORT=4711', { remote: { address: '198.51.100.7', port: 4711 }, local }],
    ['ADDR=IPV6:2001:DB8::0:1', { remote: { address: '2001:db8::1', port: 0 }, local }],
    ['ADDR=ipv6:::ffff:198.51.100.7', { remote: { address: '198.51.100.7', port: 0 }, local }],
    ['ADDR=[UNAVAILABLE] PORT=[unavailable]', { remote: { address: 'unknown', port: 0 }, local }],
    ['PORT=4711', { remote: { address: '192.0.2.1', port: 4711 }, local }],
    [
      'DESTADDR=198.51.100.9 DESTPORT=587',
      { remote: { address: '192.0.2.1', port: 4000 }, local: { address: '198.51.100.9', port: 587 } },
    ],
  ])('%s', async (command, ends) => {
    expect(await told(command)).toMatchObject({ ends, trust: { xclient: true } })
  })

  test.each([
    ['NAME=Relay.Example', 'relay.example'],
    ['NAME=[UNAVAILABLE]', null],
    ['NAME=[TempUnavail]', null],
    ['NAME=', null],
    ['ADDR=198.51.100.7', undefined],
  ])('%s: the name is %j', async (command, name) => {
    const client = await told(command)
    expect(typeof client === 'string' ? client : client.ends.remote.name).toBe(name)
  })

  test.each([
    ['HELO=mta.example PROTO=ESMTP', { name: 'mta.example', extended: true }],
    ['HELO=mta.example PROTO=smtp', { name: 'mta.example', extended: false }],
    ['HELO=mta.example', { name: 'mta.example', extended: true }],
    ['HELO=a+3Db PROTO=LMTP', { name: 'a=b', extended: true }],
    ['HELO=[UNAVAILABLE]', undefined],
    ['PROTO=ESMTP', undefined],
  ])('%s', async (command, hello) => {
    const client = await told(command)
    expect(typeof client === 'string' ? client : client.hello).toEqual(hello)
  })

  test('what EHLO said is kept, the last one, but not where the name is told to be unknown', async () => {
    const double = new SessionDouble(trusting)
    const hello = async (command: string) => (await double.answer(`XCLIENT ${command}`)).client?.hello
    expect(await hello('ADDR=198.51.100.7')).toBeUndefined()
    await double.say('EHLO one.example', 'HELO two.example')
    expect(await hello('ADDR=198.51.100.7')).toEqual({ name: 'two.example', extended: false })
    expect(await hello('PROTO=ESMTP')).toEqual({ name: 'two.example', extended: true })
    expect(await hello('HELO=three.example')).toEqual({ name: 'three.example', extended: false })
    expect(await hello('HELO=[UNAVAILABLE]')).toBeUndefined()
  })

  test('what was told before is kept, but a name with its address only', async () => {
    expect(
      await told('NAME=one.example ADDR=198.51.100.7 PORT=9', 'HELO=mta.example PROTO=ESMTP'),
    ).toMatchObject({
      ends: { remote: { address: '198.51.100.7', port: 9, name: 'one.example' } },
      hello: { name: 'mta.example', extended: true },
    })
    const other = await told('NAME=one.example ADDR=198.51.100.7 PORT=9', 'ADDR=198.51.100.8')
    expect(typeof other === 'string' ? other : other.ends.remote).toEqual({
      address: '198.51.100.8',
      port: 0,
    })
  })
})

test('a client that XCLIENT gives another address is not who a proxy has told', async () => {
  const proxied = async (command: string) => {
    const double = new SessionDouble(trusting)
    const { client } = double.session
    const ends = { ...client.ends, proxy: { address: '192.0.2.2', port: 1 } }
    Object.assign(double.session, { client: { ...client, ends } })
    return (await double.answer(`XCLIENT ${command}`)).client?.ends.proxy?.address
  }
  expect(await proxied('PORT=4711')).toBe('192.0.2.2')
  expect(await proxied('ADDR=198.51.100.7')).toBeUndefined()
})

describe('XCLIENT is refused', () => {
  test.each([
    '',
    'ADDR',
    'ADDR=300.1.1.1',
    'ADDR=mta.example',
    'ADDR=IPV6:198',
    'PORT=65536',
    'PORT=a',
    'NAME=a_+0D+0AX',
    'NAME=-.example',
    'NAME=[192.0.2.1]',
    'HELO=a+20b',
    'HELO=a=b',
    `HELO=${'x'.repeat(256)}`,
    'PROTO=HTTP',
    'LOGIN=jo@example.org',
    'COLOUR=red',
    '__proto__=x',
    'NAME=one.example COLOUR=red',
  ])('%j', async (command) => {
    expect(await told(command)).toBe('501 5.5.4')
  })

  test.each([
    ['ADDR=192.0.2.1 LOGIN=jo@example.org', 'LOGIN is not offered'],
    ['login=[UNAVAILABLE]', 'login is not offered'],
    ['ADDR', 'ADDR without a value'],
    ['<b>=x', 'malformed attributes'],
  ])('%j: the reply says why', async (command, problem) => {
    const { reply } = await new SessionDouble(trusting).answer(`XCLIENT ${command}`)
    expect(formatReply(reply)).toBe(`501 5.5.4 Bad parameter: ${problem}`)
  })

  test('to strangers, and in a transaction', async () => {
    const stranger = new SessionDouble({ xclient: ['198.51.100.0/24'] })
    expect(await stranger.say('EHLO a', 'XCLIENT ADDR=192.0.2.1')).toEqual(['250', '550 5.7.0'])
    const busy = new SessionDouble(trusting)
    expect(await busy.say('EHLO a', 'MAIL FROM:<>', 'XCLIENT ADDR=192.0.2.1')).toEqual([
      '250',
      '250 2.1.0',
      '503 5.5.1',
    ])
  })
})

test('XCLIENT and XFORWARD are offered to those who may use them', async () => {
  const offers = async (options: Record<string, unknown>) => {
    const { reply } = await new SessionDouble(options).answer('EHLO a')
    return reply.lines.filter((line) => line.startsWith('X'))
  }
  expect(await offers({})).toEqual([])
  expect(await offers({ xclient: ['198.51.100.0/24'] })).toEqual([])
  expect(await offers({ xclient: ['192.0.2.1'], xforward: ['192.0.2.0/24'] })).toEqual([
    'XCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT',
    'XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE',
  ])
})
