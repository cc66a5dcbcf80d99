import { expect, it } from 'vitest'
import { sessionRoleOf, sessionRoles } from './session-role.ts'

it.each([...sessionRoles, 'example-nntp', 'a1-b-2'])('%s is a role', (name) => {
  expect(sessionRoleOf(name)).toBe(name)
})

it.each(['', 'nntp', 'Imap', 'a-', '-a', 'a--b', 'A-b', 'a b-c', '1-a'])('"%s" is none', (name) => {
  expect(sessionRoleOf(name)).toBeUndefined()
})
