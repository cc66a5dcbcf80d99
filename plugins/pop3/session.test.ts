import certificates from 'mailwright/plugins/certificates'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import { createTestHost, runDialogue } from 'mailwright/testing'
import { expect, test } from 'vitest'
import pop3 from './index.ts'

// The dialogues of faults, floods and time are in test/scenarios/pop3-*.test.ts.

const jo = { address: 'jo@example.org', password: 'a secret' }

function system() {
  const plugins = [memory({ accounts: [jo] }), localDelivery(), certificates(), pop3({ port: 2110 })]
  return createTestHost({ plugins })
}

test('a session from greeting to QUIT', async () => {
  await using host = await system()
  for (const text of ['first', 'second'])
    await host.send({ from: 'a@client.example', to: jo.address, data: `Subject: ${text}\n\n.\n${text}\n` })
  const connection = await host.connect('pop3')
  await runDialogue(
    `S: +OK mail.example.org POP3 server ready
C: USER jo@example.org
S: -ERR [SYS/PERM] No login in clear text, use STLS first
C: STLS
S: +OK Begin TLS
TLS
C: CAPA
S: +OK Capabilities
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: EXPIRE NEVER
S: USER
S: SASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN
S: UTF8 USER
S: LANG
S: IMPLEMENTATION Mailwright
S: .
C: USER jo@example.org
S: +OK
C: PASS a secret
S: +OK 2 messages (<re:\\d+> octets)
C: STAT
S: +OK 2 <re:\\d+>
C: UIDL
S: +OK 2 messages (<re:\\d+> octets)
S: 1 <re:\\d+\\.1>
S: 2 <re:\\d+\\.2>
S: .
C: TOP 1 1
S: +OK
S*: <re:.+>
S: 
S: ..
S: .
C: DELE 1
S: +OK Message 1 deleted
C: RETR 1
S: -ERR Message 1 is deleted
C: RETR 2
S: +OK <re:\\d+> octets
S*: <re:.+>
S: 
S: ..
S: second
S: .
C: QUIT
S: +OK Bye
S[end]`,
    connection,
  )
  const again = await host.connect('pop3')
  await runDialogue(
    `S: +OK <re:.*>
C: STLS
S: +OK Begin TLS
TLS
C: AUTH PLAIN
S: + 
C: ${Buffer.from('\0jo@example.org\0a secret').toString('base64')}
S: +OK 1 messages (<re:\\d+> octets)
C: UIDL 1
S: +OK 1 <re:\\d+\\.2>
C: QUIT
S: +OK Bye
S[end]`,
    again,
  )
  const verbs = (await host.history()).map(({ verb }) => verb)
  expect(verbs).toEqual(expect.arrayContaining(['secured', 'logged-in', 'opened', 'closed']))
})
