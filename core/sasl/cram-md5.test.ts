import { createHmac } from 'node:crypto'
import { describe, expect, test, vi } from 'vitest'
import type { LoginResult, SessionFlow } from '../flow/flow.ts'
import { CramMd5Mechanism } from './cram-md5.ts'
import { runSaslExchange, type SaslOutcome } from './exchange.ts'
import { beginMechanism, offeredMechanisms } from './offered.ts'

const entered: LoginResult = {
  ok: true,
  account: { id: 'a1', address: { localPart: 'tim', domain: 'example.org' } },
}
const base64 = (text: string) => Buffer.from(text).toString('base64')

function contextWith(cramMd5 = true) {
  const login = vi.fn(async () => entered)
  const loginAbilities = { scram: [], cramMd5, tokens: undefined }
  return { flow: { loginAbilities, login } as unknown as SessionFlow, mayLogIn: true, login }
}

interface Played {
  readonly outcome: SaslOutcome
  readonly challenges: readonly string[]
  readonly login: ReturnType<typeof contextWith>['login']
}

/** Has an exchange with a client that says this. */
async function play(answer: string, initial?: string, challenge?: string): Promise<Played> {
  const context = contextWith()
  const challenges: string[] = []
  const outcome = await runSaslExchange(new CramMd5Mechanism(context, challenge), initial, {
    challenge: async (text) => void challenges.push(Buffer.from(text, 'base64').toString()),
    readLine: async () => ({ kind: 'line', octets: Buffer.from(answer) }),
  })
  return { outcome, challenges, login: context.login }
}

const postoffice = '<1896.697170952@postoffice.reston.mci.net>'
const digest = 'b913a602c7eda7a495b4e6e7334d3890'

describe('CRAM-MD5', () => {
  test('is as in the example of RFC 2195 §2', async () => {
    const answer = 'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw'
    const { outcome, challenges, login } = await play(answer, undefined, postoffice)
    expect(outcome).toEqual({ kind: 'done', result: entered })
    expect(challenges).toEqual([postoffice])
    expect(login.mock.calls).toEqual([
      [
        { mechanism: 'CRAM-MD5', login: 'tim' },
        {
          challenge: postoffice,
          digest: createHmac('md5', 'tanstaaftanstaaf').update(postoffice).digest(),
        },
      ],
    ])
  })

  test('has a challenge of random digits and the time, each its own', async () => {
    const before = Date.now()
    const challenges = await Promise.all([play('*'), play('*')]).then((all) =>
      all.flatMap((each) => each.challenges),
    )
    expect(new Set(challenges).size).toBe(2)
    for (const challenge of challenges) {
      const [, time] = /^<[0-9a-f]{32}\.(\d+)@localhost>$/.exec(challenge) ?? []
      expect(Number(time)).toBeGreaterThanOrEqual(before)
    }
  })

  test('takes names with spaces', async () => {
    const { login } = await play(base64(`two words@example.org ${digest}`))
    expect(login).toHaveBeenCalledWith(
      { mechanism: 'CRAM-MD5', login: 'two words@example.org' },
      expect.anything(),
    )
  })

  test.each([
    '',
    'tim',
    digest,
    ` ${digest}`,
    `tim ${digest}0`,
    `tim ${digest.slice(1)}`,
    `tim ${digest.slice(1)}g`,
    `tim ${digest}\n`,
    `t\0im ${digest}`,
    `tim\n${digest}`,
  ])('%j is malformed', async (text) => {
    const { outcome, login } = await play(base64(text))
    expect(outcome.kind).toBe('malformed')
    expect(login).not.toHaveBeenCalled()
  })

  test.each(['=', base64(`tim ${digest}`)])('an initial response is malformed: %s', async (initial) => {
    const { outcome, challenges } = await play(base64(`tim ${digest}`), initial)
    expect([outcome.kind, challenges]).toEqual(['malformed', []])
  })

  test('can be taken back', async () => {
    expect((await play('*')).outcome).toEqual({ kind: 'cancelled' })
  })

  test('is offered last, and only where the accounts can verify it and a login may be tried', () => {
    expect(offeredMechanisms(contextWith())).toEqual(['PLAIN', 'LOGIN', 'CRAM-MD5'])
    expect(beginMechanism('cram-md5', contextWith())?.name).toBe('CRAM-MD5')
    expect(offeredMechanisms(contextWith(false))).not.toContain('CRAM-MD5')
    expect(beginMechanism('CRAM-MD5', contextWith(false))).toBeUndefined()
    expect(offeredMechanisms({ ...contextWith(), mayLogIn: false })).toEqual([])
  })
})
