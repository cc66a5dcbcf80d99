import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from 'mailwright/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ChallengeFiles } from './challenge-files.ts'

const challenge = { name: 'mx.example.org', token: 'a-Token_1', keyAuthorization: 'a-Token_1.thumbprint' }
let folder: string
let webroot: string
let challenges: ChallengeFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-challenges-'))
  webroot = join(folder, 'web')
  challenges = new ChallengeFiles(folder, 'http-01', webroot, fakeClock())
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function mode(...path: readonly string[]): Promise<number> {
  return (await stat(join(...path))).mode & 0o777
}

test('whatever the umask is, a web server can read what is there for it', async () => {
  const before = process.umask(0o077)
  try {
    const undo = await challenges.prepare(challenge)
    for (const part of ['.', '.well-known', '.well-known/acme-challenge'])
      expect(await mode(webroot, part)).toBe(0o755)
    expect(await mode(webroot, '.well-known/acme-challenge', challenge.token)).toBe(0o644)
    expect(await mode(folder, 'challenges')).toBe(0o700)
    await undo()
    expect(await readdir(join(folder, 'challenges'))).toEqual([])
  } finally {
    process.umask(before)
  }
})

test('folders of ours through which nobody else gets are opened, and no others', async () => {
  const shared = join(webroot, '.well-known/acme-challenge')
  await mkdir(shared, { recursive: true })
  for (const each of [webroot, join(webroot, '.well-known'), shared]) await chmod(each, 0o700)
  await challenges.prepare(challenge)
  expect(await mode(webroot)).toBe(0o700)
  for (const each of ['.well-known', '.well-known/acme-challenge'])
    expect(await mode(webroot, each)).toBe(0o755)
  await chmod(shared, 0o711)
  await challenges.prepare(challenge)
  expect(await mode(shared)).toBe(0o711)
})

test('a process that died leaves nothing of its own in the webroot, and what is of others stays', async () => {
  await challenges.prepare(challenge)
  const shared = join(webroot, '.well-known/acme-challenge')
  await writeFile(join(shared, 'another-token'), 'of another client')
  await writeFile(join(shared, `${challenge.token}.${randomUUID()}`), 'in the middle of writing')
  await new ChallengeFiles(folder, 'http-01', webroot, fakeClock()).clear()
  expect(await readdir(shared)).toEqual(['another-token'])
  expect(await readdir(join(folder, 'challenges'))).toEqual([])
})
