import { expect, test } from 'vitest'
import type { Message } from '../model/message.ts'
import { notWithoutOthers } from '../model/outcome.ts'
import { localError, reply } from '../model/reply.ts'
import type { Recipient } from '../model/transaction.ts'
import type { Submission } from '../services/queue.ts'
import { attemptItems, recipientAnswers } from './recipient-answers.ts'

const address = (localPart: string) => ({ localPart, domain: 'example.org' })
const message = {} as Message

function recipient(name: string, routes: number): Recipient {
  const route = (index: number) => ({ kind: 'remote', address: address(`${name}${index}`) }) as const
  return {
    forwardPath: address(name),
    parameters: {},
    claimedBy: 'p/x',
    routes: Array.from({ length: routes }, (_, i) => route(i)),
  }
}

const items = attemptItems({
  variants: [
    { recipients: [recipient('a', 2), recipient('b', 1)], message },
    { recipients: [recipient('c', 1)], message, quarantine: 'virus' },
  ],
} as unknown as Submission)

test('there is an item for every route of every recipient, with what its variant says', () => {
  expect(
    items.map(({ recipient: one, route, quarantine }) => [
      one.localPart,
      (route as { address: { localPart: string } }).address.localPart,
      quarantine,
    ]),
  ).toEqual([
    ['a', 'a0', undefined],
    ['a', 'a1', undefined],
    ['b', 'b0', undefined],
    ['c', 'c0', 'virus'],
  ])
})

test('nobody but us tells that one recipient became several', () => {
  const parameters = { notify: ['SUCCESS', 'FAILURE'] }
  const made = attemptItems({
    variants: [
      {
        recipients: [
          { ...recipient('a', 2), parameters },
          { ...recipient('b', 1), parameters },
        ],
        message,
      },
    ],
  } as unknown as Submission)
  expect(made.map((item) => item.parameters?.notify)).toEqual([
    ['FAILURE'],
    ['FAILURE'],
    ['SUCCESS', 'FAILURE'],
  ])
})

test('an item goes on with the reverse-path that edits gave its kind of route', () => {
  const routes = [
    { kind: 'account', account: { id: '1', address: address('a') }, address: address('a') },
    { kind: 'remote', address: address('b') },
  ]
  const variant = { recipients: [{ ...recipient('a', 0), routes }], message }
  const paths = (more: object) =>
    attemptItems({ variants: [{ ...variant, ...more }] } as unknown as Submission).map(
      ({ reversePath }) => reversePath,
    )
  expect(paths({})).toEqual([undefined, undefined])
  expect(paths({ reversePath: null })).toEqual([null, null])
  expect(paths({ remoteReversePath: address('srs') })).toEqual([undefined, address('srs')])
  expect(paths({ reversePath: address('x'), remoteReversePath: null })).toEqual([address('x'), null])
})

test('a recipient has the worst of the answers of its routes, "later" before "never"', () => {
  const delivered = { kind: 'delivered', text: '' } as const
  const never = { kind: 'failed', reply: reply(550, '5.1.1', 'No') } as const
  const later = { kind: 'deferred', reply: reply(452, '4.2.2', 'Full') } as const
  const codes = (...outcomes: Parameters<typeof recipientAnswers>[1]) =>
    recipientAnswers(items, outcomes).map((answer) => answer.reply.code)
  expect(codes(delivered, delivered, delivered, delivered)).toEqual([250, 250, 250])
  expect(codes(delivered, never, later, delivered)).toEqual([550, 452, 250])
  expect(codes(never, later, delivered, never)).toEqual([452, 250, 550])
  expect(codes(later, never)).toEqual([452, localError.code, localError.code])
  // What only waits for others has nothing to say against a reason.
  expect(codes(notWithoutOthers, never, notWithoutOthers, delivered)).toEqual([550, 451, 250])
})
