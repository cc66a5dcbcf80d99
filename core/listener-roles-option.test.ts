import { expect, test } from 'vitest'
import { readListenerRoles, unheardRoles } from './listener-roles-option.ts'
import { readOptions } from './options.ts'

function read(roles: unknown): readonly string[] {
  const reader = readOptions({ roles })
  return reader.done(readListenerRoles(reader, 'roles'))
}

test('roles of the framework and of plugins, each once', () => {
  expect(read(['imap', 'example-nntp', 'imap'])).toEqual(['imap', 'example-nntp'])
  const reader = readOptions({})
  expect(reader.done(readListenerRoles(reader, 'roles', { default: ['pop3'] }))).toEqual(['pop3'])
})

const list = '"transfer", "submission", "lmtp", "pop3", "imap", "managesieve", "http"'
const expected = `roles: must be a list of ${list} and roles of plugins' own, which have a hyphen`

test.each([
  [['mailcount'], `${expected}, not "mailcount"`],
  [['imaps'], `${expected}, not "imaps" (did you mean "imap"?)`],
  [['local'], `${expected}, not "local"`],
  [[], `${expected}, not an empty one`],
  ['imap', 'roles: must be a list of texts, not "imap"'],
])('%j is refused', (roles, fault) => {
  expect(() => read(roles)).toThrow(fault)
})

test("a plugin's own role that no listener has is told of", () => {
  const listened = new Set(['imap', 'mail-count'])
  expect(unheardRoles('roles', ['pop3', 'mail-count'], listened)).toEqual([])
  expect(unheardRoles('roles', ['mail-cuont', 'example-nntp'], listened)).toEqual([
    '`roles`: no listener has the role "mail-cuont"; did you mean "mail-count"?',
    '`roles`: no listener has the role "example-nntp"',
  ])
})
