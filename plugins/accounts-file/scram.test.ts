import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Accounts, accounts, createLog, type PluginContext, parseAddress, systemClock } from 'mailwright'
import { loginByScram } from 'mailwright/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import accountsFile, { type AccountsFileInput } from './index.ts'

// What a provider with keys for SCRAM must do is in the contract; here is where this one has them.

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-accounts-file-scram-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function start(text: string, options: AccountsFileInput): Promise<Accounts> {
  writeFileSync(join(folder, 'accounts'), text)
  const provided: Accounts[] = []
  const context = {
    provide: (key: unknown, service: Accounts) => void (key === accounts && provided.push(service)),
    clock: systemClock,
    log: createLog('silent'),
    dataDir: folder,
  } as unknown as PluginContext
  const { definition, options: input } = accountsFile({ file: 'accounts', ...options })
  const lifecycle = definition.setup(context, definition.parseOptions(input)) ?? {}
  await lifecycle.start?.()
  const [service] = provided
  if (service === undefined) throw new Error('the service was not provided')
  return service
}

const jo = parseAddress('jo@example.org') ?? { localPart: '', domain: '' }
const offered = { scram: { offer: true, iterations: 4096 } } as const

// `doveadm pw -s SCRAM-SHA-256 -p secret`
const ofDovecot =
  '{SCRAM-SHA-256}4096,rowcJgsCglvKd07cgwZopQ==,bxK4+bTeYuN/ex8T5CsVq5B617BpDjPHwMto7R1Q47w=,2sVsDf4LCC6X0hHmadaIwS0/VBZTRtcuhFp2ZSgX4lw='

describe('keys for SCRAM in the password’s place', () => {
  it('of another program verify passwords, and clients where SCRAM is offered', async () => {
    const service = await start(`@example.org\njo@example.org:${ofDovecot}\n`, offered)
    expect(await loginByScram(service, 'jo@example.org', 'secret')).toMatchObject({ ok: true })
    expect(await loginByScram(service, 'jo@example.org', 'wrong')).toEqual({
      ok: false,
      reason: 'wrong-secret',
    })
    expect(await service.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: true })
    expect(await service.verify('jo@example.org', 'wrong', 'imap')).toMatchObject({ ok: false })
  })

  it('are made of new passwords where they are wanted, with the salt that there was', async () => {
    const service = await start(`@example.org\njo@example.org:${ofDovecot}\n`, offered)
    await service.administration?.setPassword(jo, 'new')
    expect(readFileSync(join(folder, 'accounts'), 'utf8')).toContain(
      '{SCRAM-SHA-256}4096,rowcJgsCglvKd07cgwZopQ==,',
    )
    expect(await loginByScram(service, 'jo@example.org', 'new')).toMatchObject({ ok: true })
    expect(await service.verify('jo@example.org', 'new', 'imap')).toMatchObject({ ok: true })
    expect(await service.verify('jo@example.org', 'secret', 'imap')).toMatchObject({ ok: false })
  })

  it('are not there, nor offered, where nobody asked for them', async () => {
    const service = await start(`@example.org\njo@example.org:${ofDovecot}\n`, {})
    expect([service.supports.scram, service.scramVerifier]).toEqual([false, undefined])
    await service.administration?.setPassword(jo, 'new')
    expect(readFileSync(join(folder, 'accounts'), 'utf8')).toContain('jo@example.org:$argon2id$')
  })

  it('may be made before SCRAM is offered', async () => {
    const service = await start('@example.org\njo@example.org:\n', { scram: { iterations: 5000 } })
    expect(service.supports.scram).toBe(false)
    await service.administration?.setPassword(jo, 'new')
    expect(readFileSync(join(folder, 'accounts'), 'utf8')).toContain('{SCRAM-SHA-256}5000,')
  })

  it('have as many iterations as the config says, within bounds', async () => {
    for (const iterations of [4095, 1_000_001, 'many'])
      await expect(start('@example.org\n', { scram: { iterations } } as AccountsFileInput)).rejects.toThrow(
        'scram.iterations',
      )
  })

  it('of app passwords stand beside their hashes', async () => {
    const text = JSON.stringify({
      domains: ['example.org'],
      accounts: [{ address: 'jo@example.org', password: ofDovecot }],
    })
    const service = await start(text, { ...offered, format: 'json' })
    const made = await service.administration?.addAppPassword(jo, { name: 'Phone', roles: ['imap'] })
    const { accounts: written } = JSON.parse(readFileSync(join(folder, 'accounts'), 'utf8'))
    expect(written[0].appPasswords[0].scram).toMatch(/^\{SCRAM-SHA-256\}4096,rowcJgsCglvKd07cgwZopQ==,/)
    const login = await loginByScram(service, 'jo@example.org', made?.secret ?? '')
    expect(login).toMatchObject({ ok: true, appPassword: 'Phone' })
  })
})
