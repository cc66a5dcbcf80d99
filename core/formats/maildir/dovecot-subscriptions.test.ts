import { expect, it } from 'vitest'
import { formatDovecotSubscriptions, parseDovecotSubscriptions } from './dovecot-subscriptions.ts'

const parse = (text: string) => parseDovecotSubscriptions(Buffer.from(text))

it('reads version 2', () => {
  expect(parse('V\t2\n\nWork\tBills\nEntw&APw-rfe\nINBOX\nINBOX\tBelow\n')).toEqual([
    'Work/Bills',
    'Entwürfe',
    'INBOX',
    'INBOX/Below',
  ])
  expect(parse('V\t2\n\n')).toEqual([])
})

it('undoes escapes, and shows no names with control characters', () => {
  expect(parse('V\t2\n\na\x01tb\nc\x010d\ne\x01nf\ng\x01rh\ni\x011j\nk\x01l\n')).toEqual(['kl'])
})

it('reads what was before, with either separator', () => {
  expect(parse('INBOX\nWork.Bills\nEntw&APw-rfe\nWork/v1.2\n')).toEqual([
    'INBOX',
    'Work/Bills',
    'Entwürfe',
    'Work/v1.2',
  ])
  expect(parse('inbox\nTrash')).toEqual(['INBOX', 'Trash'])
  expect(parse('')).toEqual([])
})

it('gives each name once and passes over what can be none', () => {
  const wrong = ['', '.', 'a..b', 'a//b', '/', 'x\x07y', 'x'.repeat(256), 'x'.repeat(100_000)]
  expect(parse(`Work\n${wrong.join('\n')}\nWork\n`)).toEqual(['Work'])
  expect(parseDovecotSubscriptions(Buffer.from('\xff\nWork\n', 'latin1'))).toEqual(['Work'])
})

it('does not guess at later versions', () => {
  expect(parse('V\t3\n\nWork\n')).toBeUndefined()
  expect(parse('V\t2\nWork\n')).toBeUndefined()
})

it('writes what it reads', () => {
  const names = ['INBOX', 'Work/v1.2', 'Entwürfe/a & b', 'tab\tand\x01', '日本語']
  expect(formatDovecotSubscriptions(['Work/Bills', 'R\u00e9sum\u00e9']).toString()).toBe(
    'V\t2\n\nWork\tBills\nR&AOk-sum&AOk-\n',
  )
  expect(parseDovecotSubscriptions(formatDovecotSubscriptions(names))).toEqual(
    names.filter((name) => !name.includes('\t')),
  )
  expect(formatDovecotSubscriptions([]).toString()).toBe('V\t2\n\n')
})
