import { expect, it } from 'vitest'
import { decodeMailboxLevel, mailboxesOf, mailboxOfLevels } from './mailbox-levels.ts'
import { mailboxOfMaildirDirectory } from './mailbox-name.ts'

it('names a mailbox as its directory does', () => {
  for (const directory of [
    '.Work',
    '.Work.Bills',
    '.Entw&APw-rfe',
    '.Entwürfe',
    '.a & b',
    '.R&AOk-sum&AOk-.x',
    '.&AEE-',
  ])
    expect(mailboxOfLevels(directory.slice(1).split('.'))).toBe(mailboxOfMaildirDirectory(directory))
})

it('knows INBOX in any case, and levels with dots', () => {
  expect(mailboxOfLevels(['inbox'])).toBe('INBOX')
  expect(mailboxOfLevels(['Inbox', 'Below'])).toBeUndefined()
  expect(mailboxOfLevels(['INBOX', 'Below'])).toBe('INBOX/Below')
  expect(mailboxOfLevels(['Work', 'v1.2', 'Entw&APw-rfe'])).toBe('Work/v1.2/Entwürfe')
})

it('has no name for what can be none', () => {
  for (const levels of [[], [''], ['a', ''], ['', 'a.b'], ['a.b', 'x\0y'], ['x'.repeat(300)]])
    expect(mailboxOfLevels(levels)).toBeUndefined()
})

it('passes over what is no name, but not over a thousand of them', () => {
  const lines = (strangers: number) => [
    ['Work'],
    ...Array.from({ length: strangers }, () => ['']),
    ['Work'],
    ['Trash'],
  ]
  expect(mailboxesOf(lines(1000))).toEqual(['Work', 'Trash'])
  expect(mailboxesOf(lines(1001))).toBeUndefined()
  expect(mailboxesOf([])).toEqual([])
})

it('reads a level in modified UTF-7, and what is none as it stands', () => {
  expect(decodeMailboxLevel('R&AOk-sum&AOk-')).toBe('Résumé')
  for (const level of ['Résumé', 'R&AOk', '&AOk=-', '&2AA-', ''])
    expect(decodeMailboxLevel(level)).toBe(level)
})
