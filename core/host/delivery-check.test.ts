import { expect, test } from 'vitest'
import type { TapOptions } from '../hooks/kinds.ts'
import { fakeClock } from '../testing/fake-clock.ts'
import { undelivered } from './delivery-check.ts'
import { HookPoint } from './hook-point.ts'

type Taps = Readonly<Record<string, TapOptions['kinds']>>

function hook(name: string, taps: Taps): HookPoint {
  const observer = { answered: () => undefined, failed: () => undefined, late: () => undefined }
  const point = new HookPoint(name, 'claim', {
    clock: fakeClock(),
    timeout: 100,
    observer,
    fault: () => undefined,
  })
  for (const [plugin, kinds] of Object.entries(taps))
    point.facade(plugin, 0).tap('x', async () => undefined, kinds === undefined ? {} : { kinds })
  point.freeze()
  return point
}

const found = (route: Taps, deliver: Taps) =>
  undelivered({ route: hook('delivery.route', route), deliver: hook('delivery.deliver', deliver) })

test.each<[string, Taps, Taps]>([
  ['all kinds', { a: ['account', 'remote'], b: ['handler'] }, { c: ['handler', 'account'], d: ['remote'] }],
  ['one who says nothing of kinds', { a: ['remote'] }, { b: ['account'], own: undefined }],
  ['a plugin whose routes are known only when it is asked', { a: [], own: undefined }, {}],
])('good: %s', (_, route, deliver) => {
  expect(found(route, deliver)).toEqual([])
})

test('every kind that a plugin leads to and nobody delivers', () => {
  const route: Taps = { relay: ['remote'], local: ['account'], lists: ['handler', 'account'] }
  const gap = 'and no plugin of this config delivers it there: it would wait in the queue'
  expect(found(route, { local: ['account'] })).toEqual([
    `relay leads mail to other hosts, ${gap} (add the plugin "smtp-out")`,
    `lists leads mail to handlers, ${gap}`,
  ])
  expect(found({ lists: ['account'] }, {})).toEqual([
    `lists leads mail into mailboxes, ${gap} (add the plugin "local-delivery")`,
  ])
})
