import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { codeBlocks } from './support/markdown.ts'
import { projectFolder, readText } from './support/project-files.ts'

// The accounts back end of docs/writing-an-accounts-backend.md as it stands there: its test is run as a part of this one.

// Within the project, so that its packages are found; a folder that nothing else looks into.
const parent = join(projectFolder, 'coverage')
await mkdir(parent, { recursive: true })
const folder = await mkdtemp(join(parent, 'accounts-backend-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const files = codeBlocks(readText('docs/writing-an-accounts-backend.md')).flatMap(({ code }) => {
  const path = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1]
  return path === undefined ? [] : [{ path: join(folder, path), code }]
})
for (const { path, code } of files) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, code)
}
for (const { path } of files.filter(({ path: each }) => each.endsWith('.test.ts'))) await import(path)

test('the document has a back end and its test', () => {
  expect(files.map(({ path }) => path.slice(folder.length + 1))).toEqual([
    'http-accounts/index.ts',
    'http-accounts/index.test.ts',
    'http-accounts/sending-limits.ts',
    'http-accounts/sending-limits.test.ts',
  ])
})
