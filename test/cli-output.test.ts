import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TemporaryProject, temporaryProject } from './support/project.ts'
import { projectFolder } from './support/project-files.ts'
import { environment } from './support/run-process.ts'

// What a process does whose output nobody takes.

let project: TemporaryProject
let full: FileHandle

beforeAll(async () => {
  project = await temporaryProject()
  full = await open('/dev/full', 'w')
})

afterAll(async () => {
  await full.close()
  await project[Symbol.asyncDispose]()
})

const main = join(projectFolder, 'core/cli/main.ts')

function run(words: readonly string[], stdout: number | 'pipe', stderr: number | 'pipe') {
  return spawn(process.execPath, ['--conditions=mailwright-source', main, ...words], {
    cwd: project.folder,
    env: environment(),
    stdio: ['ignore', stdout, stderr],
  })
}

/** What it says on standard error, and how it ends. */
async function told(child: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, said }
}

test.each([
  [[], 'mailwright: standard output cannot be written: ENOSPC: no space left on device, write\n'],
  [
    ['--json'],
    '{"error":{"message":"standard output cannot be written: ENOSPC: no space left on device, write"}}\n',
  ],
])('a result that a full disk does not take is a failure: %j', async (words, said) => {
  const child = run([...words, '--help'], full.fd, 'pipe')
  expect(await told(child)).toEqual({ code: 1, said })
})

test('a reader who leaves early is none', async () => {
  const child = run(['--help'], 'pipe', 'pipe')
  child.stdout?.destroy()
  expect(await told(child)).toEqual({ code: 0, said: '' })
})

test('an error that cannot be told keeps its exit code', async () => {
  expect(await once(run(['no-such-command'], 'pipe', full.fd), 'exit')).toEqual([2, null])
  expect(await once(run(['check', '--config', 'none.ts'], 'pipe', full.fd), 'exit')).toEqual([2, null])
})

test('a warning of sendmail that nobody takes costs no message', async () => {
  const drop = join(project.folder, 'drop')
  await mkdir(drop)
  const main = join(projectFolder, 'core/cli/sendmail/main.ts')
  const words = ['sendmail', `--drop=${drop}`, '-N', 'bogus', 'me@here.example']
  const child = spawn(process.execPath, ['--conditions=mailwright-source', main, ...words], {
    cwd: project.folder,
    env: environment(),
    stdio: ['pipe', 'ignore', full.fd],
  })
  child.stdin?.on('error', () => undefined).end('Subject: x\n\n')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await readdir(drop)).toHaveLength(1)
})
