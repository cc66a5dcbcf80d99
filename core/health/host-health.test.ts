import { describe, expect, test } from 'vitest'
import { UnavailableError } from '../errors.ts'
import { capturedLog } from '../testing/captured-log.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import type { Peers } from '../workers/peers.ts'
import type { HealthProblem, HealthResult } from './health.ts'
import { HostHealth } from './host-health.ts'

function setUp(peers?: Peers) {
  const clock = fakeClock()
  const log = capturedLog()
  const health = new HostHealth({ clock, log, peers })
  return { clock, log, health, plugin: health.facade('p') }
}

const warn: HealthProblem = { state: 'warn', reason: 'soon' }
const fail: HealthProblem = { state: 'fail', reason: 'never' }
const result = (name: string, state: HealthResult['state']): HealthResult => ({
  name,
  state,
  milliseconds: 0,
})
const peersSaying = (answers: unknown[], silent = 0, starting = 0): Peers => ({
  ask: async () => ({ answers, silent, starting }),
})

describe('a report', () => {
  test('of nothing is good', async () => {
    expect(await setUp().health.report()).toEqual({ state: 'pass', checks: [] })
  })

  test.each([
    [[undefined, undefined], 'pass'],
    [[undefined, warn], 'warn'],
    [[fail, warn], 'fail'],
  ] as const)('is as bad as the worst: %j', async (answers, state) => {
    const { health, plugin } = setUp()
    for (const [index, answer] of answers.entries()) plugin.check(`c${index}`, async () => answer)
    const report = await health.report()
    expect(report.state).toBe(state)
    expect(report.checks.map(({ name }) => name)).toEqual(['p/c0', 'p/c1'])
  })

  test('tells of an error the code and nothing more; the log has the rest, once', async () => {
    const { health, plugin, log, clock } = setUp()
    let error: Error | undefined = new UnavailableError('no way to 192.0.2.7 with secret hunter2')
    plugin.check('database', async () => {
      if (error !== undefined) throw error
      return undefined
    })
    const { checks } = await health.report()
    expect(checks).toEqual([
      { name: 'p/database', state: 'fail', reason: 'MAIL_E_UNAVAILABLE', milliseconds: 0 },
    ])
    clock.advance(1_000)
    error = new Error('hunter2')
    expect((await health.report()).checks).toMatchObject([{ state: 'fail', reason: 'it failed' }])
    clock.advance(1_000)
    error = undefined
    expect((await health.report()).state).toBe('pass')
    expect(log.lines).toMatchObject([
      { event: 'unavailable', check: 'p/database', error: expect.stringContaining('hunter2') },
      { event: 'recovered', check: 'p/database' },
    ])
  })

  test('a check that throws at once, or says what is no answer, harms nobody', async () => {
    const { health, plugin } = setUp()
    plugin.check('thrower', () => {
      throw new Error('x')
    })
    plugin.check('long', async () => ({ state: 'fail', reason: `a\nb${'c'.repeat(9_999)}` }))
    const [thrown, long] = (await health.report()).checks
    expect(thrown).toMatchObject({ state: 'fail' })
    expect(long?.reason).toMatch(/^a bc+$/)
    expect(long?.reason).toHaveLength(300)
  })
})

describe('a check', () => {
  test('is asked once a second, whoever wants to know', async () => {
    const { health, plugin, clock } = setUp()
    let asked = 0
    plugin.check('counted', async () => {
      asked++
      return undefined
    })
    await Promise.all([health.report(), health.report(), plugin.report()])
    clock.advance(999)
    await health.report()
    expect(asked).toBe(1)
    clock.advance(1)
    await health.report()
    expect(asked).toBe(2)
  })

  test('that does not answer has failed, and is not asked again while it hangs', async () => {
    const { health, plugin, clock } = setUp()
    let asked = 0
    const answer = Promise.withResolvers<undefined>()
    plugin.check(
      'slow',
      () => {
        asked++
        return answer.promise
      },
      { timeout: 500 },
    )
    for (let round = 0; round < 3; round++) {
      const report = health.report()
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(500)
      expect((await report).checks).toMatchObject([
        { state: 'fail', reason: expect.stringContaining('500 ms') },
      ])
      clock.advance(1_000)
    }
    expect(asked).toBe(1)
    answer.resolve(undefined)
    await answer.promise
    await new Promise((resolve) => setImmediate(resolve))
    expect((await health.report()).state).toBe('pass')
    expect(clock.waiting).toBe(0)
  })

  test.each(['', 'Upper', 'a b', 'a/b', '-a'])('is not called %j', (name) => {
    expect(() => setUp().plugin.check(name, async () => undefined)).toThrow(/lower case/)
  })

  test('has a name of its own, and a possible time', () => {
    const { plugin, health } = setUp()
    plugin.check('a', async () => undefined)
    expect(() => plugin.check('a', async () => undefined)).toThrow(/already/)
    expect(() => health.facade('q').check('a', async () => undefined)).not.toThrow()
    for (const timeout of [0, Number.NaN, 5_001])
      expect(() => plugin.check('b', async () => undefined, { timeout })).toThrow(/timeout/)
  })
})

describe('beside other workers', () => {
  test('each check is as bad as with the worst of them', async () => {
    const { health, plugin } = setUp(peersSaying([[result('p/a', 'fail')], [result('p/a', 'warn')]]))
    plugin.check('a', async () => undefined)
    plugin.check('b', async () => undefined)
    expect(await health.report()).toEqual({
      state: 'fail',
      checks: [result('p/a', 'fail'), result('p/b', 'pass'), result('core/workers', 'pass')],
    })
  })

  test.each([
    [1, 0, 'fail'],
    [0, 1, 'warn'],
    [1, 1, 'fail'],
    [0, 0, 'pass'],
  ] as const)('%d silent and %d starting: %s', async (silent, starting, state) => {
    expect((await setUp(peersSaying([], silent, starting)).health.report()).state).toBe(state)
  })

  test('where nobody can be asked that is a failure', async () => {
    const { health } = setUp({ ask: () => Promise.reject(new Error('away')) })
    expect((await health.report()).checks).toMatchObject([{ name: 'core/workers', state: 'fail' }])
  })
})
