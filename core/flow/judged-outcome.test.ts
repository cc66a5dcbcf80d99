import { describe, expect, test } from 'vitest'
import type { Outcome } from '../model/delivery.ts'
import { localError } from '../model/reply.ts'
import { away, delivered, later, never, setUp, tried } from '../testing/delivery-world.ts'
import { judgedOutcomes } from './judged-outcome.ts'

/** What comes of two items of which the second is delivered, and what the log says. */
async function answered(said: unknown): Promise<{ outcomes: readonly Outcome[]; told: readonly unknown[] }> {
  await using setup = await setUp({ outcome: (name) => (name === 'x' ? (said as Outcome) : delivered) })
  const outcomes = await tried(setup, [away('x'), away('y')])
  const told = setup.host.log.lines.filter(({ event }) => event === 'hook-failed')
  return { outcomes, told }
}

describe('a detail that is wrong is left out', () => {
  test.each<[string, Outcome, unknown]>([
    ['host', delivered, null],
    ['host', never, 7],
    ['place', never, {}],
    ['reached', delivered, 'delivered'],
    ['retryAfter', later, Number.NaN],
    ['retryAfter', later, Number.POSITIVE_INFINITY],
    ['retryAfter', later, '5m'],
    ['concerns', later, 'everybody'],
    ['cause', later, 'toString'],
    ['lastCause', never, 'toString'],
    ['hold', later, 'no'],
    ['untried', later, 1],
    ['moving', later, 'yes'],
    ['reply', delivered, { code: 250, lines: ['a\r\nb'] }],
    ['reply', delivered, 250],
  ])('%s', async (name, outcome, value) => {
    const { outcomes, told } = await answered({ ...outcome, [name]: value })
    expect(outcomes).toEqual([outcome, delivered])
    const error = expect.stringContaining(`whose ${name} is not valid`)
    expect(told).toMatchObject([{ level: 'error', tap: 'test/test', transaction: 'q1', error }])
  })

  test('the history tells it as a fault of the tap', async () => {
    await using setup = await setUp({ outcome: () => ({ ...delivered, host: null }) as never })
    await tried(setup, [away('x')])
    const faults = (await setup.host.history()).filter(({ verb }) => verb === 'fault')
    expect(faults).toMatchObject([{ by: 'test/test', hook: 'delivery.deliver', transaction: 'q1' }])
  })

  test('the others stay', async () => {
    const good = { host: 'mx.example', reached: 'relayed' }
    const { outcomes } = await answered({ ...delivered, ...good, place: 1 })
    expect(outcomes).toEqual([{ ...delivered, ...good }, delivered])
  })

  test('also where reading it fails', async () => {
    const { outcomes, told } = await answered({
      ...later,
      host: 'mx.example',
      get place() {
        throw new Error('a getter')
      },
    })
    expect(outcomes).toEqual([{ ...later, host: 'mx.example' }, delivered])
    expect(told).toMatchObject([{ error: expect.stringContaining('whose place is not valid') }])
  })

  test('a time that is over is now', async () => {
    const { outcomes, told } = await answered({ ...later, retryAfter: -5 })
    expect(outcomes).toEqual([{ ...later, retryAfter: 0 }, delivered])
    expect(told).toHaveLength(1)
  })
})

describe('an outcome that says nothing is "not now", and the others count', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['an unknown kind', { kind: 'lost' }],
    ['no text', { kind: 'delivered' }],
    ['no reply', { kind: 'deferred' }],
    ['a permanent reply for later', { kind: 'deferred', reply: never.reply }],
    ['a transient reply for never', { kind: 'failed', reply: localError }],
    [
      'a getter that throws',
      {
        get kind() {
          throw new Error('a getter')
        },
      },
    ],
  ])('%s', async (_, said) => {
    const { outcomes, told } = await answered(said)
    expect(outcomes).toEqual([{ kind: 'deferred', reply: localError }, delivered])
    expect(told).toMatchObject([{ level: 'error', tap: 'test/test', transaction: 'q1' }])
  })
})

test('what is right is told of nobody', async () => {
  expect((await answered(later)).told).toEqual([])
})

test('what getters answer counts as what properties do', async () => {
  class Said {
    get kind() {
      return 'failed'
    }
    get reply() {
      return never.reply
    }
    get host() {
      return 7
    }
  }
  const { outcomes, told } = await answered(new Said())
  expect(outcomes).toEqual([never, delivered])
  expect(told).toHaveLength(1)
})

test('each is read once', async () => {
  let reads = 0
  const { outcomes, told } = await answered({
    ...later,
    get retryAfter() {
      reads += 1
      return reads === 1 ? 5 : 'never'
    },
  })
  expect(outcomes).toEqual([{ ...later, retryAfter: 5 }, delivered])
  expect(told).toEqual([])
})

test('an item whose word cannot be read leaves the others alone', () => {
  const answer: unknown[] = [undefined, delivered]
  Object.defineProperty(answer, 0, {
    get() {
      throw new Error('a getter')
    },
  })
  const told: string[] = []
  expect(judgedOutcomes(answer, (problem) => told.push(problem))).toEqual([
    { kind: 'deferred', reply: localError },
    delivered,
  ])
  expect(told).toEqual(['answered an unknown outcome'])
})
