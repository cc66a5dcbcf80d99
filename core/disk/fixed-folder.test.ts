import { expect, it } from 'vitest'
import { fixedFolder } from './fixed-folder.ts'

it.each([
  ['/data/mail', '{domain}/{user}/Maildir', '/data/mail'],
  ['/data/mail', 'users/x{user}/Maildir', '/data/mail/users'],
  ['/', 'home/{user}/Maildir', '/home'],
  ['/data/mail', '/var/mail/{user}', '/var/mail'],
  ['/data/mail', '/{user}', '/'],
])('below %s, of %s: %s', (root, template, folder) => {
  expect(fixedFolder(root, template)).toBe(folder)
})
