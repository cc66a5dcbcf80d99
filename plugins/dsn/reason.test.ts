import { reply, type TroubleCause } from 'mailwright'
import { expect, test } from 'vitest'
import { type Reason, reasonFor, reasonOf } from './reason.ts'

test.each<[number, string | undefined, string, Reason]>([
  [550, '5.1.1', 'x', 'noSuchAddress'],
  [550, '5.1.2', 'x', 'noSuchDomain'],
  [550, '5.4.4', 'x', 'noSuchDomain'],
  [452, '4.2.2', 'x', 'mailboxFull'],
  [550, '5.2.1', 'x', 'mailboxDisabled'],
  [552, '5.3.4', 'x', 'tooLarge'],
  [452, '4.3.1', 'x', 'systemTrouble'],
  [451, '4.4.1', 'x', 'notReached'],
  [451, '4.4.2', 'x', 'notReached'],
  [554, '5.4.6', 'x', 'loop'],
  [554, '5.4.7', 'x', 'expired'],
  [554, '5.6.0', 'x', 'unfitContent'],
  [553, '5.6.7', 'x', 'notInternational'],
  [554, '5.7.1', 'Spam', 'policy'],
  [554, '5.7.1', 'User unknown', 'noSuchAddress'],
  [550, '5.7.26', 'Unauthenticated', 'notAuthenticated'],
  [550, '5.7.30', 'REQUIRETLS', 'insecure'],
  [550, undefined, 'No such user here', 'noSuchAddress'],
  [552, undefined, 'x', 'mailboxFull'],
  [552, undefined, 'Too many recipients', 'tooManyRecipients'],
  [550, '5.0.0', 'Mailbox quota has been exceeded', 'mailboxFull'],
  [421, undefined, 'x', 'notReached'],
  [554, '5.0.0', 'Transaction failed', 'other'],
  [554, '5.99.9', 'x', 'other'],
  [550, undefined, 'x', 'other'],
  [552, undefined, 'message size exceeds limit', 'tooLarge'],
  [552, undefined, 'Message too large', 'tooLarge'],
  [552, undefined, 'Mailbox size limit exceeded', 'mailboxFull'],
  [552, '5.7.0', 'This message was blocked because of its content', 'policy'],
  [550, '5.7.1', 'Your sending quota exceeded', 'policy'],
  [550, '5.1.0', '<s@x.example>: Sender address rejected: User unknown', 'senderRefused'],
  [550, undefined, '<s@x.example>: Sender address rejected: User unknown', 'senderRefused'],
  [550, undefined, 'Client address unknown', 'other'],
])('%i %s %s: %s', (code, enhanced, text, expected) => {
  expect(reasonOf(reply(code, enhanced, text))).toBe(expected)
})

test('a limit is our own where no other host is concerned', () => {
  const tooLarge = reply(552, '5.3.4', 'Too large')
  expect(reasonFor({ reply: tooLarge })).toBe('tooLargeHere')
  expect(reasonFor({ reply: tooLarge, remoteHost: 'mx.example.net' })).toBe('tooLarge')
})

test('what the postmaster gave up is no refusal', () => {
  const givenUp = reply(550, '5.0.0', 'The postmaster has given it up')
  expect(reasonFor({ reply: givenUp, cause: 'given-up' })).toBe('givenUp')
  expect(reasonFor({ reply: givenUp, cause: 'policy' })).toBe('other')
})

test.each<[number, string, string, TroubleCause, Reason]>([
  [451, '4.7.1', 'Greylisted, please try again in 300 seconds', 'greylisted', 'greylisted'],
  [421, '4.7.28', 'Unusual rate of mail', 'rate-limited', 'rateLimited'],
  [556, '5.1.10', 'The domain takes no mail (null MX)', 'no-mail', 'noMail'],
  [550, '5.7.1', 'That mailbox is not here', 'no-such-address', 'noSuchAddress'],
  [550, '5.1.2', 'x', 'no-such-address', 'noSuchDomain'],
  [550, '5.2.1', 'x', 'no-such-address', 'mailboxDisabled'],
  [450, '4.7.1', 'Your account has exceeded its storage', 'mailbox-full', 'mailboxFull'],
  [554, '5.7.1', 'Spam', 'policy', 'policy'],
])('%i %s %s, known as %s: %s', (code, enhanced, text, cause, expected) => {
  expect(reasonFor({ reply: reply(code, enhanced, text), cause })).toBe(expected)
})
