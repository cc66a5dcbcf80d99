import { addressOf } from 'mailwright/testing'
import { expect, test, vi } from 'vitest'
import type { Alias } from './alias.ts'
import type { FoundValue } from './alias-look-up.ts'
import { LargeAliases } from './large-aliases.ts'

const found: FoundValue = { value: 'many', via: 'alias', namesDomain: true, byPattern: false }
const alias: Alias = {
  addresses: Array.from({ length: 200 }, (_, n) => addressOf(`u${n}@far.example`)),
  namesItself: false,
  hasIncludes: false,
  discards: false,
  refused: [],
  unreadable: [],
  via: 'alias',
  namesDomain: true,
}

test.each<Partial<FoundValue>>([
  { value: 'others' },
  { via: 'catch-all' },
  { detail: 'x' },
  { namesDomain: false },
  { byPattern: true },
])('what was read of something else counts no more: %j', async (other) => {
  const large = new LargeAliases()
  const read = vi.fn(async () => alias)
  const address = addressOf('team+x@here.example')
  for (const one of [found, { ...found }, { ...found, ...other }]) await large.get(address, one, read)
  expect(read).toHaveBeenCalledTimes(2)
})
