import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { LoginResult, ScramLogin, SessionFlow } from '../flow/flow.ts'
import { reply } from '../model/reply.ts'
import type { LoginAttempt } from '../model/session.ts'
import type { ScramKeys } from '../services/accounts.ts'
import { ScramClient, type ScramClientOptions } from '../testing/scram-client.ts'
import type { ChannelBinding } from './channel-binding.ts'
import type { SaslStep } from './mechanism.ts'
import { ScramExchange, type ScramVariant } from './scram.ts'

const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
const iterations = 4096
const entered: LoginResult = {
  ok: true,
  account: { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } },
}
const wrong = { ok: false, reply: reply(535, '5.7.8', 'Authentication failed') } as const

function keysOf(secret: string): ScramKeys {
  const salted = pbkdf2Sync(secret, salt, iterations, 32, 'sha256')
  const keyed = (text: string) => createHmac('sha256', salted).update(text).digest()
  return {
    storedKey: createHash('sha256').update(keyed('Client Key')).digest(),
    serverKey: keyed('Server Key'),
  }
}

interface Server {
  readonly mechanism: ScramExchange
  readonly attempts: LoginAttempt[]
  readonly refused: string[]
  readonly complete: ReturnType<typeof vi.fn<() => Promise<LoginResult>>>
}

interface ServerParts {
  readonly secrets?: readonly string[]
  readonly settings?: ScramVariant
  readonly channelBinding?: ChannelBinding
}

/** The server's side, whose accounts know these secrets. */
function serverWith({ secrets = ['pencil'], settings, channelBinding }: ServerParts = {}): Server {
  const attempts: LoginAttempt[] = []
  const refused: string[] = []
  const complete = vi.fn(async () => entered)
  const login: ScramLogin = {
    salt,
    iterations,
    keys: secrets.map(keysOf),
    verify: async (proven) => (proven === undefined ? wrong : { ok: true, keys: proven, complete }),
  }
  const flow = {
    beginScram: async (attempt: LoginAttempt) => {
      attempts.push(attempt)
      return { ok: true, login }
    },
    refuseLogin: ({ login }: LoginAttempt, reason: string) => {
      refused.push(`${login}: ${reason}`)
      return wrong
    },
  } as unknown as SessionFlow
  const context = { flow, mayLogIn: true, ...(channelBinding === undefined ? {} : { channelBinding }) }
  const mechanism = new ScramExchange(context, settings ?? { name: 'SCRAM-SHA-256' })
  return { mechanism, attempts, refused, complete }
}

function octetsOf(step: SaslStep): Buffer {
  if (step.kind !== 'challenge') throw new Error(`${step.kind}: ${JSON.stringify(step)}`)
  return step.octets
}

/** Plays a whole exchange; the first step that is no challenge, else the last one. */
async function play(server: Server, options: Partial<ScramClientOptions> = {}): Promise<SaslStep> {
  const client = new ScramClient({ login: 'user', secret: 'pencil', ...options })
  const first = await server.mechanism.step(client.first())
  if (first.kind !== 'challenge') return first
  const final = await server.mechanism.step(client.final(first.octets))
  if (final.kind !== 'challenge') return final
  expect(client.isFromServer(final.octets)).toBe(true)
  return server.mechanism.step(Buffer.alloc(0))
}

describe('SCRAM-SHA-256', () => {
  test('speaks as RFC 7677 §3 does', async () => {
    const nonce = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    const { mechanism, attempts, complete } = serverWith({ settings: { name: 'SCRAM-SHA-256', nonce } })
    expect(octetsOf(await mechanism.step(undefined)).length).toBe(0)
    const first = await mechanism.step(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'))
    expect(octetsOf(first).toString()).toBe(
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    )
    const final = await mechanism.step(
      Buffer.from(
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      ),
    )
    expect(octetsOf(final).toString()).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
    expect(complete, 'before the client has seen the proof').not.toHaveBeenCalled()
    expect(await mechanism.step(Buffer.alloc(0))).toEqual({ kind: 'done', result: entered })
    expect(attempts).toEqual([{ mechanism: 'SCRAM-SHA-256', login: 'user' }])
  })

  test('takes any of the account’s secrets, and no other', async () => {
    const secrets = ['pencil', 'app password']
    expect(await play(serverWith({ secrets }), { secret: 'app password' })).toEqual({
      kind: 'done',
      result: entered,
    })
    expect(await play(serverWith({ secrets }), { secret: 'pen' })).toEqual({ kind: 'done', result: wrong })
    expect(await play(serverWith({ secrets: [] }))).toEqual({ kind: 'done', result: wrong })
  })

  test('prepares names, and unfolds commas and equals signs', async () => {
    const server = serverWith()
    await play(server, { login: 'a,b=c\u00a0\u{ff44}\u00ad' })
    expect(server.attempts).toEqual([{ mechanism: 'SCRAM-SHA-256', login: 'a,b=c d' }])
  })

  test('an identity counts where it is another one', async () => {
    const server = serverWith()
    expect(await play(server, { identity: 'user' })).toMatchObject({ kind: 'done', result: { ok: true } })
    await server.mechanism.step(undefined)
    const other = serverWith()
    await play(other, { identity: 'root' })
    expect([...server.attempts, ...other.attempts]).toEqual([
      { mechanism: 'SCRAM-SHA-256', login: 'user' },
      { mechanism: 'SCRAM-SHA-256', login: 'user', authorizationIdentity: 'root' },
    ])
  })

  test('does not let in who does not acknowledge the server’s proof', async () => {
    const { mechanism, complete } = serverWith()
    const client = new ScramClient({ login: 'user', secret: 'pencil' })
    const first = octetsOf(await mechanism.step(client.first()))
    await mechanism.step(client.final(first))
    expect(await mechanism.step(Buffer.from('no'))).toMatchObject({ kind: 'malformed' })
    expect(complete).not.toHaveBeenCalled()
  })

  test.each([
    '',
    'n',
    'n,,',
    'x,,n=user,r=abc',
    'p=,,n=user,r=abc',
    'p=tls unique,,n=user,r=abc',
    'n,,r=abc,n=user',
    'n,,n=,r=abc',
    'n,,n=us=er,r=abc',
    'n,,n=us=2cer,r=abc',
    'n,,n=us\0er,r=abc',
    'n,,n=\u00ad,r=abc',
    'n,,n=user,r=',
    'n,,n=user,r=a b',
    'n,,n=user',
    'n,,m=x,n=user,r=abc',
    'n,,n=user,r=abc,m=x',
    'n,,n=user,r=abc,x',
    'n,a=,n=user,r=abc',
    'n,b=x,n=user,r=abc',
    'n,a=ro=ot,n=user,r=abc',
  ])('a first message %j is none', async (text) => {
    const { mechanism, attempts } = serverWith()
    expect(await mechanism.step(Buffer.from(text))).toMatchObject({ kind: 'malformed' })
    expect(attempts).toEqual([])
  })

  test('a first message that is not UTF-8 is none', async () => {
    expect(await serverWith().mechanism.step(Buffer.from('n,,n=\xff,r=abc', 'latin1'))).toMatchObject({
      kind: 'malformed',
    })
  })

  test('optional extensions are ignored', async () => {
    const { mechanism } = serverWith()
    expect(await mechanism.step(Buffer.from('n,,n=user,r=abc,x=y,q=z=z'))).toMatchObject({
      kind: 'challenge',
    })
  })

  test.each<[string, (final: string) => string]>([
    ['empty', () => ''],
    ['without a proof', (final) => final.replace(/,p=.*/, '')],
    ['with another nonce', (final) => final.replace(',r=', ',r=x')],
    ['with the client’s nonce only', (final) => final.replace(/r=[^,]+/, 'r=rOprNGfwEbeRWgbNEkqO')],
    ['with a mandatory extension', (final) => final.replace(',p=', ',m=x,p=')],
    ['with something behind the proof', (final) => `${final},x=y`],
    ['with a proof that is not base64', (final) => final.replace(/p=.*/, 'p=*')],
  ])('a last message %s is none', async (_, change) => {
    const { mechanism, complete } = serverWith()
    const client = new ScramClient({ login: 'user', secret: 'pencil' })
    const first = octetsOf(await mechanism.step(client.first()))
    const final = client.final(first).toString()
    expect(await mechanism.step(Buffer.from(change(final)))).toMatchObject({ kind: 'malformed' })
    expect(complete).not.toHaveBeenCalled()
  })

  test.each([
    ['another header', 'c=eSws'],
    ['data of a channel', 'c=biwsAAAA'],
  ])('a last message with %s is a failed login (RFC 5802 §5.1)', async (_, binding) => {
    const { mechanism, complete, refused } = serverWith()
    const client = new ScramClient({ login: 'user', secret: 'pencil' })
    const final = client.final(octetsOf(await mechanism.step(client.first()))).toString()
    const step = await mechanism.step(Buffer.from(final.replace('c=biws', binding)))
    expect(step).toEqual({ kind: 'done', result: wrong })
    expect(refused).toEqual(['user: the channel bindings do not match'])
    expect(complete).not.toHaveBeenCalled()
  })

  test('a proof of another length, or for other messages, is a wrong one', async () => {
    for (const change of [
      (final: string) => final.replace(/p=.*/, 'p='),
      (final: string) => final.replace(/p=.*/, `p=${Buffer.alloc(32).toString('base64')}`),
      (final: string) => final.replace(/p=.*/, `p=${Buffer.alloc(33).toString('base64')}`),
      (final: string) => final.replace(',p=', ',x=y,p='),
    ]) {
      const { mechanism } = serverWith()
      const client = new ScramClient({ login: 'user', secret: 'pencil' })
      const first = octetsOf(await mechanism.step(client.first()))
      const step = await mechanism.step(Buffer.from(change(client.final(first).toString())))
      expect(step).toEqual({ kind: 'done', result: wrong })
    }
  })

  test('a refused login ends before anything is told', async () => {
    const refused = { ok: false, reply: reply(450, '4.7.1', 'Later') } as const
    const flow = { beginScram: async () => refused } as unknown as SessionFlow
    const mechanism = new ScramExchange({ flow, mayLogIn: true }, { name: 'SCRAM-SHA-256' })
    expect(await mechanism.step(Buffer.from('n,,n=user,r=abc'))).toEqual({ kind: 'done', result: refused })
  })

  test('every exchange has a nonce of its own', async () => {
    const firsts = await Promise.all(
      Array.from({ length: 20 }, () => serverWith().mechanism.step(Buffer.from('n,,n=user,r=abc'))),
    )
    expect(new Set(firsts.map((step) => octetsOf(step).toString())).size).toBe(20)
  })
})

describe('channel binding', () => {
  const data = Buffer.from('what both ends know')
  const channelBinding: ChannelBinding = {
    types: ['tls-exporter'],
    data: (type) => (type === 'tls-exporter' ? data : undefined),
  }
  const plus = { settings: { name: 'SCRAM-SHA-256-PLUS' }, channelBinding } as const
  const bare = { channelBinding } as const

  test.each<[string, ServerParts, Partial<ScramClientOptions>]>([
    ['the same channel', plus, { binding: { type: 'tls-exporter', data } }],
    ['the same, under the plain name', bare, { binding: { type: 'tls-exporter', data } }],
    ['none, and no need', bare, {}],
    ['a client that could, where we cannot', {}, { flag: 'y' }],
  ])('%s', async (_, parts, client) => {
    expect(await play(serverWith(parts), client)).toEqual({ kind: 'done', result: entered })
  })

  const other = Buffer.from('x')
  test.each<[string, ServerParts, Partial<ScramClientOptions>, string]>([
    [
      'another channel',
      plus,
      { binding: { type: 'tls-exporter', data: other } },
      'the channel bindings do not match',
    ],
    [
      'another one under the plain name',
      bare,
      { binding: { type: 'tls-exporter', data: other } },
      'the channel bindings do not match',
    ],
    [
      'a type that is not there',
      plus,
      { binding: { type: 'tls-unique', data } },
      'no channel binding tls-unique',
    ],
    [
      'a type where there is none',
      {},
      { binding: { type: 'tls-unique', data } },
      'no channel binding tls-unique',
    ],
    ['none, where it is a must', plus, {}, 'no channel binding, where it is a must'],
    [
      'a client from which it was hidden that we can',
      bare,
      { flag: 'y' },
      'channel binding was hidden from the client',
    ],
  ])('%s is a failed login (RFC 5802 §6)', async (_, parts, client, reason) => {
    const server = serverWith(parts)
    expect(await play(server, client)).toEqual({ kind: 'done', result: wrong })
    expect(server.refused).toEqual([`user: ${reason}`])
    expect(server.complete).not.toHaveBeenCalled()
  })
})
