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
    const back = made.take()
    made.take()
    expect(made.free).toBe(0)
    back()
    expect(made.free).toBe(1)
  })

  it('make room when they take long, and give it back once', () => {
    const { clock, made, calls } = slots(2)
    const [slow, quick] = [made.take(), made.take()]
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
      all.push(made.take())
      clock.advance(4_000)
    }
    expect(made.free).toBe(0)
    for (const back of all) back()
    expect(made.free).toBe(1)
  })
})
