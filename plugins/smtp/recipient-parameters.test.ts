import { expect, test } from 'vitest'
import { parseRecipientParameters } from './recipient-parameters.ts'

const offers = { dsn: true, smtpUtf8: false }

test.each([
  ['', {}],
  [' NOTIFY=never', { notify: ['NEVER'] }],
  [' NOTIFY=DELAY,success', { notify: ['SUCCESS', 'DELAY'] }],
  [' NOTIFY=SUCCESS,', { notify: ['SUCCESS'] }],
  [' ORCPT=RFC822;jo+2Bx@example.org', { originalRecipient: 'rfc822;jo+x@example.org' }],
  [' ORCPT=rfc822;a=b@x.example', { originalRecipient: 'rfc822;a=b@x.example' }],
  [' ORCPT=rfc822;a+3db@x.example', { originalRecipient: 'rfc822;a=b@x.example' }],
  [' ORCPT=x400;/C=de/', { originalRecipient: 'x400;/C=de/' }],
  [
    ' NOTIFY=FAILURE ORCPT=utf-8;j+C3+B6@example.org',
    { notify: ['FAILURE'], originalRecipient: 'utf-8;jö@example.org' },
  ],
])('%j is read', (text, value) => {
  expect(parseRecipientParameters(text, offers)).toEqual({ ok: true, value })
})

test.each([
  [' ORCPT=utf-8;é@ours.example', 'utf-8;é@ours.example'],
  [' ORCPT=UTF-8;jo+2Bé+C3+B6@bücher.example', 'utf-8;jo+éö@bücher.example'],
  [' ORCPT=utf-8;\\x{E9}𝔞@ours.example', 'utf-8;\\x{E9}𝔞@ours.example'],
])('%j is read in an internationalized message alone', (text, originalRecipient) => {
  const value = { originalRecipient }
  expect(parseRecipientParameters(text, { dsn: true, smtpUtf8: true })).toEqual({ ok: true, value })
  expect(parseRecipientParameters(text, offers)).toEqual({ ok: true, value: {}, isOrcptDropped: true })
})

test.each([
  ' ORCPT=rfc822;é@ours.example',
  ' ORCPT=utf-8;a+é1@ours.example',
  ' ORCPT=utf-8;é+C3@ours.example',
  ' ORCPT=utf-8;é\u2028@ours.example',
  ' ORCPT=rfc822;j+F6@x.example',
  ' ORCPT=rfc822;a+b@x.example',
  ' ORCPT=rfc822;a+0Ab',
  ' ORCPT=rfc822;',
  ` ORCPT=rfc822;${'a'.repeat(494)}`,
])('%j tells nothing and costs nothing', (text) => {
  const parsed = parseRecipientParameters(`${text} NOTIFY=NEVER`, { dsn: true, smtpUtf8: true })
  expect(parsed).toEqual({ ok: true, value: { notify: ['NEVER'] }, isOrcptDropped: true })
})

test.each([
  ' NOTIFY',
  ' NOTIFY=',
  ' NOTIFY=NEVER,DELAY',
  ' NOTIFY=SOMETIMES',
  ' NOTIFY=,',
  ' ORCPT',
  ' ORCPT=jo@example.org',
  ' ORCPT=;jo@example.org',
])('%j is refused with 501', (text) => {
  expect(parseRecipientParameters(text, offers)).toMatchObject({ ok: false, reply: { code: 501 } })
})

test.each([' NOTIFY=NEVER', ' ORCPT=rfc822;a', ' FOO'])('%j where it was not offered', (text) => {
  expect(parseRecipientParameters(text, { dsn: false, smtpUtf8: true })).toMatchObject({
    ok: false,
    reply: { code: 555 },
  })
})
