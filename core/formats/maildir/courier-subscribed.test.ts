import { expect, it } from 'vitest'
import { parseCourierSubscribed } from './courier-subscribed.ts'

const parse = (text: string) => parseCourierSubscribed(Buffer.from(text))

it('reads names in modified UTF-7 and in UTF-8', () => {
  expect(parse('INBOX\nINBOX.Work.Bills\nINBOX.Entw&APw-rfe\nINBOX.Pläne\n')).toEqual([
    'INBOX',
    'Work/Bills',
    'Entwürfe',
    'Pläne',
  ])
  expect(parse('')).toEqual([])
})

it('needs no LF at the end, and gives each name once', () => {
  expect(parse('inbox.Work\nINBOX.Work\nINBOX.Trash')).toEqual(['Work', 'Trash'])
})

it('passes over mailboxes of others, and what can be no name', () => {
  const wrong = [
    '#shared.all',
    'shared.all',
    'INBOXES',
    'INBOX.',
    'INBOX..a',
    'INBOX.a\x07',
    '',
    'x'.repeat(100_000),
  ]
  expect(parse(`${wrong.join('\n')}\nINBOX.Work\n`)).toEqual(['Work'])
})
