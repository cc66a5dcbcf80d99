import { describe, expect, test, vi } from 'vitest'
import type { TapContext } from '../hooks/kinds.ts'
import { type FakeClock, fakeClock } from '../testing/fake-clock.ts'
import { turns } from '../testing/turns.ts'
import { callTap, type TapResult } from './tap-call.ts'
import { Deadlines, lineOf } from './waiting.ts'

interface Called {
  readonly clock: FakeClock
  readonly results: readonly TapResult[]
  readonly late: ReturnType<typeof vi.fn>
}

/** Calls a tap that may take 100 ms. */
function called(run: (...args: readonly unknown[]) => unknown, session?: AbortSignal): Called {
  const clock = fakeClock()
  const results: TapResult[] = []
  const late = vi.fn()
  const tap = { name: 'p/step', hook: 'group.hook', run, deadlines: new Deadlines(clock, 100) }
  const line = session === undefined ? undefined : lineOf(session)
  callTap(tap, ['first', 'second'], clock.monotonic(), line, {
    taken: (result) => results.push(result),
    late,
  })
  return { clock, results, late }
}

/** Something with a `then` that is no promise of the language's own. */
function thenable(
  then: (answered: (answer: unknown) => void, failed: (error: unknown) => void) => void,
): unknown {
  return { then }
}

const fault = (text: string, code = 'MAIL_E_HOOK') => ({
  kind: 'fault',
  error: expect.objectContaining({ code, message: `p/step in group.hook ${text}` }),
})

describe('a tap that behaves', () => {
  test('gets the arguments and a context as the last one', async () => {
    const run = vi.fn(async () => undefined)
    called(run)
    expect(run).toHaveBeenCalledWith('first', 'second', expect.objectContaining({}))
  })

  test.each<[string, () => unknown, TapResult]>([
    ['answers', async () => 'yes', { kind: 'answer', answer: 'yes' }],
    ['answers something falsy', async () => false, { kind: 'answer', answer: false }],
    ['has no opinion', async () => undefined, { kind: 'silent' }],
    ['is no async function and says nothing', () => undefined, { kind: 'silent' }],
    [
      'answers by a thenable',
      () => thenable((answered) => answered('yes')),
      { kind: 'answer', answer: 'yes' },
    ],
  ])('%s', async (_, run, result) => {
    const { results, late } = called(run)
    await turns()
    expect(results).toEqual([result])
    expect(late).not.toHaveBeenCalled()
  })

  test('leaves no timer that matters: when its time is over nothing happens', async () => {
    const { clock, results, late } = called(async () => 'yes')
    await turns()
    clock.advance(1_000)
    expect(results).toHaveLength(1)
    expect(late).not.toHaveBeenCalled()
    expect(clock.waiting).toBe(0)
  })
})

describe('a tap that fails', () => {
  const error = new Error('oops')

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw error
      },
    ],
    ['rejects', () => Promise.reject(error)],
    ['rejects by a thenable', () => thenable((_, failed) => failed(error))],
    [
      'answers a thenable that throws',
      () =>
        thenable(() => {
          throw error
        }),
    ],
    [
      'answers something whose `then` throws',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw error
          },
        }),
    ],
  ])('%s', async (_, run) => {
    const { results } = called(run)
    await turns()
    expect(results).toEqual([{ kind: 'fault', error }])
  })

  test.each<[string, () => unknown, string]>([
    ['answers null', async () => null, 'answered null'],
    ['returns null', () => null, 'answered without a promise'],
    ['returns a value', () => 'yes', 'answered without a promise'],
    ['returns a function', () => () => 'yes', 'answered without a promise'],
    ['answers null by a thenable', () => thenable((answered) => answered(null)), 'answered null'],
  ])('%s', async (_, run, text) => {
    const { results } = called(run)
    await turns()
    expect(results).toEqual([fault(text)])
  })

  test('answers twice in one turn: neither answer counts', async () => {
    const { results, late } = called(() =>
      thenable((answered) => {
        answered('yes')
        answered('no')
      }),
    )
    await turns()
    expect(results).toEqual([fault('answered twice')])
    expect(late).not.toHaveBeenCalled()
  })

  test('answers again when its answer was taken: the second is late', async () => {
    let again: (answer: unknown) => void = () => undefined
    const { results, late } = called(() =>
      thenable((answered) => {
        again = answered
        answered('yes')
      }),
    )
    await turns()
    again('no')
    expect(results).toEqual([{ kind: 'answer', answer: 'yes' }])
    expect(late).toHaveBeenCalledTimes(1)
  })

  test('answers and throws', async () => {
    const { results } = called(() =>
      thenable((answered) => {
        answered('yes')
        throw error
      }),
    )
    await turns()
    expect(results).toEqual([fault('answered twice')])
  })

  test('a promise with a `then` of its own is not trusted more than others', async () => {
    const promise = Object.assign(Promise.resolve('own'), {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      then: (answered: (answer: unknown) => void) => {
        answered(1)
        answered(2)
      },
    })
    const { results } = called(() => promise)
    await turns()
    expect(results).toEqual([fault('answered twice')])
  })

  test('borrows the `then` of promises without being one', async () => {
    // biome-ignore lint/suspicious/noThenProperty: that is the point
    const { results } = called(() => ({ then: Promise.prototype.then }))
    await turns()
    expect(results).toMatchObject([{ kind: 'fault', error: expect.any(TypeError) }])
  })
})

describe('a tap that hangs', () => {
  test('has failed when its time is over, not a millisecond earlier', () => {
    const { clock, results } = called(() => new Promise(() => undefined))
    clock.advance(99)
    expect(results).toEqual([])
    clock.advance(1)
    expect(results).toEqual([fault('did not answer within 100 ms', 'MAIL_E_TIMEOUT')])
  })

  test.each([
    ['answer', (resolve: (value: unknown) => void) => resolve('yes')],
    ['failure', (_: unknown, reject: (error: Error) => void) => reject(new Error('oops'))],
  ])('a %s after that is late and changes nothing', async (_, settle) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const { clock, results, late } = called(() => promise)
    clock.advance(100)
    settle(resolve, reject)
    await turns()
    expect(results).toHaveLength(1)
    expect(late).toHaveBeenCalledTimes(1)
  })

  test('is told by its signal, with the reason', () => {
    let context: TapContext | undefined
    const { clock } = called((...args) => {
      context = args[2] as TapContext
      return new Promise(() => undefined)
    })
    const signal = context?.signal
    expect(signal?.aborted).toBe(false)
    expect(context?.signal).toBe(signal)
    clock.advance(100)
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toMatchObject({ code: 'MAIL_E_TIMEOUT' })
  })

  test('finds its signal aborted also when it first asks afterwards', () => {
    let context: TapContext | undefined
    const { clock } = called((...args) => {
      context = args[2] as TapContext
      return new Promise(() => undefined)
    })
    clock.advance(100)
    expect(context?.signal.aborted).toBe(true)
  })

  test('sees of the wait nothing but the signal', () => {
    let context: object = {}
    called((...args) => {
      context = args[2] as object
    })
    expect(Object.keys(context)).toEqual([])
    expect(Object.getOwnPropertyNames(Object.getPrototypeOf(context)).sort()).toEqual([
      'constructor',
      'signal',
    ])
  })
})

describe('the end of the session', () => {
  test('ends the wait, and aborts the signal', () => {
    const session = new AbortController()
    let context: TapContext | undefined
    const { clock, results } = called((...args) => {
      context = args[2] as TapContext
      return context.signal && new Promise(() => undefined)
    }, session.signal)
    session.abort()
    expect(results).toEqual([fault('was still at work when the session ended')])
    expect(context?.signal.aborted).toBe(true)
    clock.advance(1_000)
    expect(results).toHaveLength(1)
  })

  test('does not concern a tap that has answered', async () => {
    const session = new AbortController()
    const { results, late } = called(async () => 'yes', session.signal)
    await turns()
    session.abort()
    expect(results).toEqual([{ kind: 'answer', answer: 'yes' }])
    expect(late).not.toHaveBeenCalled()
  })
})
