import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { expectCode } from '../testing/contracts/expectations.ts'
import { readSaltKey } from './salt-key.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailwright-salt-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('makes one key, whoever comes first, which only its owner can read', async () => {
  const file = join(folder, 'data', 'salts.key')
  const keys = await Promise.all(Array.from({ length: 20 }, () => readSaltKey(file)))
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1)
  expect(keys[0]).toHaveLength(32)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readdirSync(join(folder, 'data'))).toEqual(['salts.key'])
  expect(await readSaltKey(file)).toEqual(readFileSync(file))
})

it('takes nothing else for a key', async () => {
  const file = join(folder, 'salts.key')
  writeFileSync(file, 'short')
  await expectCode(readSaltKey(file), 'MAIL_E_UNAVAILABLE')
  await expectCode(readSaltKey(join(file, 'x')), 'MAIL_E_UNAVAILABLE')
  await expectCode(readSaltKey(folder), 'MAIL_E_UNAVAILABLE')
})
