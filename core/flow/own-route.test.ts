import { expect, test } from 'vitest'
import { reply } from '../model/reply.ts'
import type { RouteResult } from './flow.ts'
import { hasVeryAddress, ownRoute } from './own-route.ts'

const address = { localPart: 'jo', domain: 'here.example' }
const other = { localPart: 'jo', domain: 'there.example' }

test.each<[string, RouteResult, boolean]>([
  ['a handler', { ok: true, routes: [{ kind: 'handler', handler: 'list', address }] }, true],
  [
    'another host, by an alias',
    { ok: true, routes: [{ kind: 'remote', address: other }], via: 'alias' },
    true,
  ],
  ['a relay', { ok: true, routes: [{ kind: 'remote', address, nextHop: 'smart.example' }] }, false],
  ['nobody', { ok: false, reply: reply(550, '5.7.1', 'No') }, false],
])('%s', async (_, routed, ok) => {
  expect(await ownRoute(address, { route: async () => routed })).toMatchObject({ ok })
})

test.each([
  ['alias', true],
  ['srs', true],
  ['catch-all', false],
  ['pattern', false],
  ['canonical', false],
  [undefined, false],
])('expanded by %s: the very address %s', (via, expected) => {
  expect(hasVeryAddress({ ok: true, routes: [], ...(via === undefined ? {} : { via }) })).toBe(expected)
})
