import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorCode, errorText, type PluginContext, systemClock, type Tokens, tokens } from 'mailwright'
import { type FakeClock, fakeClock } from 'mailwright/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import plugin, { type IntrospectionInput } from './index.ts'

/** What the endpoint was asked. */
interface Asked {
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly type: string | undefined
  readonly form: Readonly<Record<string, string>>
}

interface System extends AsyncDisposable {
  readonly service: Tokens
  readonly asked: Asked[]
  stop(): Promise<void>
}

type Reply = string | RequestListener

const answers = (value: object): string => JSON.stringify(value)
const jo = answers({ active: true, username: 'jo@example.org' })

async function formOf(request: IncomingMessage): Promise<Readonly<Record<string, string>>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()))
}

/** The plugin and an endpoint that answers so. */
async function system(
  reply: Reply | (() => Reply),
  options: Partial<IntrospectionInput> = {},
  clock = systemClock,
): Promise<System> {
  const asked: Asked[] = []
  const server: Server = createServer(async (request, response) => {
    const { authorization, 'content-type': type } = request.headers
    asked.push({ method: request.method, authorization, type, form: await formOf(request) })
    const given =
      typeof reply === 'function' && reply.length === 0 ? (reply as () => Reply)() : (reply as Reply)
    if (typeof given === 'string') response.end(given)
    else given(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const provided: Tokens[] = []
  const context = {
    provide: (key: unknown, service: Tokens) => void (key === tokens && provided.push(service)),
    clock,
  } as unknown as PluginContext
  const { definition, options: input } = plugin({
    endpoint: `http://127.0.0.1:${port}/introspect`,
    ...options,
  })
  const lifecycle = definition.setup(context, definition.parseOptions(input))
  const [service] = provided
  if (service === undefined) throw new Error('the service was not provided')
  return {
    service,
    asked,
    stop: async () => lifecycle?.stop?.(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

afterEach(() => vi.unstubAllEnvs())

describe('a question', () => {
  it('is a form with the token, and says who asks', async () => {
    vi.stubEnv('TEST_SECRET', 'p:ä s')
    await using it_ = await system(jo, { clientId: 'mail 1', clientSecretEnv: 'TEST_SECRET' })
    expect(await it_.service.introspect('a+token/=')).toEqual({ active: true, login: 'jo@example.org' })
    expect(it_.asked).toEqual([
      {
        method: 'POST',
        // RFC 6749 §2.3.1: encoded as in a form, then in base64.
        authorization: `Basic ${Buffer.from('mail+1:p%3A%C3%A4+s').toString('base64')}`,
        type: 'application/x-www-form-urlencoded',
        form: { token: 'a+token/=', token_type_hint: 'access_token' },
      },
    ])
  })

  it('may come from nobody, or with a secret of the config', async () => {
    await using anonymous = await system(jo)
    await anonymous.service.introspect('x')
    expect(anonymous.asked[0]?.authorization).toBeUndefined()
    await using known = await system(jo, { clientId: 'mail', clientSecret: 'secret' })
    await known.service.introspect('x')
    expect(known.asked[0]?.authorization).toBe(`Basic ${Buffer.from('mail:secret').toString('base64')}`)
  })

  it('tells clients what they need', async () => {
    const openidConfiguration = 'https://id.example/.well-known/openid-configuration'
    await using whole = await system(jo, { scope: 'mail', openidConfiguration })
    expect(whole.service.hints).toEqual({ scope: 'mail', openidConfiguration })
    await using least = await system(jo)
    expect(least.service.hints).toEqual({})
  })
})

describe('an answer', () => {
  const now = Date.UTC(2026, 0, 1)
  const seconds = now / 1000
  const is = { active: true, username: 'jo' }

  it.each<[string, object, Partial<IntrospectionInput>, string | undefined]>([
    ['active', is, {}, 'jo'],
    ['not active', { active: false, username: 'jo' }, {}, undefined],
    ['without a login', { active: true }, {}, undefined],
    ['with an empty login', { active: true, username: '' }, {}, undefined],
    ['with a login that is no text', { active: true, username: 7 }, {}, undefined],
    ['with an endless login', { active: true, username: 'x'.repeat(321) }, {}, undefined],
    ['with another claim', { ...is, email: 'jo@example.org' }, { loginClaim: 'email' }, 'jo@example.org'],
    ['with a claim that every object has', is, { loginClaim: 'constructor' }, undefined],
    ['expired', { ...is, exp: seconds }, {}, undefined],
    ['not yet expired', { ...is, exp: seconds + 1 }, {}, 'jo'],
    ['not yet good', { ...is, nbf: seconds + 1 }, {}, undefined],
    ['with the scope', { ...is, scope: 'openid mail' }, { scope: 'mail' }, 'jo'],
    ['with another scope', { ...is, scope: 'openid mailing' }, { scope: 'mail' }, undefined],
    ['without any scope', is, { scope: 'mail' }, undefined],
    ['for us', { ...is, aud: 'mail' }, { audience: 'mail' }, 'jo'],
    ['for us, too', { ...is, aud: ['web', 'mail'] }, { audience: 'mail' }, 'jo'],
    ['for others', { ...is, aud: ['web'] }, { audience: 'mail' }, undefined],
    ['for nobody', is, { audience: 'mail' }, undefined],
  ])('%s', async (_, answer, options, login) => {
    await using it_ = await system(answers(answer), options, fakeClock(now))
    expect(await it_.service.introspect('x')).toEqual(
      login === undefined ? { active: false } : { active: true, login },
    )
  })

  it.each<[string, Reply]>([
    ['no JSON', 'active'],
    ['no object', '[]'],
    ['null', 'null'],
    ['not saying', '{}'],
    ['a text for a truth', answers({ active: 'true', username: 'jo' })],
    ['too long', answers({ ...is, x: 'x'.repeat(70_000) })],
    ['another status', (_request, response) => void response.writeHead(401).end(jo)],
    ['an error', (_request, response) => void response.writeHead(500).end()],
    ['elsewhere', (_request, response) => void response.writeHead(307, { location: '/introspect' }).end()],
    ['cut off', (_request, response) => void response.socket?.destroy()],
  ])('that is %s says nothing of the token', async (_, reply) => {
    await using it_ = await system(reply)
    const error = await it_.service.introspect('a-token').catch((caught) => caught)
    expect(errorCode(error)).toBe('MAIL_E_UNAVAILABLE')
    expect(errorText(error)).not.toContain('a-token')
    expect(it_.asked).toHaveLength(1)
  })

  it('is not waited for without end, nor over the end', async () => {
    const clock = fakeClock(now)
    const silent: RequestListener = (_request, response) => void response.writeHead(200).write('{')
    await using it_ = await system(silent, { timeout: '3s' }, clock)
    const late = it_.service.introspect('x').catch(errorCode)
    await vi.waitFor(() => expect(it_.asked).toHaveLength(1))
    await clock.advance(3000)
    expect(await late).toBe('MAIL_E_UNAVAILABLE')
    const cut = it_.service.introspect('y').catch(errorCode)
    await vi.waitFor(() => expect(it_.asked).toHaveLength(2))
    await it_.stop()
    expect(await cut).toBe('MAIL_E_UNAVAILABLE')
  })

  it('without the secret in the environment is none', async () => {
    await using it_ = await system(jo, { clientId: 'mail', clientSecretEnv: 'TEST_NOT_SET' })
    expect(await it_.service.introspect('x').catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
    expect(it_.asked).toEqual([])
  })
})

describe('answers are kept', () => {
  const now = Date.UTC(2026, 0, 1)

  async function asking(
    options: Partial<IntrospectionInput>,
    answer: object,
    clock: FakeClock,
  ): Promise<System> {
    return system(answers({ active: true, username: 'jo', ...answer }), options, clock)
  }

  it('for a while, each token for itself', async () => {
    const clock = fakeClock(now)
    await using it_ = await asking({ cacheFor: '30s' }, {}, clock)
    for (const token of ['a', 'b', 'a', 'b']) await it_.service.introspect(token)
    expect(it_.asked.map(({ form }) => form.token)).toEqual(['a', 'b'])
    await clock.advance(30_000)
    await it_.service.introspect('a')
    expect(it_.asked).toHaveLength(3)
  })

  it('until the token expires', async () => {
    const clock = fakeClock(now)
    await using it_ = await asking({ cacheFor: '30s' }, { exp: now / 1000 + 2 }, clock)
    expect(await it_.service.introspect('a')).toMatchObject({ active: true })
    await clock.advance(2000)
    expect(await it_.service.introspect('a')).toEqual({ active: false })
  })

  it('not at all where nobody wants it, but one question serves all who ask at once', async () => {
    await using it_ = await asking({ cacheFor: 0 }, {}, fakeClock(now))
    await Promise.all(Array.from({ length: 10 }, () => it_.service.introspect('a')))
    expect(it_.asked).toHaveLength(1)
    await it_.service.introspect('a')
    expect(it_.asked).toHaveLength(2)
  })

  it('never where there was none', async () => {
    const replies: Reply[] = ['nonsense', jo]
    await using it_ = await system(() => replies.shift() ?? jo)
    expect(await it_.service.introspect('a').catch(errorCode)).toBe('MAIL_E_UNAVAILABLE')
    expect(await it_.service.introspect('a')).toMatchObject({ active: true })
  })

  it('only so many questions run at once', async () => {
    const clock = fakeClock(now)
    await using it_ = await system((_request, response) => void response.writeHead(200).write('{'), {}, clock)
    const outcomes = Array.from({ length: 70 }, (_, index) =>
      it_.service.introspect(`t${index}`).catch(errorText),
    )
    const first = await Promise.race(outcomes)
    expect(first).toContain('too many')
    await it_.stop()
    const texts = await Promise.all(outcomes)
    expect(texts.filter((text) => String(text).includes('too many'))).toHaveLength(6)
  })
})
