import { describe, expect, test } from 'vitest'
import { bufferContent } from '../model/content.ts'
import { localError, reply } from '../model/reply.ts'
import { answerFault } from './answers.ts'

const address = { localPart: 'jo', domain: 'example.org' }
const account = { id: 'a1', address }
const message = { content: bufferContent(Buffer.from('x')) }
const route = { kind: 'account', account, address }
const items = { items: [1, 2] }
const notNow = { kind: 'deferred', reply: localError }
const never = { kind: 'failed', reply: reply(550, '5.1.1', 'No') }

function disposition(...actions: unknown[]): unknown {
  return { route, reversePath: null, message, actions }
}

const disposed = { route, reversePath: null, message, actions: [] }

type Case = [hook: string, kind: string, answer: unknown, args?: readonly unknown[]]

const good: Case[] = [
  ['connection.checkClient', 'check', reply(550, '5.7.1', 'No')],
  ['envelope.checkSender', 'check', localError],
  ['envelope.claimRecipient', 'claim', { reason: 'ours' }],
  ['data.inspect', 'inspect', { test: 'p/x', score: -1, text: '' }],
  ['data.inspect', 'inspect', []],
  ['data.inspect', 'inspect', [{ test: 'p/x', score: 0, text: 'a', data: {} }]],
  ['data.prepareMessage', 'rewrite', []],
  ['data.prepareMessage', 'rewrite', [{ kind: 'delete-field', name: 'X', occurrence: 1 }]],
  ['data.rewriteMessage', 'rewrite', []],
  ['data.rewriteMessage', 'rewrite', [{ kind: 'quarantine', reason: 'virus' }]],
  ['delivery.route', 'claim', route],
  ['delivery.route', 'claim', { kind: 'remote', address, nextHop: 'mx.example' }],
  ['delivery.route', 'claim', { kind: 'handler', address, handler: 'list' }],
  ['delivery.route', 'claim', { kind: 'expansion', addresses: [address], via: 'alias' }],
  ['delivery.sort', 'rewrite', disposition()],
  ['delivery.sort', 'rewrite', disposition({ kind: 'file', mailbox: 'INBOX', flags: ['\\Seen'] })],
  ['delivery.sort', 'rewrite', disposition({ kind: 'forward', address }, { kind: 'reply', message })],
  ['delivery.sort', 'rewrite', { ...disposed, actions: [] }, [disposed]],
  ['delivery.sort', 'rewrite', { ...disposed, route: structuredClone(route) }, [disposed]],
  ['delivery.deliver', 'claim', [{ kind: 'delivered', text: 'ok' }, notNow], [items]],
  ['delivery.deliver', 'claim', [never, notNow], [items]],
  [
    'delivery.deliver',
    'claim',
    [
      { kind: 'delivered', text: 'ok', reached: 'relayed', host: 'mx', reply: reply(250, '2.0.0', 'OK') },
      { ...notNow, retryAfter: 0, concerns: 'destination', cause: 'dns', untried: true, moving: undefined },
    ],
    [items],
  ],
  ['delivery.delivered', 'notify', 'anything'],
  ['another.hook', 'claim', 'anything'],
]

const bad: Case[] = [
  ['envelope.checkSender', 'check', reply(250, '2.0.0', 'OK')],
  ['envelope.checkSender', 'check', { code: 550, enhanced: '5.7.1', lines: ['a\r\n250 OK'] }],
  ['envelope.checkSender', 'check', { code: 550, enhanced: '4.7.1', lines: ['a'] }],
  ['envelope.checkSender', 'check', false],
  ['envelope.checkSender', 'check', 'no'],
  ['envelope.claimRecipient', 'claim', true],
  ['envelope.claimRecipient', 'claim', { reason: 7 }],
  ['data.inspect', 'inspect', 'spam'],
  ['data.inspect', 'inspect', [null]],
  ['data.inspect', 'inspect', { test: 'p/x', score: Number.NaN, text: '' }],
  ['data.inspect', 'inspect', [[[{ test: 'p/x', score: 0, text: '' }]]]],
  ['data.prepareMessage', 'rewrite', { kind: 'delete-field', name: 'X', occurrence: 1 }],
  ['data.prepareMessage', 'rewrite', [{ kind: 'delete-field', name: 'X', occurrence: 0 }]],
  [
    'data.prepareMessage',
    'rewrite',
    [{ kind: 'delete-field', name: 'X', occurrence: 1, recipients: [address] }],
  ],
  ['data.prepareMessage', 'rewrite', [{ kind: 'quarantine', reason: 'virus' }]],
  ['data.prepareMessage', 'rewrite', [{ kind: 'add-recipient', address }]],
  ['data.rewriteMessage', 'rewrite', { kind: 'quarantine', reason: 'virus' }],
  ['data.rewriteMessage', 'rewrite', [{ kind: 'insert-field', name: 'X', value: 'a\r\nBcc: b' }]],
  ['data.rewriteMessage', 'rewrite', [undefined]],
  ['delivery.route', 'claim', {}],
  ['delivery.route', 'claim', { kind: 'account', address, account: null }],
  ['delivery.route', 'claim', { kind: 'account', address, account: { id: 1, address } }],
  ['delivery.route', 'claim', { kind: 'account', account }],
  ['delivery.route', 'claim', { kind: 'remote', address: { localPart: 'a\r\nDATA', domain: 'example.org' } }],
  ['delivery.route', 'claim', { kind: 'remote', address: 'jo@example.org' }],
  ['delivery.route', 'claim', { kind: 'handler', address }],
  ['delivery.route', 'claim', { kind: 'expansion', addresses: ['jo@example.org'] }],
  ['delivery.route', 'claim', { kind: 'expansion', addresses: address }],
  ['delivery.sort', 'rewrite', []],
  ['delivery.sort', 'rewrite', { actions: [] }],
  ['delivery.sort', 'rewrite', disposition({ kind: 'discard' })],
  ['delivery.sort', 'rewrite', disposition({ kind: 'file' })],
  ['delivery.sort', 'rewrite', disposition({ kind: 'file', mailbox: 'INBOX', flags: [1] })],
  ['delivery.sort', 'rewrite', disposition({ kind: 'forward', address: null })],
  ['delivery.sort', 'rewrite', disposition({ kind: 'reply', message: {} })],
  ['delivery.sort', 'rewrite', disposition(null)],
  ['delivery.sort', 'rewrite', { ...disposed, message: { ...message } }, [disposed]],
  ['delivery.sort', 'rewrite', { ...disposed, reversePath: address }, [disposed]],
  ['delivery.sort', 'rewrite', { ...disposed, route: { ...route, detail: 'x' } }, [disposed]],
  ['delivery.deliver', 'claim', { kind: 'delivered', text: 'ok' }, [items]],
  ['delivery.deliver', 'claim', [{ kind: 'delivered', text: 'ok' }], [items]],
  ['delivery.deliver', 'claim', [notNow, notNow], [{}]],
  ['delivery.route', 'claim', { kind: 'remote', address, nextHop: 25 }],
]

describe('answerFault', () => {
  test.each<Case>(good)('%s (%s) may answer %j', (hook, kind, answer, args = []) => {
    expect(answerFault(hook, kind)(answer, args)).toBeUndefined()
  })

  test.each<Case>(bad)('%s (%s) may not answer %j', (hook, kind, answer, args = []) => {
    expect(answerFault(hook, kind)(answer, args)).toEqual(expect.any(String))
  })

  test('says what sorting may not change', () => {
    const fault = answerFault('delivery.sort', 'rewrite')
    expect(fault({ ...disposed, reversePath: address }, [disposed])).toBe(
      'answered a disposition with another reversePath: only its actions may change',
    )
  })
})
