import { describe, expect, test } from 'vitest'
import type { AccessEntry } from '../model/rights.ts'
import { expectCode } from '../testing/contracts/expectations.ts'
import {
  formatAccessLists,
  longestAccessFile,
  type OwnerLists,
  parseAccessLists,
} from './access-list-file.ts'

const written: OwnerLists = {
  owner: 'id of änn',
  lists: new Map<string, readonly AccessEntry[]>([
    [
      'INBOX',
      [
        { identifier: 'anyone', rights: 'lr' },
        { identifier: '-b ob%2F@x', rights: 'w' },
      ],
    ],
    ['', [{ identifier: 'jürgen@example.org', rights: 'lrswipkxtea' }]],
    ['__proto__/Entwürfe 100%', [{ identifier: '"a b/%"@example.org', rights: 'l' }]],
  ]),
}
const text = formatAccessLists(written).toString('latin1')

function parsed(octets: string): OwnerLists | undefined {
  return parseAccessLists(Buffer.from(octets, 'latin1'))
}

/** A file with these lines between `owner` and `end`. */
function file(...lines: readonly string[]): string {
  return ['mailwright-access 1', 'owner ann', ...lines, `end ${lines.length + 1}`, ''].join('\n')
}

test('lists come back as they were', () => {
  expect(text).toBe(
    [
      'mailwright-access 1',
      'owner id%20of%20%C3%A4nn',
      'mailbox INBOX',
      'lr anyone',
      'w -b%20ob%252F@x',
      'mailbox ',
      'lrswipkxtea j%C3%BCrgen@example.org',
      'mailbox __proto__/Entw%C3%BCrfe%20100%25',
      'l "a%20b/%25"@example.org',
      'end 8',
      '',
    ].join('\n'),
  )
  expect(parsed(text)).toEqual(written)
  const none: OwnerLists = { owner: 'ann', lists: new Map() }
  expect(parseAccessLists(formatAccessLists(none))).toEqual(none)
})

test('letters may stand in any order, and as RFC 2086 had them', () => {
  const lists = parsed(file('mailbox INBOX', 'drl bob'))?.lists
  expect(lists?.get('INBOX')).toEqual([{ identifier: 'bob', rights: 'lrte' }])
})

describe('a damaged file is trusted in nothing', () => {
  test('cut off anywhere', () => {
    for (let length = 0; length < text.length; length++)
      expect(parsed(text.slice(0, length)), `${length}`).toBeUndefined()
  })

  test('without any one line, or with any one twice', () => {
    const lines = text.split('\n')
    for (const [index, line] of lines.entries()) {
      expect(parsed(lines.toSpliced(index, 1).join('\n')), `without ${line}`).toBeUndefined()
      expect(parsed(lines.toSpliced(index, 0, line).join('\n')), `twice ${line}`).toBeUndefined()
    }
  })

  test.each([
    ['an unknown right', 'lrz bob'],
    ['a capital', 'LR bob'],
    ['no rights', ' bob'],
    ['no identifier', 'lr '],
    ['no space', 'lrbob'],
    ['a comment', '# lr bob'],
    ['an empty line', ''],
    ['a space in the identifier', 'lr bob bob'],
    ['a carriage return', 'lr bob\r'],
    ['an octet that is not printable', 'lr b\xfcb'],
    ['an escape that is not needed', 'lr b%6Fb'],
    ['small digits', 'lr b%c3%bcb'],
    ['half an escape', 'lr b%C'],
    ['octets that are not UTF-8', 'lr b%FF'],
    ['a control character', 'lr b%00'],
    ['another spelling', 'lr Bob@example.org'],
    ['two signs', 'lr --bob'],
    ['a sign alone', 'lr -'],
    ['too many letters', `${'l'.repeat(33)} bob`],
    ['another owner', 'owner bob'],
    ['an end', 'end 2'],
  ])('%s', (_, line) => {
    expect(parsed(file('mailbox INBOX', line))).toBeUndefined()
    expect(parsed(file('mailbox INBOX', 'l x', line))).toBeUndefined()
  })

  test.each([
    ['two lines for one identifier', ['mailbox INBOX', 'lr bob', 'l bob']],
    ['a line without its mailbox', ['lr bob']],
    ['a mailbox without a line', ['mailbox INBOX']],
    ['a mailbox without a line, before another', ['mailbox A', 'mailbox B', 'lr bob']],
    ['a mailbox twice', ['mailbox A', 'lr bob', 'mailbox A', 'lr carol']],
    ['a mailbox that is not spelled so', ['mailbox %41', 'lr bob']],
  ])('%s', (_, lines) => {
    expect(parsed(file(...lines))).toBeUndefined()
  })

  test.each([
    '',
    '\n',
    'x',
    'mailwright-access\n',
    'mailwright-access 0\nowner ann\nend 1\n',
    'mailwright-access 1\nowner \nend 1\n',
    'mailwright-access 1\nend 0\n',
    'mailwright-access 1\nowner ann\nend 1\nx\n',
    'mailwright-access 1\nowner ann\nend 1\nx',
    'mailwright-access 1\nowner ann\nend 1',
    'mailwright-access 1\nowner ann\nend 2\n',
  ])('%j', (octets) => {
    expect(parsed(octets)).toBeUndefined()
  })

  test('one octet that is another makes no line more or less', () => {
    const count = (lists: OwnerLists): number => [...lists.lists.values()].flat().length
    for (let index = 0; index < text.length; index++) {
      const octets = Buffer.from(text, 'latin1')
      octets[index] = (octets[index] ?? 0) ^ 1
      expect(count(parseAccessLists(octets) ?? written), `${index}`).toBe(4)
    }
  })
})

test('a file of a later version is not damaged, and must be left alone', async () => {
  await expectCode((async () => parsed('mailwright-access 2\nwhatever\n'))(), 'MAIL_E_UNAVAILABLE')
})

describe('bounds', () => {
  const many = (count: number) =>
    formatAccessLists({
      owner: 'ann',
      lists: new Map([
        ['INBOX', Array.from({ length: count }, (_, index) => ({ identifier: `x${index}`, rights: 'l' }))],
      ]),
    })

  test('1,000 lines of a list are read, more are not', () => {
    expect(parseAccessLists(many(1000))?.lists.get('INBOX')).toHaveLength(1000)
    expect(parseAccessLists(many(1001))).toBeUndefined()
    expect(parseAccessLists(many(100_000))).toBeUndefined()
  })

  test('a huge file is not looked at', () => {
    const lists = new Map(
      Array.from({ length: 30_000 }, (_, index) => [`m${index}`, [{ identifier: 'anyone', rights: 'l' }]]),
    )
    const octets = formatAccessLists({ owner: 'ann', lists })
    expect(octets.length).toBeGreaterThan(longestAccessFile)
    expect(parseAccessLists(octets) === undefined).toBe(true)
  })
})
