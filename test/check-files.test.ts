import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PluginInstance } from 'mailwright'
import accountsFile from 'mailwright/plugins/accounts-file'
import acme from 'mailwright/plugins/acme'
import certificates from 'mailwright/plugins/certificates'
import database from 'mailwright/plugins/database'
import pickup from 'mailwright/plugins/pickup'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'
import srs from 'mailwright/plugins/srs'
import transports from 'mailwright/plugins/transports'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { errorText } from '../core/errors.ts'
import { createHost } from '../core/host.ts'
import { createLog } from '../core/log.ts'
import { runCommand } from './support/command-line.ts'
import { temporaryProject } from './support/project.ts'

// `mailwright check` reads every file that a config names and the administrator writes, as a start would.

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-check-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function checked(...plugins: readonly PluginInstance[]): Promise<string> {
  const config = { hostname: 'mail.example.org', dataDir: folder, plugins }
  const host = createHost(config, { folder, log: createLog('silent') })
  return host.check().then(() => 'good', errorText)
}

const gone = '/nonexistent/mailwright/file'
const login = { host: 'smtp.provider.example', user: 'me' }
const mysql = { client: 'mysql' as const, hosts: [{ host: '127.0.0.1' }], user: 'mail', database: 'mail' }

test.each<[string, string, () => readonly PluginInstance[]]>([
  [
    'a password for a relay',
    'smtp-out found a fault in what it reads: relay.passwordFile',
    () => [smtpOut({ relay: { ...login, passwordFile: gone } })],
  ],
  [
    'authorities of other hosts',
    'smtp-out found a fault in what it reads',
    () => [smtpOut({ authorities: gone })],
  ],
  [
    'keys',
    'certificates found a fault in what it reads: files[0].key: cannot read',
    () => [certificates({ files: [{ key: gone, chain: gone }] })],
  ],
  [
    'the password of a database',
    `database found a fault in what it reads: the file ${gone} (passwordFile)`,
    () => [database({ ...mysql, passwordFile: gone })],
  ],
  [
    'the authority of a database',
    `database found a fault in what it reads: the file ${gone} (tls.ca)`,
    () => [database({ ...mysql, password: 'x', tls: { ca: gone, serverName: 'db.example.org' } })],
  ],
  ['a secret', 'srs found a fault in what it reads: there is no secret', () => [srs({ secretFile: gone })]],
  [
    'authorities of clients',
    'smtp found a fault in what it reads: clientCertificateAuthorities',
    () => [
      queue(),
      certificates(),
      smtp({ role: 'transfer', port: 0, clientCertificates: 'ask', clientCertificateAuthorities: gone }),
    ],
  ],
  [
    'authorities of LMTP servers',
    'transports found a fault in what it reads',
    () => [transports({ map: { 'a.example': 'lmtp:unix:/run/lmtp' }, lmtp: { authorities: gone } })],
  ],
  [
    'the authority of an authority',
    'acme found a fault in what it reads: directoryCa: cannot read',
    () => [acme({ agreeToTerms: true, certificates: [{ names: ['mx.example.org'] }], directoryCa: gone })],
  ],
  [
    'an authority that is no certificate',
    'acme found a fault in what it reads: directoryCa: /etc/passwd holds no certificate',
    () => [
      acme({ agreeToTerms: true, certificates: [{ names: ['mx.example.org'] }], directoryCa: '/etc/passwd' }),
    ],
  ],
  [
    'recipients of a backup MX',
    `relay found a fault in what it reads: cannot read ${gone}`,
    () => [relay({ backupMxFor: ['example.net'], backupRecipients: gone })],
  ],
  [
    'the user of a program',
    'transports found a fault in what it reads: there is no user mailwright-nobody',
    () => [
      transports({
        map: { 'a.example': 'tickets:' },
        pipes: { tickets: { command: ['/bin/cat'], user: 'mailwright-nobody' } },
      }),
    ],
  ],
  [
    'a group',
    'pickup found a fault in what it reads: group: there is no group mailwright-nobody',
    () => [pickup({ group: 'mailwright-nobody' })],
  ],
  [
    'accounts',
    `accounts-file found a fault in what it reads: the accounts file ${gone} cannot be read`,
    () => [accountsFile({ file: gone, create: false })],
  ],
])('%s', async (_what, problem, plugins) => {
  expect(await checked(...plugins())).toContain(problem)
  // Nothing is made.
  expect(await readdir(folder)).toEqual([])
})

test('a file of accounts with a fault', async () => {
  await writeFile(join(folder, 'accounts.yaml'), 'accounts: 5\n')
  expect(await checked(accountsFile({ file: join(folder, 'accounts.yaml') }))).toMatch(
    /^accounts-file found a fault in what it reads: the accounts file .*accounts\.yaml: /,
  )
})

test('what the environment or a first start will bring is no fault', async () => {
  const passwordEnv = 'MAILWRIGHT_NO_SUCH_VARIABLE'
  const first = [
    certificates(),
    srs(),
    accountsFile({ file: join(folder, 'accounts.yaml'), create: true }),
    pickup(),
  ]
  const plugins = [...first, smtpOut({ relay: { ...login, passwordEnv } })]
  expect(await checked(database({ ...mysql, passwordEnv }), ...plugins)).toBe('good')
  expect(await readdir(folder)).toEqual([])
})

test('what a unit hands over, and a role that no listener has, are warnings of the command', async () => {
  const key = '/run/credentials/mailwright-nobody.service/mail.key'
  await using project = await temporaryProject({
    'mailwright.config.ts': `
      import certificates from 'mailwright/plugins/certificates'
      import guard from 'mailwright/plugins/guard'
      const files = [{ key: '${key}', chain: '${key}' }]
      export default { plugins: [certificates({ files }), guard({ roles: ['mail-cuont'] })] }`,
  })
  const { out, exitCode } = await runCommand(project.folder, ['check', '--json'])
  expect((JSON.parse(out) as { warnings: readonly string[] }).warnings).toEqual([
    expect.stringContaining(`cannot read ${key}: there is no such file`),
    'guard: `roles`: no listener has the role "mail-cuont"',
  ])
  expect(exitCode).toBe(0)
})

test('and hides no other fault of the same plugin', async () => {
  const key = '/run/credentials/mailwright-nobody.service/mail.key'
  const files = [
    { key, chain: gone },
    { key: `${gone}.2`, chain: key },
  ]
  const told = await checked(certificates({ files }))
  for (const path of [key, gone, `${gone}.2`])
    expect(told).toContain(`cannot read ${path}: there is no such file`)
  await using project = await temporaryProject({
    'mailwright.config.ts': `
      import certificates from 'mailwright/plugins/certificates'
      export default { plugins: [certificates({ files: ${JSON.stringify(files)} })] }`,
  })
  expect(await runCommand(project.folder, ['check'])).toMatchObject({ exitCode: 'MAIL_E_START' })
})
