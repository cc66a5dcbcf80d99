import { expect, it } from 'vitest'
import { overlay } from './overlay.ts'

class Counter {
  #count = 0

  get count(): number {
    return this.#count
  }

  add(step: number): number {
    this.#count += step
    return this.#count
  }

  twice(step: number): number {
    return this.add(step) + this.add(step)
  }
}

it('changes what it is told and leaves the rest to the object, private fields included', () => {
  const counter = new Counter()
  const changed = overlay(counter, { add: (step) => counter.add(10 * step) })
  expect([changed.add(1), changed.count, counter.count]).toEqual([10, 10, 10])
  expect(changed.twice(1), 'the object’s own calls are its own').toBe(11 + 12)
  expect('twice' in changed && 'add' in changed).toBe(true)
})

it('can take something away, and answer anew each time', () => {
  let asked = 0
  const changed = overlay({ a: 1, b: 2 } as { a: number; b: number | undefined }, {
    b: undefined,
    get a() {
      return ++asked
    },
  })
  expect([changed.a, changed.a, changed.b]).toEqual([1, 2, undefined])
})

it('changes frozen objects too', () => {
  const changed = overlay(Object.freeze({ a: 1 as number, b: (): number => 2 }), { a: 3, b: () => 4 })
  expect([changed.a, changed.b()]).toEqual([3, 4])
})
