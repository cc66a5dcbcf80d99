import type { LoginAttempt } from 'mailwright'
import { definePlugin, noOptions } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import imap from 'mailwright/plugins/imap'
import localDelivery from 'mailwright/plugins/local-delivery'
import memory from 'mailwright/plugins/memory'
import smtp from 'mailwright/plugins/smtp'
import { createTestHost, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { requirePeer } from '../support/peers/peers.ts'
import { type Finished, runProcess } from '../support/run-process.ts'

// GNU SASL has mechanisms, and channel bindings by GnuTLS, that share no code with ours.

const gsasl = requirePeer('gsasl')
const login = 'jörg=x@example.org'
const password = 'pass wörd'

let host: TestHost
let attempts: LoginAttempt[]

beforeEach(async () => {
  attempts = []
  const watcher = definePlugin({
    name: 'watcher',
    parseOptions: noOptions,
    setup: ({ hooks }) =>
      void hooks.connection.checkLogin.tap('see', async (_, attempt) => void attempts.push(attempt)),
  })
  host = await createTestHost({
    sockets: true,
    plugins: [
      memory({ accounts: [{ address: login, password }] }),
      certificates(),
      watcher(),
      imap({ port: 0 }),
      localDelivery(),
      smtp({ role: 'submission', port: 0 }),
    ],
  })
})

afterEach(() => host.stop())

type Protocol = 'imap' | 'smtp'

function logIn(
  protocol: Protocol,
  mechanism: string,
  secret: string,
  ...words: readonly string[]
): Promise<Finished> {
  const port = host.listeners.find(({ plugin }) => plugin === protocol)?.port
  return runProcess(
    'gsasl',
    [
      `--${protocol}`,
      '--starttls',
      // Any certificate will do.
      '--x509-ca-file=',
      `--mechanism=${mechanism}`,
      `--authentication-id=${login}`,
      `--password=${secret}`,
      `--connect=127.0.0.1:${port}`,
      ...words,
    ],
    { folder: host.dataDir, env: { LC_ALL: 'C.UTF-8' } },
  )
}

describe.runIf(gsasl.available).each([
  ['imap', '[AUTHENTICATIONFAILED]'],
  ['smtp', '535 5.7.8'],
] as const)(`${gsasl.title}, %s`, (protocol, refusal) => {
  test.each([
    ['SCRAM-SHA-256-PLUS', 'by tls-exporter', '--priority=NORMAL:-VERS-ALL:+VERS-TLS1.3'],
    ['SCRAM-SHA-256-PLUS', 'by tls-unique', '--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2'],
    ['SCRAM-SHA-256', 'without a binding', '--no-cb'],
    ['PLAIN', 'in one message', '--no-cb'],
    ['LOGIN', 'in two', '--no-cb'],
  ])('%s %s', async (mechanism, _, option) => {
    const right = await logIn(protocol, mechanism, password, option)
    expect(right.stdout + right.stderr).toContain('Client authentication finished (server trusted)')
    expect(attempts).toEqual([{ mechanism, login }])
    expect((await logIn(protocol, mechanism, 'wrong', option)).stdout).toContain(refusal)
  })
})
