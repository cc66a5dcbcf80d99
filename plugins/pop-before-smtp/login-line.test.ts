import { describe, expect, test } from 'vitest'
import { readLoginLine } from './login-line.ts'

describe('Dovecot', () => {
  test.each([
    [
      'Nov 29 13:02:22 imap-login: Info: Login: user=<ann@example.org>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=13488, TLS, session=<645p52lhDON/AAAB>',
      { login: 'ann@example.org', address: '192.0.2.7', tls: true },
    ],
    [
      'Nov  9 13:02:22 mail dovecot: pop3-login: Login: user=<ann>, method=CRAM-MD5, rip=2001:db8::7, lip=2001:db8::1, mpid=8089, session=<Grq5kMgafeeSirDy>',
      { login: 'ann', address: '2001:db8::7', tls: false },
    ],
    [
      '2026-11-29T13:02:22.123456+01:00 mail dovecot[17]: imap-login: Info: Logged in: user=<ann>, method=XOAUTH2, rip=192.0.2.7, lip=192.0.2.1, TLS, session=<a+b/c=>',
      { login: 'ann', address: '192.0.2.7', tls: true },
    ],
    [
      '2026-11-29 13:02:22 imap-login: Info: Login: user=<jürgen=x@example.org>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=16183, TLS',
      { login: 'jürgen=x@example.org', address: '192.0.2.7', tls: true },
    ],
    [
      'Oct  2 14:46:56 mail dovecot: imap-login: Login: user=<ann>, method=PLAIN, rip=::1, lip=::1, mpid=4738, secured, session=<+f+AliMh4w>',
      { login: 'ann', address: '::1', tls: false },
    ],
  ])('%s', (line, expected) => expect(readLoginLine('dovecot', line)).toEqual(expected))

  // What Dovecot writes for a name with these characters in it, where it is told to let all characters through.
  const forged =
    'Nov 29 13:02:22 pop3-login: Info: Login: user=<ann>, method=plain, rip=1.2.3.4, lip=1.1.1.1, tls, session=<x>>, method=PLAIN, rip=127.0.0.5, lip=127.0.0.1, mpid=13500, session=<HtZr52lhRr5/AAAF>'
  const good =
    'imap-login: Info: Login: user=<ann>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1, mpid=1, TLS, session=<a>'

  test.each([
    forged,
    forged.replace('tls', 'TLS'),
    good,
    `Nov 29 13:02:22 mail postfix/smtpd[1]: ${good}`,
    `Nov 29 13:02:22 mail dovecot: imap(ann): ${good}`,
    `Nov 29 13:02:22 auth: Info: Nov 29 13:02:22 ${good}`,
    `Nov 29 13:02:22 ${good} `,
    `Nov 29 13:02:22 ${good}, x`,
    ` Nov 29 13:02:22 ${good}`,
    `Nov 29 13:02:22 ${good.replace('Login', 'Disconnected (auth failed, 1 attempts in 2 secs)')}`,
    `Nov 29 13:02:22 ${good.replace('Login', 'Aborted login')}`,
    `Nov 29 13:02:22 ${good.replace('<ann>', '<>')}`,
    `Nov 29 13:02:22 ${good.replace('<ann>', '<a b>')}`,
    `Nov 29 13:02:22 ${good.replace('<ann>', '<a\u0007b>')}`,
    `Nov 29 13:02:22 ${good.replace('192.0.2.7', '192.0.2.7 ')}`,
    `Nov 29 13:02:22 ${good.replace('192.0.2.7', 'x')}`,
    `Nov 29 13:02:22 ${good.replace('<ann>', `<${'a'.repeat(321)}>`)}`,
    `Nov 29 13:02:22 ${good}\nNov 29 13:02:22 ${good}`,
    '',
  ])('says nothing: %s', (line) => expect(readLoginLine('dovecot', line)).toBeUndefined())
})

describe('Courier', () => {
  test.each([
    [
      'Mar 27 15:07:15 debian imapd: LOGIN, user=ann, ip=[::ffff:192.0.2.7], protocol=IMAP',
      { login: 'ann', address: '::ffff:192.0.2.7', tls: false },
    ],
    [
      'May 19 00:20:34 mail imapd-ssl[17]: LOGIN, user=ann@example.org, ip=[2001:db8::7], port=[58833], protocol=IMAP',
      { login: 'ann@example.org', address: '2001:db8::7', tls: true },
    ],
    [
      '2026-05-19T00:20:34+00:00 mail pop3d-ssl: INFO: LOGIN, user=ann, ip=[::ffff:192.0.2.7], port=[4242]',
      { login: 'ann', address: '::ffff:192.0.2.7', tls: true },
    ],
  ])('%s', (line, expected) => expect(readLoginLine('courier', line)).toEqual(expected))

  test.each([
    // What Courier writes for such a name.
    'May 19 00:20:34 mail pop3d: LOGIN, user=ann, ip=[1.2.3.4], protocol=IMAP, ip=[::ffff:192.0.2.7], port=[0]',
    'May 19 00:20:34 mail imapd: LOGIN FAILED, user=ann, ip=[::ffff:192.0.2.7]',
    'May 19 00:20:34 mail imapd: LOGOUT, user=ann, ip=[::ffff:192.0.2.7], headers=0, body=0',
    'May 19 00:20:34 mail imapd: LOGIN, user=, ip=[::ffff:192.0.2.7]',
    'May 19 00:20:34 mail sshd: LOGIN, user=ann, ip=[::ffff:192.0.2.7]',
    'imapd: LOGIN, user=ann, ip=[::ffff:192.0.2.7]',
    'May 19 00:20:34 mail sshd[1]: error: x imapd: LOGIN, user=ann, ip=[::ffff:192.0.2.7]',
  ])('says nothing: %s', (line) => expect(readLoginLine('courier', line)).toBeUndefined())

  test('does not take a line of Dovecot', () => {
    const line =
      'Nov 29 13:02:22 imap-login: Info: Login: user=<a>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1'
    expect(readLoginLine('courier', line)).toBeUndefined()
  })
})

test('hostile lines cost linear time', () => {
  for (const piece of [
    'a',
    '<',
    'user=<',
    ', ',
    '1.',
    ':',
    'Login: user=<a>, method=PLAIN, rip=1.1.1.1, lip=',
  ])
    for (const format of ['dovecot', 'courier'] as const)
      expect(readLoginLine(format, `Nov 29 13:02:22 ${piece.repeat(100_000)}`)).toBeUndefined()
})
