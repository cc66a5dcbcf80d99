import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorCode, errorText } from 'mailwright'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readPassword } from './password.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-password-'))
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe('readPassword', () => {
  it('takes a text as it is', async () => {
    expect(await readPassword(undefined)).toBeUndefined()
    expect(await readPassword({ kind: 'text', text: ' with spaces \n' })).toBe(' with spaces \n')
  })

  it('takes a file without its last line break, as it is now', async () => {
    const path = join(folder, 'password')
    writeFileSync(path, 'old secret \r\n')
    expect(await readPassword({ kind: 'file', path })).toBe('old secret ')
    writeFileSync(path, 'new\n\n')
    expect(await readPassword({ kind: 'file', path })).toBe('new\n')
  })

  it('takes a variable of the environment as it is now', async () => {
    vi.stubEnv('TEST_PASSWORD', 'one')
    expect(await readPassword({ kind: 'environment', name: 'TEST_PASSWORD' })).toBe('one')
    vi.stubEnv('TEST_PASSWORD', 'two')
    expect(await readPassword({ kind: 'environment', name: 'TEST_PASSWORD' })).toBe('two')
  })

  it.each([
    [{ kind: 'environment', name: 'TEST_NOT_SET' } as const, 'TEST_NOT_SET'],
    [{ kind: 'file', path: '/nowhere/password' } as const, '/nowhere/password'],
    [{ kind: 'file', path: '/dev/null' } as const, 'is empty'],
  ])('says what is missing: %j', async (source, text) => {
    const error = await readPassword(source).catch((caught) => caught)
    expect(errorCode(error)).toBe('MAIL_E_START')
    expect(errorText(error)).toContain(text)
  })
})
