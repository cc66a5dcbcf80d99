import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SelfSigned } from './self-signed.ts'

const day = 24 * 60 * 60 * 1000
let folder: string

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'mailwright-tls-')), 'tls')
})

afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }))

test('is made once, for the host, and kept where only its owner can read it', async () => {
  const clock = fakeClock()
  const made = await new SelfSigned(folder, 'mx.example.org', clock).obtain()
  expect(made.isNew).toBe(true)
  for (const name of ['mx.example.org', 'localhost']) expect(made.pair.covers(name)).toBe(true)
  const certificate = new X509Certificate(made.pair.certificate.chain)
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.ca).toBe(false)
  expect(await readdir(folder)).toEqual(['self-signed.pem'])
  expect((await stat(join(folder, 'self-signed.pem'))).mode & 0o777).toBe(0o600)
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  const kept = await new SelfSigned(folder, 'mx.example.org', clock).obtain()
  expect(kept.isNew).toBe(false)
  expect(kept.pair.certificate).toEqual(made.pair.certificate)
})

test('several processes that start together keep and serve the same one', async () => {
  const clock = fakeClock()
  const obtained = await Promise.all(
    [1, 2, 3, 4].map(() => new SelfSigned(folder, 'mx.example.org', clock).obtain()),
  )
  expect(obtained.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(new Set(obtained.map(({ pair }) => pair.certificate.chain)).size).toBe(1)
  expect(await readdir(folder)).toEqual(['self-signed.pem'])
})

test('is made anew before it expires', async () => {
  const clock = fakeClock()
  const keys = new SelfSigned(folder, 'mx.example.org', clock)
  const { pair } = await keys.obtain()
  clock.set(pair.validTo.getTime() - 31 * day)
  expect((await keys.obtain()).isNew).toBe(false)
  clock.set(pair.validTo.getTime() - 29 * day)
  const renewed = await keys.obtain()
  expect(renewed.isNew).toBe(true)
  expect(renewed.pair.validTo.getTime()).toBeGreaterThan(pair.validTo.getTime() + 300 * day)
})

test('is made anew for another name, and where the kept one is damaged', async () => {
  const clock = fakeClock()
  await new SelfSigned(folder, 'old.example.org', clock).obtain()
  const keys = new SelfSigned(folder, 'new.example.org', clock)
  expect((await keys.obtain()).isNew).toBe(true)
  const text = await readFile(keys.file, 'utf8')
  for (const damaged of ['', 'nonsense', text.slice(0, -100), text.slice(100)]) {
    await writeFile(keys.file, damaged)
    expect((await keys.obtain()).isNew).toBe(true)
  }
})

test('cannot be kept', async () => {
  await writeFile(join(folder, '..', 'tls'), 'a file where the folder should be')
  await chmod(join(folder, '..', 'tls'), 0o400)
  await expect(new SelfSigned(folder, 'mx.example.org', fakeClock()).obtain()).rejects.toMatchObject({
    code: 'MAIL_E_UNAVAILABLE',
  })
})
