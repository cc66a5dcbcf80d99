import { expect, test } from 'vitest'
import { parseRecipientParameters } from './recipient-parameters.ts'

test.each([
  ['', {}],
  [' NOTIFY=never', { notify: ['NEVER'] }],
  [' NOTIFY=DELAY,success', { notify: ['SUCCESS', 'DELAY'] }],
  [' ORCPT=RFC822;jo+2Bx@example.org', { originalRecipient: 'rfc822;jo+x@example.org' }],
  [
    ' NOTIFY=FAILURE ORCPT=utf-8;j+C3+B6@example.org',
    { notify: ['FAILURE'], originalRecipient: 'utf-8;jö@example.org' },
  ],
])('%j is read', (text, value) => {
  expect(parseRecipientParameters(text, { dsn: true })).toEqual({ ok: true, value })
})

test.each([
  ' NOTIFY',
  ' NOTIFY=',
  ' NOTIFY=NEVER,DELAY',
  ' NOTIFY=SOMETIMES',
  ' NOTIFY=DELAY,',
  ' ORCPT',
  ' ORCPT=jo@example.org',
  ' ORCPT=rfc822;',
  ' ORCPT=rfc822;a+0Ab',
  ` ORCPT=rfc822;${'a'.repeat(500)}`,
])('%j is refused with 501', (text) => {
  expect(parseRecipientParameters(text, { dsn: true })).toMatchObject({ ok: false, reply: { code: 501 } })
})

test.each([' NOTIFY=NEVER', ' ORCPT=rfc822;a', ' FOO'])('%j where it was not offered', (text) => {
  expect(parseRecipientParameters(text, { dsn: false })).toMatchObject({ ok: false, reply: { code: 555 } })
})
