import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorText } from 'mailwright'
import smtpOut, { type SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { createTestHost } from 'mailwright/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-passwords-'))
  await writeFile(join(folder, 'good'), 'secret\n')
  await writeFile(join(folder, 'empty'), '\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const at = (name: string) => ({
  host: 'smtp.provider.example',
  user: 'me',
  passwordFile: join(folder, name),
})

async function started(options: SmtpOutInput): Promise<string> {
  try {
    await (await createTestHost({ plugins: [smtpOut(options)] })).stop()
    return 'good'
  } catch (error) {
    return errorText(error)
  }
}

test('a server does not start without a password that it needs', async () => {
  expect(await started({ relay: at('gone') })).toContain(
    `smtp-out found a fault in what it reads: relay.passwordFile: the file ${join(folder, 'gone')} cannot be read: ENOENT`,
  )
  expect(await started({ relays: [{ from: ['@a.example'], direct: true }, at('empty')] })).toContain(
    'relays[1].passwordFile: there is nothing in the file',
  )
  const { passwordFile: _, ...login } = at('good')
  expect(
    await started({ fallbackRelays: [at('good'), { ...login, passwordEnv: 'MAILWRIGHT_NO_SUCH' }] }),
  ).toContain('fallbackRelays[1].passwordEnv: there is nothing in the variable MAILWRIGHT_NO_SUCH')
})

test('passwords that are there, in the config, and tokens that come later', async () => {
  expect(await started({ relay: at('good') })).toBe('good')
  const { passwordFile: tokenFile, ...login } = at('gone')
  expect(await started({ relay: { ...login, tokenFile } })).toBe('good')
  expect(await started({ relay: { ...login, password: 'secret' } })).toBe('good')
})
