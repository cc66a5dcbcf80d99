import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ImapClient } from '../support/imap-client.ts'
import { startImapDovecot } from '../support/imap-dovecot.ts'

test('try', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-imap-'))
  await using dovecot = await startImapDovecot(folder)
  const client = await ImapClient.open(dovecot.port, 'ann', dovecot.password, {onViolation: (e) => console.log('VIOLATION', e.message)})
  await client.command('CAPABILITY')
  await client.command('NAMESPACE')
  await client.command('ID NIL')
  await client.command('APPEND INBOX (\\Seen) ', Buffer.from('From: ann@example.org\r\nSubject: x\r\n\r\nhello\r\n'))
  await client.command('SELECT INBOX')
  await client.command('FETCH 1 (UID FLAGS ENVELOPE BODYSTRUCTURE BODY BODY[] INTERNALDATE RFC822.SIZE)')
  await client.command('LIST "" * RETURN (CHILDREN SUBSCRIBED STATUS (MESSAGES))')
  await client.command('GETQUOTAROOT INBOX')
  await client.command('MYRIGHTS INBOX')
  await client.command('GETACL INBOX')
  await client.command('UID SEARCH RETURN (MIN MAX COUNT ALL) ALL')
  await client.command('SORT (DATE) UTF-8 ALL')
  await client.command('THREAD REFS UTF-8 ALL')
  await client.compress()
  await client.command('NOOP')
  await client.logOut()
  const tls = await ImapClient.open(dovecot.tlsPort, 'ann', dovecot.password, {tls: true})
  await tls.logOut()
  const st = await ImapClient.connect(dovecot.port)
  await st.greeting()
  await st.startTls()
  await st.ok('CAPABILITY')
  await st.logOut()
  console.log(client.transcript.join('\n'))
  await rm(folder, { recursive: true, force: true })
  expect(1).toBe(1)
})
