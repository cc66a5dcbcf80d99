import { describe, expect, test } from 'vitest'
import { type Reply, reply } from '../model/reply.ts'
import { isTooManyRecipients, type RefusalStep, refusalMeaning } from './refusal.ts'

function said(text: string): Reply {
  const [, code = '', enhanced, words = ''] = /^(\d{3}) (?:([245]\.\d+\.\d+) )?(.*)$/.exec(text) ?? []
  return reply(Number(code), enhanced ?? `${code[0]}.0.0`, words)
}

// What large providers and common servers say; facts, in our own words where these do not matter.
describe('what refusals mean', () => {
  test.each<readonly [string, RefusalStep, string | undefined, string]>([
    [
      '450 4.2.0 <jo@x.example>: Recipient address rejected: Greylisted, see http://postgrey.example',
      'recipient',
      'greylisted',
      'recipient',
    ],
    ['451 4.7.1 Please try again later', 'recipient', 'greylisted', 'recipient'],
    [
      '450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]',
      'recipient',
      'policy',
      'recipient',
    ],
    ['451 4.7.1 Service unavailable - try again later', 'recipient', 'policy', 'recipient'],
    ['556 5.1.10 Recipient address has null MX', 'recipient', 'no-mail', 'recipient'],
    ['450 4.7.1 Greylisting in action, please come back later', 'recipient', 'greylisted', 'recipient'],
    ['451 Temporarily rejected: gray listed', 'recipient', 'greylisted', 'recipient'],
    [
      '421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address',
      'mail',
      'rate-limited',
      'destination',
    ],
    [
      '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume',
      'mail',
      'rate-limited',
      'destination',
    ],
    [
      '451 4.7.650 The mail server has been temporarily rate limited due to IP reputation',
      'mail',
      'rate-limited',
      'destination',
    ],
    ['451 4.7.500 Server busy. Please try again later', 'recipient', 'rate-limited', 'destination'],
    [
      '450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message later',
      'recipient',
      'rate-limited',
      'recipient',
    ],
    ['451 4.7.550 Access denied, please try again later', 'recipient', 'rate-limited', 'destination'],
    ['451 4.7.699 Please try again later', 'mail', 'rate-limited', 'destination'],
    ['451 4.7.1 Try again later', 'message', 'greylisted', 'recipient'],
    ['451 4.7.1 Try again later', 'data', 'greylisted', 'recipient'],
    ['451 4.7.1 Try again later', 'delivery', 'greylisted', 'recipient'],
    ['451 4.7.1 Try again later', 'mail', 'policy', 'message'],
    [
      '450 4.7.1 <jo@x.example>: Recipient address rejected: Please try again in 300 seconds',
      'recipient',
      'greylisted',
      'recipient',
    ],
    ['451 4.7.1 Temporarily deferred, come back in 00:05:00', 'recipient', 'greylisted', 'recipient'],
    ['451 4.7.1 First time that we see you, wait a moment', 'recipient', 'greylisted', 'recipient'],
    ['451 4.7.1 Sender IP has poor reputation, try again later', 'recipient', 'policy', 'recipient'],
    ['451 4.7.1 192.0.2.1 is listed at bl.spamcop.net; retry later', 'recipient', 'policy', 'recipient'],
    [
      '450 4.7.1 Client host rejected: cannot find your reverse hostname, try again later',
      'recipient',
      'policy',
      'recipient',
    ],
    ['451 4.7.1 SPF check temporarily failed, try again later', 'recipient', 'policy', 'recipient'],
    ['451 4.7.1 Virus scanner not available, try again later', 'message', 'policy', 'message'],
    ['451 4.7.1 Internal error in policy server, please retry later', 'recipient', 'policy', 'recipient'],
    ['451 4.7.1 Account temporarily locked, try again later', 'recipient', 'policy', 'recipient'],
    ['421 4.3.2 Too many connections from your host', 'greeting', 'rate-limited', 'destination'],
    [
      '450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
      'recipient',
      'rate-limited',
      'recipient',
    ],
    [
      '421 RP-001 The mail server IP connecting has exceeded the rate limit allowed',
      'greeting',
      'rate-limited',
      'destination',
    ],
    [
      '452 4.2.2 The email account that you tried to reach is over quota',
      'recipient',
      'mailbox-full',
      'recipient',
    ],
    ['552 5.2.2 Mailbox full', 'recipient', 'mailbox-full', 'recipient'],
    [
      '552 Requested mail action aborted: exceeded storage allocation',
      'recipient',
      'mailbox-full',
      'recipient',
    ],
    [
      '550 5.1.1 The email account that you tried to reach does not exist',
      'recipient',
      'no-such-address',
      'recipient',
    ],
    [
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found',
      'recipient',
      'no-such-address',
      'recipient',
    ],
    [
      '550 <jo@x.example>: Recipient address rejected: User unknown in virtual mailbox table',
      'recipient',
      'no-such-address',
      'recipient',
    ],
    [
      "554 delivery error: This user doesn't have a yahoo.example account",
      'recipient',
      'no-such-address',
      'recipient',
    ],
    [
      '550 5.2.1 The email account that you tried to reach is disabled',
      'recipient',
      'no-such-address',
      'recipient',
    ],
    ['552 5.5.3 Too many recipients', 'recipient', undefined, 'recipient'],
    ['550 No such user here', 'recipient', 'no-such-address', 'recipient'],
    ['550 5.7.1 Service unavailable, Client host blocked using a list', 'recipient', 'policy', 'recipient'],
    ['550 5.7.26 This mail is unauthenticated', 'message', 'policy', 'message'],
    ['554 5.7.1 Message rejected as spam', 'message', 'policy', 'message'],
    ['550 Blocked', 'mail', 'policy', 'message'],
    ['451 4.3.0 Temporary lookup failure', 'recipient', undefined, 'recipient'],
    ['452 4.3.1 Insufficient system storage', 'mail', undefined, 'destination'],
    ['421 4.3.2 Service shutting down', 'recipient', undefined, 'destination'],
    ['554 5.6.0 The message is malformed', 'message', 'policy', 'message'],
    ['450 4.3.2 No', 'greeting', undefined, 'destination'],
    ['535 5.7.8 Bad credentials', 'login', 'policy', 'destination'],
    ['454 4.7.0 TLS not available', 'tls', 'tls', 'destination'],
    ['451 4.2.1 <busy@x.example> Too many messages', 'delivery', 'rate-limited', 'recipient'],
    ['451 4.2.1 <busy@x.example> Too many messages', 'recipient', 'rate-limited', 'recipient'],
    ['421 4.2.1 <busy@x.example> Too many messages', 'delivery', 'rate-limited', 'recipient'],
    ['451 4.7.0 Too many messages', 'delivery', 'rate-limited', 'recipient'],
    ['550 No such user here', 'delivery', 'no-such-address', 'recipient'],
    ['554 5.7.1 Message rejected as spam', 'delivery', 'policy', 'recipient'],
    ['550 Blocked', 'delivery', undefined, 'recipient'],
    ['421 4.3.2 Service shutting down', 'delivery', undefined, 'destination'],
    ['452 4.3.1 Insufficient system storage', 'delivery', undefined, 'destination'],
    ['552 5.3.4 Message too big for system', 'recipient', undefined, 'recipient'],
    ['552 5.2.3 Message exceeds what the user takes', 'recipient', undefined, 'recipient'],
    ['552 message size exceeds limit', 'recipient', undefined, 'recipient'],
    [
      '552 5.7.0 This message was blocked because its content presents a risk',
      'recipient',
      'policy',
      'recipient',
    ],
    ['550 5.4.5 User quota exceeded', 'mail', 'rate-limited', 'message'],
    ['550 5.4.5 Daily user sending quota exceeded', 'mail', 'rate-limited', 'message'],
    ['550 5.4.5 Daily user sending quota exceeded', 'message', 'rate-limited', 'message'],
    ['421 4.7.1 Your account has exceeded the sending quota', 'mail', 'rate-limited', 'destination'],
    ['452 4.2.0 Your account has exceeded its hourly sending limit', 'mail', 'rate-limited', 'destination'],
    [
      '452 4.2.0 Your account has exceeded its hourly sending limit',
      'recipient',
      'rate-limited',
      'destination',
    ],
    ['432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded', 'message', 'rate-limited', 'recipient'],
    ['431 4.3.1 Disk full', 'message', undefined, 'destination'],
    ['452 4.4.5 Insufficient disk space; try again later', 'mail', undefined, 'destination'],
    ['451 4.4.5 Try again later', 'mail', 'rate-limited', 'destination'],
    [
      '550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages',
      'recipient',
      'rate-limited',
      'recipient',
    ],
    [
      '550 5.1.8 <s@x.example>: Sender address rejected: Domain not found',
      'recipient',
      'policy',
      'recipient',
    ],
    [
      '450 4.1.8 <s@x.example>: Sender address rejected: Domain not found',
      'recipient',
      'policy',
      'recipient',
    ],
    ['550 5.1.0 <s@x.example>: Sender address rejected: User unknown', 'recipient', 'policy', 'recipient'],
    [
      '550 5.1.7 <s@x.example>: Sender address rejected: User unknown in virtual mailbox table',
      'recipient',
      'policy',
      'recipient',
    ],
    [
      '553 5.1.8 <s@x.example>... Domain of sender address s@x.example does not exist',
      'recipient',
      'policy',
      'recipient',
    ],
    ['550 Rejected: HELO address invalid', 'recipient', 'policy', 'recipient'],
    ['550 Sender address unknown', 'recipient', 'policy', 'recipient'],
    ['450 4.7.1 Greylisting in action, please come back later', 'greeting', 'greylisted', 'destination'],
    ['421 4.7.0 Greylisted, please come back later', 'hello', 'greylisted', 'destination'],
    [
      "554 delivery error: This user doesn't have a yahoo.example account",
      'message',
      'no-such-address',
      'recipient',
    ],
    ['451 4.7.1 Message held for first contact review', 'recipient', 'policy', 'recipient'],
    [
      '451 4.7.1 The first attempt to resolve SPF record failed, try again later',
      'recipient',
      'policy',
      'recipient',
    ],
    ['450 4.2.0 First contact, please try again later', 'recipient', 'greylisted', 'recipient'],
    ['552 5.2.0 Suspected to be unwanted', 'recipient', undefined, 'recipient'],
    ['552 Sending limit reached', 'recipient', 'rate-limited', 'recipient'],
  ])('%s (%s)', (text, step, cause, concerns) => {
    const { retryAfter: _, ...found } = refusalMeaning(said(text), step)
    expect(found).toEqual({ ...(cause === undefined ? {} : { cause }), concerns })
  })

  test.each([
    ['450 4.2.0 Greylisted, try again in 5 minutes', 300_000],
    ['450 4.2.0 Greylisted for 300 seconds, please retry after 300 seconds', 300_000],
    ['451 4.7.1 Try again in 2h', 7_200_000],
    ['451 4.7.1 Try again in 9 hours', 14_400_000],
    ['451 4.7.1 Try again in 0 seconds', 1_000],
    ['451 4.7.1 Try again later', undefined],
    ['550 5.7.1 Try again in 5 minutes', undefined],
  ])('%s', (text, expected) => {
    expect(refusalMeaning(said(text), 'recipient').retryAfter).toBe(expected)
  })

  test('552 by itself is a full mailbox', () => {
    const bare = (text: string) =>
      refusalMeaning({ code: 552, enhanced: undefined, lines: [text] }, 'recipient')
    expect(bare('Aborted')).toEqual({ cause: 'mailbox-full', concerns: 'recipient' })
    expect(bare('Message too large')).toEqual({ concerns: 'recipient' })
  })

  test('a hostile text costs no time', () => {
    const lines = Array.from({ length: 50 }, () => 'exceeded mailbox '.repeat(28).trim())
    expect(refusalMeaning({ code: 450, enhanced: '4.0.0', lines }, 'mail').concerns).toBeDefined()
  })
})

test.each([
  [{ code: 452, enhanced: '4.5.3', lines: ['No more'] }, true],
  [{ code: 552, enhanced: undefined, lines: ['Too many recipients'] }, true],
  [{ code: 552, enhanced: '5.2.2', lines: ['Mailbox full; too many recipients have it'] }, false],
  [{ code: 550, enhanced: '5.5.3', lines: ['Too many recipients'] }, false],
] as const)('%j: too many recipients: %s', (answer, isMore) => {
  expect(isTooManyRecipients(answer)).toBe(isMore)
})
