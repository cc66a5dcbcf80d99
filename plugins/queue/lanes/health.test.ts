import { describe, expect, it } from 'vitest'
import { Health } from './health.ts'

const settings = { initial: 4, most: 6, firstPause: 1_000, longestPause: 8_000 }

function pauses(health: Health, retryAfter?: number): number {
  for (;;) {
    const pause = health.failed(retryAfter)
    if (pause !== undefined) return pause
  }
}

describe('a destination', () => {
  it('gets more at the same time while it takes mail, up to the most', () => {
    const health = new Health(settings)
    expect(health.window).toBe(4)
    for (let success = 0; success < 4; success++) health.succeeded()
    expect(health.window).toBe(5)
    for (let success = 0; success < 100; success++) health.succeeded()
    expect(health.window).toBe(6)
  })

  it('gets less when it fails, and is left alone when nothing gets through', () => {
    const health = new Health(settings)
    expect(health.failed()).toBeUndefined()
    expect(health.window).toBe(2)
    const pause = pauses(health)
    expect(pause).toBeGreaterThanOrEqual(900)
    expect(pause).toBeLessThanOrEqual(1_100)
    expect([health.window, health.pauses]).toEqual([1, 1])
  })

  it('one failure among successes pauses nothing', () => {
    const health = new Health(settings)
    for (let times = 0; times < 20; times++) {
      expect(health.failed()).toBeUndefined()
      for (let success = 0; success < 12; success++) health.succeeded()
    }
  })

  it('is left alone twice as long each time, to a longest, until it answers', () => {
    const health = new Health(settings)
    for (const wanted of [1_000, 2_000, 4_000, 8_000, 8_000]) {
      const pause = pauses(health)
      expect(pause).toBeGreaterThanOrEqual(wanted * 0.9)
      expect(pause).toBeLessThanOrEqual(wanted * 1.1)
    }
    health.succeeded()
    expect([health.pauses, health.window]).toEqual([0, 2])
  })

  it('that was paused before begins with one at a time', () => {
    const health = new Health(settings, 3)
    expect(health.window).toBe(1)
    expect(health.failed()).toBeGreaterThanOrEqual(7_200)
  })

  it('that asks to be left alone is, at once, but not for ever', () => {
    expect(new Health(settings).failed(5_000)).toBe(5_000)
    expect(new Health(settings).failed(10)).toBeGreaterThanOrEqual(900)
    expect(new Health(settings).failed(Number.MAX_SAFE_INTEGER)).toBeLessThanOrEqual(8_800)
  })
})
