import { expect, test } from 'vitest'
import { accountsCases } from './accounts.ts'
import { classifierCases } from './classifier.ts'
import { queueCases } from './queue.ts'
import { storeCases } from './store.ts'

test.each<[string, (probe: never) => unknown]>([
  ['store', storeCases],
  ['accounts', accountsCases],
  ['queue', queueCases],
  ['classifier', classifierCases],
])('a provider of %s without `supports` is told so', (service, cases) => {
  const problem = `the \`${service}\` has no \`supports\`, which says what it can do`
  expect(() => cases({ [service]: {} } as never)).toThrow(problem)
  expect(() => cases({} as never)).toThrow(`the fixture has no \`${service}\``)
})
