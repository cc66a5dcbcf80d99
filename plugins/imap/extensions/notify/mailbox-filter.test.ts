import { describe, expect, test } from 'vitest'
import { Arguments } from '../../engine/arguments.ts'
import { readMailboxFilter } from './mailbox-filter.ts'

const names = ['INBOX', 'Work', 'Work/a', 'Work/a/b', 'Workshop', 'Shared/x', '']

function read(text: string) {
  const args = new Arguments([text], { utf8: false })
  const filter = readMailboxFilter(args)
  args.end()
  return filter
}

describe('readMailboxFilter', () => {
  test.each([
    ['personal', ['INBOX', 'Work', 'Work/a', 'Work/a/b', 'Workshop']],
    ['INBOXES', ['INBOX', 'Work', 'Work/a', 'Work/a/b', 'Workshop']],
    ['subscribed', ['Work/a']],
    ['mailboxes inbox', ['INBOX']],
    ['MAILBOXES (Work "Work/a" Missing)', ['Work', 'Work/a']],
    ['mailboxes "Work*"', []],
    ['subtree Work', ['Work', 'Work/a', 'Work/a/b']],
    ['subtree (Work/a Workshop)', ['Work/a', 'Work/a/b', 'Workshop']],
    ['subtree ""', names],
    ['subtree-one Work', ['Work', 'Work/a']],
    ['subtree-one ""', ['INBOX', 'Work', 'Workshop', '']],
  ])('%s', (text, expected) => {
    const filter = read(text)
    if (filter.kind !== 'others') throw new Error('of the selected mailbox')
    const found = names.filter((name) =>
      filter.matches({
        name,
        isPersonal: !name.startsWith('Shared') && name !== '',
        isSubscribed: name === 'Work/a',
      }),
    )
    expect(found).toEqual(expected)
  })

  test('the selected mailbox, at once or not', () => {
    expect(read('selected')).toEqual({ kind: 'selected', isDelayed: false })
    expect(read('Selected-Delayed')).toEqual({ kind: 'selected', isDelayed: true })
  })

  test.each([
    '',
    'all',
    'mailboxes',
    'mailboxes ',
    'mailboxes ()',
    'subtree (a',
    'selected x',
    'personal INBOX',
  ])('"%s" is none', (text) => {
    expect(() => read(text)).toThrow()
  })
})
