import { describe, expect, test, vi } from 'vitest'
import type { HookKind, Tap, TapOptions } from '../hooks/kinds.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { turns } from '../testing/turns.ts'
import { HookPoint, type HookSubject } from './hook-point.ts'

type Run = (...args: never[]) => Promise<unknown>

interface Setup {
  readonly point: HookPoint
  readonly clock: ReturnType<typeof fakeClock>
  /** What the observer was told, a line each. */
  readonly told: readonly string[]
}

const errorText = (error: unknown) => (error instanceof Error ? error.message : String(error))

/** A frozen hook with taps `p/one`, `p/two`, …; answers that are `'wrong'` are faults. */
function hook(kind: HookKind, runs: readonly (Run | readonly [Run, TapOptions])[]): Setup {
  const clock = fakeClock()
  const told: string[] = []
  const ids = ({ session, transaction }: HookSubject) => `${session ?? '-'}/${transaction ?? '-'}`
  const point = new HookPoint('group.hook', kind, {
    clock,
    timeout: 100,
    observer: {
      answered: (at, by, answer, ms, subject) =>
        told.push(`${at} ${by} answered ${JSON.stringify(answer)} in ${ms} for ${ids(subject)}`),
      failed: (at, by, error, ms, subject) =>
        told.push(`${at} ${by} failed with ${errorText(error)} in ${ms} for ${ids(subject)}`),
      late: (at, by, subject) => told.push(`${at} ${by} late for ${ids(subject)}`),
    },
    fault: (answer) => (answer === 'wrong' ? 'answered wrongly' : undefined),
  })
  const names = ['one', 'two', 'three', 'four']
  const facade = point.facade('p', 0)
  for (const [index, entry] of runs.entries()) {
    const [run, options] = typeof entry === 'function' ? [entry, {}] : entry
    facade.tap(names[index] ?? 'more', run as unknown as Tap<readonly unknown[], unknown>, options)
  }
  point.freeze()
  return { point, clock, told }
}

const answers = (answer: unknown): Run => vi.fn(async () => answer)
const fails: Run = async () => {
  throw new Error('oops')
}
const hangs: Run = () => new Promise(() => undefined)
const subject: HookSubject = { session: 's', transaction: 't' }

describe('taps', () => {
  function open() {
    const settings = {
      clock: fakeClock(),
      timeout: 100,
      observer: { answered: vi.fn(), failed: vi.fn(), late: vi.fn() },
      fault: () => undefined,
    }
    return new HookPoint('group.hook', 'check', settings)
  }

  test('a plugin sees kind, name and tap, and cannot change them', () => {
    const facade = open().facade('p', 0)
    expect(Object.keys(facade)).toEqual(['kind', 'name', 'tap'])
    expect(facade).toMatchObject({ kind: 'check', name: 'group.hook' })
    expect(Object.isFrozen(facade)).toBe(true)
  })

  test.each<[string, string, unknown, TapOptions, string]>([
    ['a name that is taken', 'here', async () => undefined, {}, 'it has a tap of that name already'],
    [
      'a name of another form',
      'My Step',
      async () => undefined,
      {},
      'a step is named in lower case, with hyphens',
    ],
    ['what is no function', 'x', 'function', {}, 'it is not a function'],
    [
      'no time at all',
      'x',
      async () => undefined,
      { timeout: 0 },
      'its timeout is not a number of milliseconds above 0',
    ],
    [
      'time without end',
      'x',
      async () => undefined,
      { timeout: Number.NaN },
      'its timeout is not a number of milliseconds above 0',
    ],
    [
      'kinds of route that there are not',
      'x',
      async () => undefined,
      { kinds: ['somewhere'] } as unknown as TapOptions,
      'its kinds are not a list of kinds of route',
    ],
  ])('refuses %s', (_, step, run, options, problem) => {
    const facade = open().facade('p', 0)
    facade.tap('here', async () => undefined)
    const name = step === 'here' ? 'p/here' : `p/${step}`
    expect(() => facade.tap(step, run as unknown as Tap<readonly unknown[], unknown>, options)).toThrow(
      expect.objectContaining({ code: 'MAIL_E_HOOK', message: `${name} cannot tap group.hook: ${problem}` }),
    )
  })

  test('are only added before the hook is frozen', () => {
    const point = open()
    point.freeze()
    expect(() => point.facade('p', 0).tap('late', async () => undefined)).toThrow(
      expect.objectContaining({
        code: 'MAIL_E_HOOK',
        message: expect.stringContaining('only added in setup'),
      }),
    )
  })

  test('are listed in the order in which they run', () => {
    const { point } = hook('check', [answers(undefined), [answers(undefined), { before: 'p/one' }]])
    expect(point.taps).toEqual(['p/two', 'p/one'])
  })
})

describe('decide', () => {
  test('is undefined where nobody taps or has an opinion', async () => {
    expect(await hook('check', []).point.decide([], subject)).toBeUndefined()
    const { point, told } = hook('claim', [answers(undefined), answers(undefined)])
    expect(await point.decide(['a'], subject)).toBeUndefined()
    expect(told).toEqual([])
  })

  test('stops at the first answer and says whose it was', async () => {
    const last = answers('last')
    const { point, told, clock } = hook('check', [
      answers(undefined),
      async () => {
        clock.advance(7)
        return 'no'
      },
      last,
    ])
    expect(await point.decide(['a', 'b'], subject)).toEqual({ kind: 'answer', by: 'p/two', answer: 'no' })
    expect(last).not.toHaveBeenCalled()
    expect(told).toEqual(['group.hook p/two answered "no" in 7 for s/t'])
  })

  test.each<[string, Run, string]>([
    ['throws', fails, 'oops'],
    ['answers null', answers(null), 'p/one in group.hook answered null'],
    ['answers wrongly', answers('wrong'), 'p/one in group.hook answered wrongly'],
    [
      'answers nothing that waits',
      (() => 'now') as unknown as Run,
      'p/one in group.hook answered without a promise',
    ],
  ])('stops at a tap that %s', async (_, run, problem) => {
    const last = answers('last')
    const { point, told } = hook('check', [run, last])
    expect(await point.decide([], subject)).toEqual({ kind: 'fault', by: 'p/one' })
    expect(last).not.toHaveBeenCalled()
    expect(told).toEqual([`group.hook p/one failed with ${problem} in 0 for s/t`])
  })

  test('stops at a tap that hangs, and tells of its late answer', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const last = answers('last')
    const { point, clock, told } = hook('claim', [() => promise, last])
    const decided = point.decide([], subject)
    clock.advance(100)
    expect(await decided).toEqual({ kind: 'fault', by: 'p/one' })
    resolve('yes')
    await turns()
    expect(last).not.toHaveBeenCalled()
    expect(told).toEqual([
      'group.hook p/one failed with p/one in group.hook did not answer within 100 ms in 100 for s/t',
      'group.hook p/one late for s/t',
    ])
  })

  test('gives each tap its own time', async () => {
    const { point, clock } = hook('check', [[hangs, { timeout: 1_000 }]])
    const decided = vi.fn()
    void point.decide([], subject).then(decided)
    clock.advance(999)
    await turns()
    expect(decided).not.toHaveBeenCalled()
    clock.advance(1)
    await turns()
    expect(decided).toHaveBeenCalledWith({ kind: 'fault', by: 'p/one' })
  })

  test('an answer that cannot even be looked at is a fault', async () => {
    const { point, told } = hook('check', [])
    expect(point.taps).toEqual([])
    const settings = {
      clock: fakeClock(),
      timeout: 100,
      observer: { answered: vi.fn(), failed: vi.fn(), late: vi.fn() },
      fault: () => {
        throw new TypeError('a getter')
      },
    }
    const other = new HookPoint('group.hook', 'check', settings)
    other.facade('p', 0).tap('one', async () => 'x')
    other.freeze()
    expect(await other.decide([], subject)).toEqual({ kind: 'fault', by: 'p/one' })
    expect(errorText(settings.observer.failed.mock.calls[0]?.[2])).toContain(
      'answered something that cannot be read: a getter',
    )
    expect(told).toEqual([])
  })

  test('calls of one hook do not wait for each other', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const { point } = hook('check', [async (which) => (which === 'slow' ? promise : 'quick')])
    const slow = point.decide(['slow'], subject)
    expect(await point.decide(['quick'], subject)).toMatchObject({ answer: 'quick' })
    resolve('slow')
    expect(await slow).toMatchObject({ answer: 'slow' })
  })
})

describe('the end of a session', () => {
  test('ends the hook; nobody further is asked', async () => {
    const session = new AbortController()
    const last = answers('last')
    const { point } = hook('check', [hangs, last])
    const decided = point.decide([], { session: 's', signal: session.signal })
    session.abort()
    expect(await decided).toEqual({ kind: 'fault', by: 'p/one' })
    expect(last).not.toHaveBeenCalled()
  })

  test('asks nobody where it is over already, and takes nothing for a yes', async () => {
    const run = answers('x')
    const over = { session: 's', signal: AbortSignal.abort() }
    expect(await hook('check', [run]).point.decide([], over)).toEqual({
      kind: 'fault',
      by: 'core/session-ended',
    })
    expect(await hook('rewrite', [run]).point.rewrite('v', [], over)).toEqual({
      kind: 'fault',
      by: 'core/session-ended',
    })
    expect(await hook('inspect', [run]).point.collect([], over)).toEqual({ answers: [], failed: [] })
    expect(run).not.toHaveBeenCalled()
  })

  test('does not keep what has happened from being told', async () => {
    const run = answers(undefined)
    await hook('notify', [run]).point.notify(['closed'], { signal: AbortSignal.abort() })
    expect(run).toHaveBeenCalledTimes(1)
  })
})

describe('collect', () => {
  test('runs all side by side and keeps their answers in the order of the taps', async () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const { point } = hook('inspect', [() => promise, answers(['b', 'c']), answers(undefined), answers('d')])
    const collected = point.collect([], subject)
    resolve('a')
    expect(await collected).toEqual({ answers: ['a', 'b', 'c', 'd'], failed: [] })
    expect(await hook('inspect', []).point.collect([], subject)).toEqual({ answers: [], failed: [] })
  })

  test('names those who failed, and the others still count', async () => {
    const { point, clock, told } = hook('inspect', [fails, hangs, answers('c'), answers(null)])
    const collected = point.collect([], subject)
    await turns()
    clock.advance(100)
    expect(await collected).toEqual({ answers: ['c'], failed: ['p/one', 'p/two', 'p/four'] })
    expect(told.filter((line) => line.includes('failed'))).toHaveLength(3)
  })
})

describe('rewrite', () => {
  const adds =
    (text: string): Run =>
    async (value) =>
      `${value as string}${text}`

  test('hands the value from one to the next', async () => {
    const { point } = hook('rewrite', [adds('1'), answers(undefined), adds('2')])
    expect(await point.rewrite('v', ['x'], subject)).toEqual({ kind: 'value', value: 'v12' })
    expect(await hook('rewrite', []).point.rewrite('v', [], subject)).toEqual({ kind: 'value', value: 'v' })
  })

  test('gives each tap the value, then the arguments', async () => {
    const run = answers(undefined)
    await hook('rewrite', [run]).point.rewrite('v', ['x', 'y'], subject)
    expect(run).toHaveBeenCalledWith('v', 'x', 'y', expect.anything())
  })

  test.each<[string, Run]>([
    ['fails', fails],
    ['answers null', answers(null)],
    ['answers wrongly', answers('wrong')],
  ])('is dropped whole where a tap %s', async (_, run) => {
    const last = answers('last')
    const { point } = hook('rewrite', [adds('1'), run, last])
    expect(await point.rewrite('v', [], subject)).toEqual({ kind: 'fault', by: 'p/two' })
    expect(last).not.toHaveBeenCalled()
  })

  test('is dropped whole where a tap hangs', async () => {
    const { point, clock } = hook('rewrite', [hangs])
    const rewritten = point.rewrite('v', [], subject)
    clock.advance(100)
    expect(await rewritten).toEqual({ kind: 'fault', by: 'p/one' })
  })
})

describe('notify', () => {
  test('waits for all, whatever becomes of them', async () => {
    const { point, clock, told } = hook('notify', [fails, hangs, answers('ignored'), answers(null)])
    const done = vi.fn()
    void point.notify(['it'], subject).then(done)
    await turns()
    expect(done).not.toHaveBeenCalled()
    clock.advance(100)
    await turns()
    expect(done).toHaveBeenCalledTimes(1)
    expect(told.map((line) => line.split(' ')[1])).toEqual(['p/one', 'p/four', 'p/two'])
    expect(await hook('notify', []).point.notify([], subject)).toBeUndefined()
  })
})
