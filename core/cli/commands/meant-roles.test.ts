import { expect, test } from 'vitest'
import { requireMeantRoles } from './meant-roles.ts'

const refuse = (name: string) => () => requireMeantRoles(['pop3', name], new Set(['example-nntp', 'imap-x']))

test.each(['imap', 'example-nntp', 'imap-x', 'example-chat'])('%s may be meant', (name) => {
  expect(refuse(name)).not.toThrow()
})

test.each([
  ['imap-s', 'imap'],
  ['sub-mission', 'submission'],
])('%s is taken for a slip', (name, meant) => {
  expect(refuse(name)).toThrow(`nobody listens in the role "${name}"; did you mean "${meant}"?`)
})
