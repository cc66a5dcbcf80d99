import { fakeClock } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { DeliverySlots } from './delivery-slots.ts'

function slots(deliveries: number) {
  const clock = fakeClock()
  let calls = 0
  const made = new DeliverySlots({ clock, deliveries }, () => calls++)
  return { clock, made, calls: () => calls }
}

describe('deliveries at the same time', () => {
  it('are so many', () => {
    const { made } = slots(2)
    const back = made.take('news')
    made.take('news')
    expect(made.free).toBe(0)
    back()
    expect(made.free).toBe(1)
  })

  it('make room when they take long, and give it back once', () => {
    const { clock, made, calls } = slots(2)
    const [slow, quick] = [made.take('news'), made.take('news')]
    clock.advance(600)
    quick()
    clock.advance(600)
    expect([made.free, calls()]).toEqual([2, 1])
    slow()
    expect(made.free).toBe(2)
    clock.advance(60_000)
    expect([made.free, calls()]).toEqual([2, 1])
  })

  it('make no room where there are too many slow ones', () => {
    const { clock, made } = slots(1)
    const all: (() => void)[] = []
    for (let times = 0; times < 7; times++) {
      all.push(made.take('news'))
      clock.advance(4_000)
    }
    expect(made.free).toBe(0)
    for (const back of all) back()
    expect(made.free).toBe(1)
  })

  it('make room when slow ones have ended, the longest first', () => {
    const { clock, made, calls } = slots(2)
    const slow = Array.from({ length: 12 }, (_, index) => {
      const back = made.take('news')
      if (index % 2 === 1) clock.advance(1_000)
      return back
    })
    const last = [made.take('news'), made.take('news')]
    clock.advance(60_000)
    expect([made.free, calls()]).toEqual([0, 12])
    slow[0]?.()
    expect([made.free, calls()]).toEqual([1, 13])
    for (const back of slow.slice(1)) back()
    expect([made.free, calls()]).toEqual([2, 14])
    for (const back of last) back()
    expect(made.free).toBe(2)
  })
})

describe('a sender', () => {
  const hang = ({ clock, made }: ReturnType<typeof slots>, sender: string): number => {
    for (let count = 0; ; count++) {
      if (made.free === 0) clock.advance(1_000)
      if (made.free === 0 || !made.mayTake(sender)) return count
      made.take(sender)
    }
  }

  it('whose deliveries all hang leaves places to others', () => {
    const world = slots(20)
    expect(hang(world, 'news')).toBe(130)
    expect([world.made.mayTake('news'), world.made.mayTake('jo'), world.made.free]).toEqual([false, true, 10])
    expect(hang(world, 'more-news')).toBe(10)
    expect(hang(slots(500), 'news')).toBe(3_250)
  })

  it('goes on when some have ended', () => {
    const world = slots(1)
    const backs: (() => void)[] = []
    for (; world.made.mayTake('news'); world.clock.advance(1_000)) backs.push(world.made.take('news'))
    expect([backs.length, world.made.free]).toEqual([7, 0])
    backs[0]?.()
    expect(world.made.free).toBe(1)
  })
})
