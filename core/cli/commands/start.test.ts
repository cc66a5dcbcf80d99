import { expect, test } from 'vitest'
import { tryIt } from './start.ts'

const first = { address: 'jo@here.example', password: 'secret' }

test.each([
  ['imap', false, "'imap://127.0.0.1:1143/INBOX;MAILINDEX=1'"],
  ['imap', true, "'imaps://127.0.0.1:1143/INBOX;MAILINDEX=1'"],
  ['pop3', false, 'pop3://127.0.0.1:1143/1'],
  ['pop3', true, 'pop3s://127.0.0.1:1143/1'],
] as const)('the first mail is read by %s, under TLS from the first octet: %s', (role, implicitTls, url) => {
  const listener = { plugin: role, role, host: '127.0.0.1', port: 1143, implicitTls }
  expect(tryIt(first, [listener]).at(-1)).toBe(
    `  read  curl -k --ssl-reqd --user 'jo@here.example:secret' ${url}`,
  )
})
