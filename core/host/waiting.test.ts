import { describe, expect, test, vi } from 'vitest'
import { fakeClock } from '../testing/fake-clock.ts'
import { Deadlines, lineOf, type Waiting, WaitingLine } from './waiting.ts'

function waiting(due = 0) {
  return { due, giveUp: vi.fn<(problem: string) => void>() } satisfies Waiting
}

describe('WaitingLine', () => {
  test('is first come, first served, whoever leaves in between', () => {
    const line = new WaitingLine()
    const [a, b, c] = [waiting(), waiting(), waiting()]
    line.join(a)
    const middle = line.join(b)
    line.join(c)
    middle.leave()
    middle.leave()
    expect([line.first, line.shift(), line.shift(), line.shift(), line.first]).toEqual([
      a,
      a,
      c,
      undefined,
      undefined,
    ])
    line.join(b)
    expect(line.shift()).toBe(b)
  })
})

describe('Deadlines', () => {
  test('gives each its full time, with one timer for all', () => {
    const clock = fakeClock()
    const deadlines = new Deadlines(clock, 100)
    const early = waiting(100)
    deadlines.join(early)
    clock.advance(60)
    const late = waiting(160)
    deadlines.join(late)
    expect(clock.waiting).toBe(1)
    clock.advance(40)
    expect(early.giveUp).toHaveBeenCalledWith('did not answer within 100 ms')
    expect(late.giveUp).not.toHaveBeenCalled()
    clock.advance(59)
    expect(late.giveUp).not.toHaveBeenCalled()
    clock.advance(1)
    expect(late.giveUp).toHaveBeenCalledTimes(1)
    expect(clock.waiting).toBe(0)
  })

  test('whoever left is not told', () => {
    const clock = fakeClock()
    const deadlines = new Deadlines(clock, 100)
    const one = waiting(100)
    deadlines.join(one).leave()
    clock.advance(500)
    expect(one.giveUp).not.toHaveBeenCalled()
    deadlines.join(waiting(600))
    expect(clock.waiting).toBe(1)
  })

  test('someone who joins while others are told does not delay those behind them', () => {
    const clock = fakeClock()
    const deadlines = new Deadlines(clock, 100)
    const next = waiting(200)
    const first: Waiting = { due: 100, giveUp: () => void deadlines.join(next) }
    const second = waiting(130)
    deadlines.join(first)
    clock.advance(30)
    deadlines.join(second)
    clock.advance(100)
    expect(second.giveUp).toHaveBeenCalledTimes(1)
    expect(next.giveUp).not.toHaveBeenCalled()
    clock.advance(70)
    expect(next.giveUp).toHaveBeenCalledTimes(1)
  })
})

describe('lineOf', () => {
  test('tells everybody in line when the signal aborts, however many have come and gone, by one listener', () => {
    const controller = new AbortController()
    const listen = vi.spyOn(controller.signal, 'addEventListener')
    for (let count = 0; count < 100; count++) lineOf(controller.signal).join(waiting()).leave()
    const [a, b] = [waiting(), waiting()]
    lineOf(controller.signal).join(a)
    lineOf(controller.signal).join(b)
    controller.abort()
    expect(a.giveUp).toHaveBeenCalledWith('was still at work when the session ended')
    expect(b.giveUp).toHaveBeenCalledTimes(1)
    expect(listen).toHaveBeenCalledTimes(1)
  })
})
