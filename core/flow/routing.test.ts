import { describe, expect, test, vi } from 'vitest'
import type { Address } from '../model/address/address.ts'
import type { Route, RouteAnswer, RouteQuestion } from '../model/delivery.ts'
import { findRoutes, routeKey } from './routing.ts'

const at = (localPart: string): Address => ({ localPart, domain: 'example.org' })
const account = (id: string): Route => ({
  kind: 'account',
  account: { id, address: at(id) },
  address: at(id),
})
const alias = (...names: readonly string[]): RouteAnswer => ({
  kind: 'expansion',
  addresses: names.map(at),
  via: 'alias',
})

/** Routes for `start`, where the taps answer by local part; `fails` is one whose tap fails. */
function routes(answers: Readonly<Record<string, RouteAnswer>>, start = 'start') {
  const ask = vi.fn(async ({ address }: { address: Address }) => {
    if (address.localPart === 'fails') return { kind: 'fault', by: 'p/x' } as const
    const answer = answers[address.localPart]
    return answer === undefined ? undefined : ({ kind: 'answer', by: 'p/x', answer } as const)
  })
  return { ask, result: findRoutes(ask, { address: at(start), original: at(start) }) }
}

const code = (code: number, enhanced: string) => ({ ok: false, reply: { code, enhanced } })

describe('findRoutes', () => {
  test('a route at once', async () => {
    expect(await routes({ start: account('a') }).result).toEqual({ ok: true, routes: [account('a')] })
  })

  test('follows expansions, each address and each route once, and says what was first asked', async () => {
    const { ask, result } = routes({
      start: alias('x', 'y'),
      x: alias('a', 'y', 'start'),
      y: account('same'),
      a: account('same'),
    })
    expect(await result).toEqual({ ok: true, routes: [account('same')], via: 'alias' })
    expect(ask.mock.calls.map(([{ address }]) => address.localPart)).toEqual(['start', 'x', 'y', 'a'])
    for (const [question] of ask.mock.calls) expect(question).toMatchObject({ original: at('start') })
  })

  test('says of each address that the message was released', async () => {
    const answers: Readonly<Record<string, RouteAnswer>> = { start: alias('a'), a: account('a') }
    const ask = vi.fn(async ({ address }: RouteQuestion) => {
      const answer = answers[address.localPart] ?? account('a')
      return { kind: 'answer', by: 'p/x', answer } as const
    })
    const question = { address: at('start'), original: at('start'), released: true }
    await findRoutes(ask, question)
    expect(ask.mock.calls).toEqual([[question], [{ ...question, address: at('a') }]])
  })

  test('says what expanded the address itself, also where it leads nowhere', async () => {
    const domain: RouteAnswer = { kind: 'expansion', addresses: [at('x')], via: 'catch-all' }
    expect(await routes({ start: domain, x: alias('a'), a: account('a') }).result).toMatchObject({
      ok: true,
      via: 'catch-all',
    })
    expect(await routes({ start: domain }).result).toMatchObject({ ok: false, via: 'catch-all' })
    expect(await routes({}).result).not.toHaveProperty('via')
  })

  test.each<[string, Readonly<Record<string, RouteAnswer>>, object]>([
    ['nobody answers', {}, code(550, '5.7.1')],
    ['one target has nowhere to go', { start: alias('a', 'b'), a: account('a') }, code(550, '5.7.1')],
    ['a tap fails', { start: alias('fails') }, code(451, '4.3.0')],
    ['it leads to itself', { start: alias('start') }, code(554, '5.4.6')],
    ['it leads round', { start: alias('a'), a: alias('b'), b: alias('start') }, code(554, '5.4.6')],
    ['it names nobody', { start: alias() }, code(550, '5.1.1')],
  ])('is refused where %s', async (_, answers, reply) => {
    expect(await routes(answers).result).toMatchObject(reply)
  })

  test('aliases end, however long the chain', async () => {
    const chain = (length: number) =>
      Object.fromEntries([
        ['start', alias('n0')],
        ...Array.from({ length }, (_, n) => [`n${n}`, alias(`n${n + 1}`)]),
        [`n${length}`, account('end')],
      ]) as Record<string, RouteAnswer>
    expect(await routes(chain(19)).result).toMatchObject({ ok: true })
    expect(await routes(chain(20)).result).toMatchObject(code(554, '5.4.6'))
  })

  test('others have their turn while a large alias is followed, also where many follow one', async () => {
    const names = Array.from({ length: 2_000 }, (_, n) => `n${n}`)
    let asked = 0
    const ask = async ({ address }: RouteQuestion) => {
      asked += 1
      const end = performance.now() + 0.05
      while (performance.now() < end);
      const answer = address.localPart === 'start' ? alias(...names) : account(address.localPart)
      return { kind: 'answer', by: 'p/x', answer } as const
    }
    /** How many were asked between two turns of the others. */
    const between: number[] = []
    let before = 0
    const others = setInterval(() => {
      between.push(asked - before)
      before = asked
    }, 0)
    const question = { address: at('start'), original: at('start') }
    const found = await Promise.all(Array.from({ length: 5 }, () => findRoutes(ask, question)))
    clearInterval(others)
    expect(found.map((one) => one.ok && one.routes.length)).toEqual([2_000, 2_000, 2_000, 2_000, 2_000])
    // All of them at once would be ten thousand; one share of the time is some hundred.
    expect(Math.max(...between)).toBeLessThan(2_000)
  })

  test('ten thousand addresses beside the one that was asked, in the order in which they are named', async () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `n${n}`)
    const answers = (more: readonly string[]) =>
      Object.fromEntries([
        ['start', alias(...names, ...more)],
        ...[...names, ...more].map((name) => [name, account(name)]),
      ]) as Record<string, RouteAnswer>
    const { ask, result } = routes(answers([]))
    expect(await result).toMatchObject({ ok: true, routes: names.map((id) => ({ account: { id } })) })
    expect(ask.mock.calls.map(([{ address }]) => address.localPart)).toEqual(['start', ...names])
    expect(await routes(answers(['one-more'])).result).toMatchObject(code(554, '5.4.6'))
  })

  test('some dozens are asked at a time', async () => {
    const names = Array.from({ length: 200 }, (_, n) => `n${n}`)
    let [running, most] = [0, 0]
    const ask = async ({ address }: RouteQuestion) => {
      running += 1
      most = Math.max(most, running)
      await Promise.resolve()
      running -= 1
      const answer = address.localPart === 'start' ? alias(...names) : account(address.localPart)
      return { kind: 'answer', by: 'p/x', answer } as const
    }
    const found = await findRoutes(ask, { address: at('start'), original: at('start') })
    expect(found).toMatchObject({ ok: true, routes: names.map((id) => ({ account: { id } })) })
    expect(most).toBe(32)
  })

  test('an alias to everybody is refused before anybody is asked', async () => {
    const names = Array.from({ length: 1_000_000 }, (_, n) => `n${n}`)
    const { ask, result } = routes({
      start: alias(...names.slice(0, 10)),
      n0: { kind: 'expansion', addresses: names.map(at), via: 'alias' },
    })
    expect(await result).toMatchObject(code(554, '5.4.6'))
    expect(ask).toHaveBeenCalledTimes(2)
  })
})

test('routes with one key are one delivery', () => {
  const remote = (nextHop?: string): Route => ({
    kind: 'remote',
    address: at('a'),
    ...(nextHop === undefined ? {} : { nextHop }),
  })
  const all: Route[] = [
    account('a'),
    { ...account('a'), detail: 'x' } as Route,
    remote(),
    remote('mx'),
    { kind: 'handler', address: at('a'), handler: 'list' },
    { kind: 'handler', address: at('b'), handler: 'list' },
  ]
  expect(new Set(all.map(routeKey)).size).toBe(all.length)
})
