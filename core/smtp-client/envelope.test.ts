import { expect, test } from 'vitest'
import { createMessage } from '../message/create-message.ts'
import { type Address, parseAddress } from '../model/address/address.ts'
import { bufferContent } from '../model/content.ts'
import type { BatchItem } from '../model/delivery.ts'
import type { Message } from '../model/message.ts'
import { envelopesOf } from './envelope.ts'

const read = (text: string) => createMessage(bufferContent(Buffer.from(text)))
const [one, other] = [await read('Subject: 1\r\n\r\n'), await read('Subject: 2\r\n\r\n')]

function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === undefined) throw new Error(`${text} is no address`)
  return parsed
}

function item(to: string, message: Message, from: string | null = 'a@here.example'): BatchItem {
  return {
    recipient: address(to),
    parameters: {},
    reversePath: from === null ? null : address(from),
    route: { kind: 'remote', address: address(to) },
    message,
    filings: [],
  }
}

const about = { id: 'q1', parameters: {} }
const grouped = (items: readonly BatchItem[], most?: number) =>
  envelopesOf(items, about, most).map((envelope) =>
    envelope.items.map(({ recipient }) => recipient.localPart),
  )

test('who has the same message and reverse-path shares a transaction', () => {
  const items = [
    item('jo@there.example', one),
    item('kim@there.example', other),
    item('anna@there.example', one, 'a@HERE.example'),
    item('ben@there.example', one, null),
    item('eve@there.example', one, 'b@here.example'),
    item('max@there.example', one, null),
  ]
  expect(grouped(items)).toEqual([['jo', 'anna'], ['kim'], ['ben', 'max'], ['eve']])
  expect(envelopesOf(items, about)[2]).toMatchObject({ id: 'q1', message: one, reversePath: null })
})

test('no more of them than may', () => {
  const items = ['a', 'b', 'c', 'd', 'e'].map((name) => item(`${name}@there.example`, one))
  expect(grouped(items, 2)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
})
