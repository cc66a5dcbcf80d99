import { expect, it } from 'vitest'
import { canonicalMailboxName, directoryOf, mailboxOf, plainDirectoryOf } from './mailbox-name.ts'

it.each([
  ['Archive', '.Archive'],
  ['Work/Bills', '.Work.Bills'],
  ['Work/v1.2', '.Work.v1&AC4-2'],
  ['Entwürfe', '.Entw&APw-rfe'],
  ['..', '.&AC4ALg-'],
  ['../x', '.&AC4ALg-.x'],
  ['.hidden', '.&AC4-hidden'],
  ['INBOX/Sub', '.INBOX.Sub'],
])('keeps %s in %s', (name, directory) => {
  expect(canonicalMailboxName(name)).toBe(name)
  expect(directoryOf(name)).toBe(directory)
  expect(mailboxOf(directory)).toBe(name)
  expect(directory).not.toContain('/')
})

it('knows INBOX in any case, also as a first level', () => {
  for (const name of ['INBOX', 'inbox', 'InBox']) expect(canonicalMailboxName(name)).toBe('INBOX')
  expect(canonicalMailboxName('inbox/Sub')).toBe('INBOX/Sub')
  expect(canonicalMailboxName('Sub/inbox')).toBe('Sub/inbox')
})

it.each(['', '/', 'a//b', '/a', 'a/', 'a\0', 'a\nb', '\ud800', 'x'.repeat(255), 'ü'.repeat(120)])(
  'refuses %j',
  (name) => {
    expect(() => canonicalMailboxName(name)).toThrow(expect.objectContaining({ code: 'MAIL_E_INVALID' }))
  },
)

it('shows names that other programs wrote in UTF-8 as they stand, and finds them again', () => {
  expect(mailboxOf('.Entwürfe.Alt')).toBe('Entwürfe/Alt')
  expect(plainDirectoryOf('Entwürfe/Alt')).toBe('.Entwürfe.Alt')
  // A slash within a level must not become a level.
  expect(mailboxOf('.A&AC8-B')).toBe('A&AC8-B')
  expect(plainDirectoryOf('A&AC8-B')).toBe('.A&AC8-B')
})

it('does not take one mailbox for another', () => {
  expect(plainDirectoryOf('Archive')).toBeUndefined()
  expect(plainDirectoryOf('a.b')).toBeUndefined()
  expect(plainDirectoryOf('&-')).toBeUndefined()
})

it.each(['cur', 'new', '.INBOX', '.inbox', '.a..b', '.', '.a\ufffd'])(
  'sees no mailbox in %j',
  (directory) => {
    expect(mailboxOf(directory)).toBeUndefined()
  },
)
