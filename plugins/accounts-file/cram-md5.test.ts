import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accounts, parseAddress } from 'mailwright'
import { createTestHost, loginByCramMd5, type TestHost } from 'mailwright/testing'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { faultsOf } from '../../test/support/config-faults.ts'
import accountsFile, { type AccountsFileInput } from './index.ts'
import { parseOptions } from './options.ts'

// What a provider with CRAM-MD5 must do is in the contract; here is where this one has what it needs.

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-accounts-file-cram-md5-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const file = () => join(folder, 'accounts')
const jo = parseAddress('jo@example.org') ?? { localPart: '', domain: '' }

function start(text: string, options: AccountsFileInput): Promise<TestHost> {
  writeFileSync(file(), text)
  return createTestHost({ plugins: [accountsFile({ file: file(), ...options })] })
}

// `doveadm pw -s CRAM-MD5 -p tanstaaftanstaaf`
const ofDovecot = '{CRAM-MD5}d06d4e1b26fccaa4b0b61801132340a354b21152711fb604ca3e035e7015116b'

it('verifies what Dovecot has kept for it, and what is in clear', async () => {
  const lines = `@example.org\njo@example.org:${ofDovecot}\nan@example.org:{PLAIN}in clear\n`
  await using host = await start(lines, { cramMd5: { offer: true } })
  const service = host.service(accounts)
  expect(service.supports.cramMd5).toBe(true)
  for (const [login, secret] of [
    ['jo@example.org', 'tanstaaftanstaaf'],
    ['an@example.org', 'in clear'],
  ] as const) {
    expect(await loginByCramMd5(service, login, secret)).toMatchObject({ ok: true })
    expect(await loginByCramMd5(service, login, 'wrong')).toEqual({ ok: false, reason: 'wrong-secret' })
    expect(await service.verify(login, secret, 'imap')).toMatchObject({ ok: true })
  }
})

it('keeps new passwords for it where it is told to, and warns of it', async () => {
  const lines = `@example.org\njo@example.org:${ofDovecot}\n`
  {
    await using off = await start(lines, {})
    const service = off.service(accounts)
    expect([service.supports.cramMd5, service.verifyCramMd5]).toEqual([false, undefined])
    await service.administration?.setPassword(jo, 'new')
    expect(readFileSync(file(), 'utf8')).toContain('jo@example.org:$argon2id$')
  }
  {
    await using keeping = await start(lines, { cramMd5: {} })
    const service = keeping.service(accounts)
    expect([service.supports.cramMd5, service.verifyCramMd5]).toEqual([false, undefined])
    await service.administration?.setPassword(jo, 'new')
    expect(readFileSync(file(), 'utf8')).toMatch(/^jo@example\.org:\{CRAM-MD5\}[0-9a-f]{64}$/m)
    expect(keeping.log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { event: 'starting', text: expect.stringContaining('kept for CRAM-MD5, which is not offered') },
    ])
  }
  await using offering = await start(readFileSync(file(), 'utf8'), { cramMd5: { offer: true } })
  expect(await loginByCramMd5(offering.service(accounts), 'jo@example.org', 'new')).toMatchObject({
    ok: true,
  })
  const warnings = offering.log.lines.filter(({ level }) => level === 'warn')
  expect(warnings).toMatchObject([
    { event: 'starting', text: expect.stringContaining('CRAM-MD5 is offered') },
  ])
})

it('keeps a password in one form: not for SCRAM as well', () => {
  expect(faultsOf(parseOptions, { scram: {}, cramMd5: {} })).toEqual([
    'cramMd5: cannot stand beside `scram`: a password is kept in one form',
  ])
})
