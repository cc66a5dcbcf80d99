import { expect, test } from 'vitest'
import { startImapTest } from '../../../../test/support/imap/imap-session.ts'

test('a channel binding that is not there is a failed login, and no mistake of the client (RFC 5802 §6)', async () => {
  await using system = await startImapTest()
  const client = await system.connect()
  await client.ok('UNAUTHENTICATE')
  const first = Buffer.from('p=tls-unique,,n=tim@example.org,r=abc').toString('base64')
  const { tagged } = await client.command(`AUTHENTICATE SCRAM-SHA-256 ${first}`)
  expect(tagged).toBe('NO [AUTHENTICATIONFAILED] Wrong login or password')
})
