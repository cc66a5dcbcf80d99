import { expect, it } from 'vitest'
import {
  canonicalMaildirMailbox,
  mailboxOfMaildirDirectory,
  maildirDirectoryOf,
  plainMaildirDirectoryOf,
} from './mailbox-name.ts'

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
  expect(canonicalMaildirMailbox(name)).toBe(name)
  expect(maildirDirectoryOf(name)).toBe(directory)
  expect(mailboxOfMaildirDirectory(directory)).toBe(name)
  expect(directory).not.toContain('/')
})

it('knows INBOX in any case, also as a first level', () => {
  for (const name of ['INBOX', 'inbox', 'InBox']) expect(canonicalMaildirMailbox(name)).toBe('INBOX')
  expect(canonicalMaildirMailbox('inbox/Sub')).toBe('INBOX/Sub')
  expect(canonicalMaildirMailbox('Sub/inbox')).toBe('Sub/inbox')
})

it.each(['', '/', 'a//b', '/a', 'a/', 'a\0', 'a\nb', '\ud800', 'x'.repeat(255), 'ü'.repeat(120)])(
  'refuses %j',
  (name) => {
    expect(() => canonicalMaildirMailbox(name)).toThrow(expect.objectContaining({ code: 'MAIL_E_INVALID' }))
  },
)

it('shows names that other programs wrote in UTF-8 as they stand, and finds them again', () => {
  expect(mailboxOfMaildirDirectory('.Entwürfe.Alt')).toBe('Entwürfe/Alt')
  expect(plainMaildirDirectoryOf('Entwürfe/Alt')).toBe('.Entwürfe.Alt')
  // A slash within a level must not become a level.
  expect(mailboxOfMaildirDirectory('.A&AC8-B')).toBe('A&AC8-B')
  expect(plainMaildirDirectoryOf('A&AC8-B')).toBe('.A&AC8-B')
})

it('does not take one mailbox for another', () => {
  expect(plainMaildirDirectoryOf('Archive')).toBeUndefined()
  expect(plainMaildirDirectoryOf('a.b')).toBeUndefined()
  expect(plainMaildirDirectoryOf('&-')).toBeUndefined()
})

it.each(['cur', 'new', '.INBOX', '.inbox', '.a..b', '.', '.a\ufffd'])(
  'sees no mailbox in %j',
  (directory) => {
    expect(mailboxOfMaildirDirectory(directory)).toBeUndefined()
  },
)
