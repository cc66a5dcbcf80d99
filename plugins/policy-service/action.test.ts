import { formatReply } from 'mailwright'
import { describe, expect, it } from 'vitest'
import { parseAction } from './action.ts'

describe('an action', () => {
  it.each(['OK', 'ok', 'permit', 'DUNNO', 'dunno whatever', 'DEFER_IF_REJECT later', '1700000000'])(
    '%s is no opinion',
    (text) => {
      expect(parseAction(text)).toEqual({ kind: 'pass' })
    },
  )

  it.each([
    ['REJECT', '554 5.7.1 Access denied'],
    ['reject 5.7.23 SPF says no', '554 5.7.23 SPF says no'],
    ['REJECT  You are on a list ', '554 5.7.1 You are on a list'],
    ['DEFER', '450 4.7.1 Access denied, try again later'],
    ['DEFER slow', '450 4.7.1 slow'],
    ['defer_if_permit Greylisted', '450 4.7.1 Greylisted'],
    ['451 4.3.5 Not now', '451 4.3.5 Not now'],
    ['550 5.1.1', '550 5.1.1 Access denied'],
    // The class of the enhanced code follows the code.
    ['550 4.1.1 Gone', '550 5.1.1 Gone'],
    ['421 Go away', '421 4.7.1 Go away'],
    ['450', '450 4.7.1 Access denied'],
    ['550 two\u0000words', '550 5.7.1 two?words'],
  ])('%j refuses with %s', (text, expected) => {
    const action = parseAction(text)
    expect(action.kind === 'refuse' ? formatReply(action.reply) : action.kind).toBe(expected)
  })

  it('has an endless text cut', () => {
    const action = parseAction(`REJECT ${'x'.repeat(10_000)}`)
    expect(action.kind === 'refuse' && action.reply.lines.join().length).toBe(480)
  })

  it.each([
    ['PREPEND X-Policy: yes, indeed', { kind: 'prepend', name: 'X-Policy', value: 'yes, indeed' }],
    ['HOLD looks odd', { kind: 'hold', text: 'looks odd' }],
    ['DISCARD', { kind: 'discard', text: 'discarded by the policy server' }],
    [
      'REDIRECT trap@example.org',
      { kind: 'redirect', address: { localPart: 'trap', domain: 'example.org' } },
    ],
    ['bcc <log@example.org>', { kind: 'bcc', address: { localPart: 'log', domain: 'example.org' } }],
    ['WARN odd', { kind: 'note', level: 'warning', text: 'odd' }],
    ['INFO seen', { kind: 'note', level: 'information', text: 'seen' }],
  ])('%j asks for something', (text, expected) => {
    expect(parseAction(text)).toEqual(expected)
  })

  it.each([
    '',
    ' ',
    'FILTER smtp:[127.0.0.1]:10025',
    'reject_unauth_destination',
    'constructor',
    '__proto__',
    'PREPEND',
    'PREPEND no field',
    'PREPEND Bad Name: x',
    'PREPEND X: a\rInjected: b',
    'REDIRECT',
    'REDIRECT nobody',
    'BCC a@b c',
    '250 fine',
    '5 5',
  ])('%j means nothing here', (text) => {
    expect(parseAction(text)).toEqual({ kind: 'unknown' })
  })
})
