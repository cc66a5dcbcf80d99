import { describe, expect, test } from 'vitest'
import { Random } from '../../generator/random.ts'
import { letterOf, readLetter, reportedRecipients } from './letter.ts'
import { type Finding, judge, type Remains, sumOf } from './verdict.ts'

// The matrix sees what is wrong.

const promise = { token: 't-x-0-0', id: 'id1', recipients: ['one@example.test'] }
const copy: Finding = {
  token: 't-x-0-0',
  recipient: 'one@example.test',
  id: 'id1',
  isWhole: true,
  place: 'mailbox',
}
const told = (recipient: string, by = '<1@x>') => ({ recipient, by })
const remains = (more: Partial<Remains>): Remains => ({
  promised: [promise],
  findings: [],
  bounced: [],
  queued: [],
  ...more,
})

describe('a verdict', () => {
  test('finds a promised recipient in a mailbox, elsewhere, in a bounce, in the queue, or nowhere', () => {
    expect(judge(remains({ findings: [copy] }))).toMatchObject({ delivered: 1, lost: [] })
    expect(judge(remains({ findings: [{ ...copy, place: 'world' }] }))).toMatchObject({
      relayed: 1,
      lost: [],
    })
    expect(judge(remains({ bounced: [told('one@example.test')] }))).toMatchObject({ bounced: 1, lost: [] })
    expect(judge(remains({ queued: ['id1'] }))).toMatchObject({ queued: 1, lost: [] })
    expect(judge(remains({}))).toMatchObject({ promised: 1, lost: ['t-x-0-0 one@example.test'] })
    const another = { ...copy, recipient: 'two@example.test' }
    expect(judge(remains({ findings: [another] })).lost).toHaveLength(1)
  })

  test('tells copies of one queue id from those of another, and what is not whole', () => {
    expect(judge(remains({ findings: [copy, copy] }))).toMatchObject({ duplicates: 1, strange: [] })
    const other = judge(remains({ findings: [copy, { ...copy, id: 'id2' }] }))
    expect(other).toMatchObject({ duplicates: 1, strange: ['t-x-0-0 one@example.test'] })
    const torn = judge(remains({ promised: [], findings: [{ ...copy, isWhole: false }] }))
    expect(torn.torn).toEqual(['t-x-0-0 one@example.test'])
    expect(sumOf([torn, other])).toMatchObject({
      promised: 1,
      duplicates: 1,
      torn: torn.torn,
      strange: other.strange,
    })
  })

  test('finds what was told of twice, but not copies of one notification, nor messages to the same account', () => {
    const [once, again] = [told('nobody-1@world.example'), told('nobody-1@world.example', '<2@x>')]
    expect(judge(remains({ bounced: [once, again] })).retold).toEqual(['nobody-1@world.example'])
    const fine = [once, once, told('one@example.test'), told('one@example.test', '<2@x>')]
    expect(judge(remains({ bounced: fine })).retold).toEqual([])
  })
})

describe('a letter', () => {
  const { token, text } = letterOf('t-a-1-2-3', new Random(4), { hasWorld: true, mostLines: 50 })
  const received = `Received: from x by mx.example.test with ESMTP\r\n\tid abc123 for <a@b>;\r\n\tnow\r\n${text}`

  test('is known again with its queue id, whole', () => {
    expect(readLetter(received)).toEqual({ token, id: 'abc123', isWhole: true })
  })

  test('is not whole with an octet less, more, or changed', () => {
    for (const wrong of [received.slice(0, -1), `${received}x`, received.replace(/ 1\r\n/, ' 9\r\n')])
      expect(readLetter(wrong)).toMatchObject({ isWhole: false })
  })

  test('is not taken for a bounce, which names its recipients', () => {
    expect(reportedRecipients(received)).toEqual([])
    const bounce =
      'Subject: no\r\nMessage-ID: <1@x>\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n' +
      'Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; nobody-1@world.example\r\nAction: failed\r\n\r\n' +
      'Final-Recipient: rfc822; late@world.example\r\nAction: delayed\r\n\r\n--x--\r\n'
    expect(readLetter(bounce)).toBeUndefined()
    expect(reportedRecipients(bounce)).toEqual([told('nobody-1@world.example')])
  })
})
