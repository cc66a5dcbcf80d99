import { describe, expect, test } from 'vitest'
import type { BearerToken, LoginAbilities, LoginResult, ScramLogin, SessionFlow } from '../flow/flow.ts'
import { type Reply, reply } from '../model/reply.ts'
import type { LoginAttempt } from '../model/session.ts'
import { runSaslExchange, type SaslLine, type SaslOutcome } from './exchange.ts'
import type { SaslContext } from './mechanism.ts'
import { beginMechanism, offeredMechanisms } from './offered.ts'

const entered: LoginResult = {
  ok: true,
  account: { id: 'a1', address: { localPart: 'jo', domain: 'example.org' } },
}
const base64 = (text: string) => Buffer.from(text).toString('base64')
const line = (text: string): SaslLine => ({ kind: 'line', octets: Buffer.from(text) })

const nobody: ScramLogin = {
  salt: Buffer.from('salt'),
  iterations: 4096,
  keys: [],
  verify: async () => ({ ok: false, reply: reply(535, '5.7.8', 'No') }),
}

interface Parts {
  readonly abilities?: Partial<LoginAbilities>
  readonly answer?: LoginResult
  readonly serverName?: string
}

type Seen = [attempt: LoginAttempt, proof: string | BearerToken]

function contextWith({ abilities = {}, answer = entered, serverName }: Parts = {}): SaslContext & {
  readonly seen: Seen[]
} {
  const seen: Seen[] = []
  const flow = {
    loginAbilities: { scram: [], cramMd5: false, tokens: {}, ...abilities },
    session: { tls: serverName === undefined ? undefined : { serverName } },
    beginScram: async () => ({ ok: true, login: nobody }),
    login: async (...given: Seen) => {
      seen.push(given)
      return answer
    },
  } as unknown as SessionFlow
  return { flow, mayLogIn: true, seen }
}

interface Played {
  readonly outcome: SaslOutcome
  readonly challenges: readonly string[]
  readonly seen: readonly Seen[]
}

/** Has an exchange with these lines of a client. */
async function play(
  name: string,
  lines: readonly (string | SaslLine)[],
  { initial, ...parts }: Parts & { readonly initial?: string } = {},
): Promise<Played> {
  const context = contextWith(parts)
  const mechanism = beginMechanism(name, context)
  if (mechanism === undefined) throw new Error(`${name} is not offered`)
  const waiting = [...lines]
  const challenges: string[] = []
  const outcome = await runSaslExchange(mechanism, initial, {
    challenge: async (text) => void challenges.push(Buffer.from(text, 'base64').toString()),
    readLine: async () => {
      const next = waiting.shift() ?? { kind: 'closed' }
      return typeof next === 'string' ? line(next) : next
    },
  })
  return { outcome, challenges, seen: context.seen }
}

const done = { kind: 'done', result: entered }

describe('an exchange', () => {
  const message = base64('\0jo@example.org\0a secret')

  test('with and without an initial response', async () => {
    expect(await play('PLAIN', [message])).toMatchObject({ outcome: done, challenges: [''] })
    expect(await play('plain', [], { initial: message })).toMatchObject({ outcome: done, challenges: [] })
  })

  test('an initial response that is empty is one', async () => {
    expect(await play('PLAIN', [message], { initial: '=' })).toMatchObject({
      outcome: { kind: 'malformed' },
      challenges: [],
    })
  })

  test('is taken back, or ends with the client', async () => {
    for (const name of ['PLAIN', 'LOGIN', 'OAUTHBEARER', 'XOAUTH2']) {
      expect(await play(name, ['*'])).toMatchObject({ outcome: { kind: 'cancelled' }, seen: [] })
      expect(await play(name, [])).toMatchObject({ outcome: { kind: 'ended' }, seen: [] })
    }
    expect((await play('PLAIN', [{ kind: 'timeout' }])).outcome).toEqual({ kind: 'ended' })
    expect((await play('PLAIN', [{ kind: 'too-long' }])).outcome).toMatchObject({ kind: 'malformed' })
  })

  test.each([
    '=',
    '=AAA',
    'AAA=BBB=',
    'A',
    'AAAAA',
    'AAAA=',
    'AA A',
    ' AAAA',
    'AAAA ',
    'AA-_',
    'AA==AA==',
    'é',
  ])('a response %j is not base64', async (text) => {
    expect(await play('PLAIN', [text])).toMatchObject({ outcome: { kind: 'malformed' }, seen: [] })
    if (text === '=') return
    expect(await play('PLAIN', [], { initial: text })).toMatchObject({
      outcome: { kind: 'malformed' },
      seen: [],
    })
  })
})

describe('PLAIN', () => {
  test.each<[string, LoginAttempt]>([
    ['\0jo\0a secret', { mechanism: 'PLAIN', login: 'jo' }],
    ['jo\0jo\0a secret', { mechanism: 'PLAIN', login: 'jo' }],
    ['eve\0jo\0a secret', { mechanism: 'PLAIN', login: 'jo', authorizationIdentity: 'eve' }],
    ['\0jörg@münchen.example\0a secret', { mechanism: 'PLAIN', login: 'jörg@münchen.example' }],
  ])('%j', async (message, attempt) => {
    expect((await play('PLAIN', [base64(message)])).seen).toEqual([[attempt, 'a secret']])
  })

  test.each([
    '',
    '\0',
    '\0\0',
    '\0jo',
    '\0jo\0',
    '\0\0secret',
    'jo\0secret',
    '\0jo\0a\0b',
    '\0j\ro\0a',
    'e\ne\0jo\0a',
  ])('a message %j is none', async (message) => {
    expect(await play('PLAIN', [base64(message)])).toMatchObject({ outcome: { kind: 'malformed' }, seen: [] })
  })

  test('octets that are not UTF-8 are no message', async () => {
    const octets = Buffer.from('\0jo\0\xff', 'latin1').toString('base64')
    expect(await play('PLAIN', [octets])).toMatchObject({ outcome: { kind: 'malformed' } })
  })

  test('a failure is the flow’s', async () => {
    const answer = { ok: false, reply: reply(535, '5.7.8', 'No') } as const
    const { outcome } = await play('PLAIN', [base64('\0jo\0x')], { answer })
    expect(outcome).toEqual({ kind: 'done', result: answer })
  })
})

describe('LOGIN', () => {
  test('asks for the name and the password, or takes the name with the command', async () => {
    const proof = [[{ mechanism: 'LOGIN', login: 'jo' }, 'a secret']]
    const whole = await play('LOGIN', [base64('jo'), base64('a secret')])
    expect(whole).toEqual({ outcome: done, challenges: ['Username:', 'Password:'], seen: proof })
    const short = await play('LOGIN', [base64('a secret')], { initial: base64('jo') })
    expect(short).toEqual({ outcome: done, challenges: ['Password:'], seen: proof })
  })

  test.each([
    ['', 'secret'],
    ['j\0o', 'secret'],
    ['jo', ''],
    ['jo', 'se\rcret'],
  ])('%j with %j is malformed', async (login, secret) => {
    expect(await play('LOGIN', [base64(login), base64(secret)])).toMatchObject({
      outcome: { kind: 'malformed' },
      seen: [],
    })
  })
})

describe('bearer tokens', () => {
  const hints = { scope: 'mail', openidConfiguration: 'https://id.example/.well-known/openid-configuration' }
  const oauth =
    'n,a=jo@example.org,\x01host=mail.example\x01port=993\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01'
  const refused: LoginResult = { ok: false, reply: reply(535, '5.7.8', 'No') }

  test('OAUTHBEARER as in RFC 7628 §4.1', async () => {
    const { outcome, seen } = await play('OAUTHBEARER', [], { initial: base64(oauth) })
    expect(outcome).toEqual(done)
    expect(seen).toEqual([
      [
        { mechanism: 'OAUTHBEARER', login: 'jo@example.org' },
        { token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' },
      ],
    ])
  })

  test('a client may name nobody, and add what it likes', async () => {
    const { seen } = await play('OAUTHBEARER', [base64('y,,\x01auth=bearer  a.b-c_d~e\x01user=x\x01\x01')])
    expect(seen).toEqual([[{ mechanism: 'OAUTHBEARER', login: '' }, { token: 'a.b-c_d~e' }]])
  })

  test('XOAUTH2', async () => {
    const { outcome, seen } = await play('XOAUTH2', [], {
      initial: base64('user=jo@example.org\x01auth=Bearer abc\x01\x01'),
    })
    expect(outcome).toEqual(done)
    expect(seen).toEqual([[{ mechanism: 'XOAUTH2', login: 'jo@example.org' }, { token: 'abc' }]])
  })

  test.each<[string, string, object]>([
    [
      'OAUTHBEARER',
      oauth,
      { status: 'invalid_token', scope: 'mail', 'openid-configuration': hints.openidConfiguration },
    ],
    ['XOAUTH2', 'user=jo\x01auth=Bearer abc\x01\x01', { status: '401', schemes: 'bearer', scope: 'mail' }],
  ])('%s tells why it fails, and then fails', async (name, message, error) => {
    for (const last of [base64('\x01'), '']) {
      const played = await play(name, [base64(message), last], {
        answer: refused,
        abilities: { tokens: hints },
      })
      expect(played.outcome).toEqual({ kind: 'done', result: refused })
      expect(played.challenges.slice(1).map((text) => JSON.parse(text))).toEqual([error])
    }
    const cancelled = await play(name, [base64(message), '*'], { answer: refused })
    expect(cancelled.outcome).toEqual({ kind: 'cancelled' })
  })

  test('what could not be found out is not the token’s fault', async () => {
    const answer: { ok: false; reply: Reply } = { ok: false, reply: reply(454, '4.7.0', 'Later') }
    const { outcome, challenges } = await play('OAUTHBEARER', [base64(oauth)], { answer })
    expect([outcome, challenges]).toEqual([{ kind: 'done', result: answer }, ['']])
  })

  test('a client that wanted another host is refused', async () => {
    const elsewhere = await play('OAUTHBEARER', [base64(oauth)], { serverName: 'other.example' })
    expect(elsewhere).toMatchObject({ outcome: { kind: 'malformed' }, seen: [] })
    const here = await play('OAUTHBEARER', [base64(oauth)], { serverName: 'MAIL.example' })
    expect(here.outcome).toEqual(done)
  })

  test.each([
    ['OAUTHBEARER', ''],
    ['OAUTHBEARER', '\x01'],
    ['OAUTHBEARER', 'n,,'],
    ['OAUTHBEARER', 'n,,\x01\x01'],
    ['OAUTHBEARER', 'n,,auth=Bearer a\x01\x01'],
    ['OAUTHBEARER', 'n,,\x01auth=Bearer a\x01'],
    ['OAUTHBEARER', 'n,,\x01auth=Bearer \x01\x01'],
    ['OAUTHBEARER', 'n,,\x01auth=Basic a\x01\x01'],
    ['OAUTHBEARER', 'n,,\x01auth=Bearer a b\x01\x01'],
    ['OAUTHBEARER', 'n,,\x01auth=Bearer a\r\nb\x01\x01'],
    ['OAUTHBEARER', 'p=tls-exporter,,\x01auth=Bearer a\x01\x01'],
    ['OAUTHBEARER', 'n,a=,\x01auth=Bearer a\x01\x01'],
    ['OAUTHBEARER', 'n,a=j=o,\x01auth=Bearer a\x01\x01'],
    ['XOAUTH2', ''],
    ['XOAUTH2', 'auth=Bearer a\x01\x01'],
    ['XOAUTH2', 'user=\x01auth=Bearer a\x01\x01'],
    ['XOAUTH2', 'user=jo\x01\x01'],
    ['XOAUTH2', 'user=jo\x01auth=Bearer a'],
    ['XOAUTH2', 'user=j\0o\x01auth=Bearer a\x01\x01'],
  ])('%s: %j is malformed', async (name, message) => {
    expect(await play(name, [base64(message)])).toMatchObject({ outcome: { kind: 'malformed' }, seen: [] })
  })
})

describe('what is offered', () => {
  const binding = { types: ['tls-exporter'] as const, data: () => undefined }
  const nothing = { types: [], data: () => undefined }
  const all = contextWith({ abilities: { scram: ['SCRAM-SHA-256'] } })
  const least = contextWith({ abilities: { tokens: undefined } })

  test.each<[string, SaslContext, readonly string[]]>([
    [
      'everything',
      { ...all, channelBinding: binding },
      ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'],
    ],
    [
      'nothing to bind to',
      { ...all, channelBinding: nothing },
      ['SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN'],
    ],
    ['passwords only', least, ['PLAIN', 'LOGIN']],
    ['in clear', { ...all, mayLogIn: false, channelBinding: binding }, []],
  ])('%s', (_, context, names) => {
    expect(offeredMechanisms(context)).toEqual(names)
    for (const name of names) expect(beginMechanism(name.toLowerCase(), context)?.name).toBe(name)
  })

  test('what is not offered cannot be used', () => {
    expect(beginMechanism('SCRAM-SHA-256', least)).toBeUndefined()
    expect(beginMechanism('PLAIN', { ...least, mayLogIn: false })).toBeUndefined()
    for (const name of ['', 'ANONYMOUS', '__proto__', 'constructor', 'EXTERNAL', 'CRAM-MD5'])
      expect(beginMechanism(name, all)).toBeUndefined()
  })
})

test('noise ends every exchange in one of the known ways', async () => {
  // A small generator of its own (Lehmer), so that a failure can be had again.
  let state = 20_261_129
  const below = (limit: number) => {
    state = (state * 48_271) % 2_147_483_647
    return state % limit
  }
  const parts = [
    'n,',
    ',',
    'a=',
    'n=jo',
    'r=x',
    'c=biws',
    'p=',
    '=',
    '\0',
    '\x01',
    'auth=Bearer x',
    'user=jo',
    'é',
    '\xff',
    'm=',
  ]
  const noise = () => Array.from({ length: below(8) }, () => parts[below(parts.length)]).join('')
  const given: Partial<LoginAbilities> = { scram: ['SCRAM-SHA-256'], cramMd5: true, tokens: {} }
  for (let round = 0; round < 3000; round++) {
    const name = ['SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2', 'PLAIN', 'LOGIN', 'CRAM-MD5'][below(6)] ?? ''
    const lines = Array.from({ length: 4 }, () => (below(8) === 0 ? noise() : base64(noise())))
    const { outcome } = await play(name, lines, { abilities: given })
    expect(['done', 'cancelled', 'malformed', 'ended']).toContain(outcome.kind)
  }
})
