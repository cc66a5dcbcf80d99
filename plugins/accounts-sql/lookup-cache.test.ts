import { type FakeClock, fakeClock } from 'mailwright/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { LookupCache } from './lookup-cache.ts'

describe('the cache of look-ups', () => {
  let clock: FakeClock
  let generation: number
  let asked: number
  let loads: string[]

  beforeEach(() => {
    clock = fakeClock()
    generation = 0
    asked = 0
    loads = []
  })

  const cacheOf = (settings: Partial<ConstructorParameters<typeof LookupCache>[0]> = {}): LookupCache =>
    new LookupCache({ size: 4, ttl: 60_000, checkEvery: 1000, ...settings }, clock, async () => {
      asked++
      return generation
    })
  const load = (cache: LookupCache, key: string, facts: { isNegative?: boolean; validUntil?: number } = {}) =>
    cache.get(key, async () => {
      loads.push(key)
      return { value: `${key}${loads.length}`, isNegative: false, ...facts }
    })

  it('keeps what was found until its time is over', async () => {
    const cache = cacheOf()
    expect(await load(cache, 'a')).toBe('a1')
    clock.advance(59_999)
    expect(await load(cache, 'a')).toBe('a1')
    clock.advance(1)
    expect(await load(cache, 'a')).toBe('a2')
  })

  it('keeps what was not found for ten seconds', async () => {
    const cache = cacheOf()
    await load(cache, 'a', { isNegative: true })
    clock.advance(9999)
    expect(await load(cache, 'a', { isNegative: true })).toBe('a1')
    clock.advance(1)
    expect(await load(cache, 'a')).toBe('a2')
  })

  it('keeps nothing beyond the time that it says itself', async () => {
    const cache = cacheOf()
    await load(cache, 'a', { validUntil: clock.now() + 500 })
    clock.advance(499)
    expect(await load(cache, 'a')).toBe('a1')
    clock.set(clock.now() + 1)
    expect(await load(cache, 'a')).toBe('a2')
  })

  it('holds so many answers, and lets those go that nobody asks for', async () => {
    const cache = cacheOf()
    for (const key of ['a', 'b', 'c', 'd']) await load(cache, key)
    await load(cache, 'a')
    await load(cache, 'e')
    loads = []
    for (const key of ['a', 'c', 'd', 'e']) await load(cache, key)
    expect(loads).toEqual([])
    await load(cache, 'b')
    expect(loads).toEqual(['b'])
  })

  it('never lets what was not found push out what was', async () => {
    const cache = cacheOf()
    for (const key of ['a', 'b', 'c', 'd']) await load(cache, key)
    for (let index = 0; index < 100; index++) await load(cache, `missing${index}`, { isNegative: true })
    loads = []
    for (const key of ['a', 'b', 'c', 'd']) await load(cache, key)
    await load(cache, 'missing99', { isNegative: true })
    expect(loads).toEqual([])
  })

  it('asks for changes once in a while, for all at the same time, and forgets everything after one', async () => {
    const cache = cacheOf()
    await Promise.all([load(cache, 'a'), load(cache, 'b')])
    expect(asked).toBe(1)
    generation++
    clock.advance(999)
    expect(await load(cache, 'a')).toBe('a1')
    clock.advance(1)
    expect(await load(cache, 'a')).toBe('a3')
    expect(await load(cache, 'b')).toBe('b4')
    expect(asked).toBe(2)
  })

  it('asks at once where somebody doubts, and forgets only where something has changed', async () => {
    const cache = cacheOf()
    await load(cache, 'a')
    cache.suspect()
    expect(await load(cache, 'a')).toBe('a1')
    expect(asked).toBe(2)
    generation++
    cache.suspect()
    expect(await load(cache, 'a')).toBe('a2')
    cache.clear()
    expect(await load(cache, 'a')).toBe('a3')
  })

  it('does not keep what was on its way while something was changed here', async () => {
    const cache = cacheOf()
    const slow = Promise.withResolvers<string>()
    const before = cache.get('a', async () => ({ value: await slow.promise, isNegative: false }))
    await load(cache, 'b')
    cache.clear()
    slow.resolve('old')
    expect(await before).toBe('old')
    expect(await load(cache, 'a')).not.toBe('old')
  })

  it('asks again where somebody doubted while it asked', async () => {
    const slow = Promise.withResolvers<number>()
    const answers = [slow.promise, Promise.resolve(1), Promise.resolve(1)]
    let questions = 0
    const settings = { size: 4, ttl: 60_000, checkEvery: 1000 }
    const cache = new LookupCache(settings, clock, () => answers[questions++] ?? Promise.resolve(1))
    const first = load(cache, 'a')
    cache.suspect()
    slow.resolve(0)
    await first
    expect(await load(cache, 'a'), 'the first answer was older than the doubt').toBe('a2')
    await load(cache, 'a')
    expect(questions).toBe(2)
  })

  it('believes nothing that it cannot check', async () => {
    let isAway = false
    const settings = { size: 4, ttl: 60_000, checkEvery: 1000 }
    const cache = new LookupCache(settings, clock, async () => {
      if (isAway) throw new Error('away')
      return 0
    })
    await load(cache, 'a')
    isAway = true
    clock.advance(1000)
    await expect(load(cache, 'a')).rejects.toThrow('away')
    isAway = false
    expect(await load(cache, 'a')).toBe('a1')
  })

  it('keeps no failure', async () => {
    const cache = cacheOf()
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await load(cache, 'a')).toBe('a1')
  })
})
