import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectFolder } from './project-files.ts'
import { runProcess } from './run-process.ts'

const matrix = (...words: readonly string[]) => {
  const main = join(projectFolder, 'test/crash/matrix/main.ts')
  return runProcess(process.execPath, ['--conditions=mailwright-source', main, ...words], {
    folder: projectFolder,
  })
}

test('--help tells every option', async () => {
  const { code, stdout, stderr } = await matrix('--help', '--nope')
  expect([code, stderr]).toEqual([0, ''])
  for (const option of ['--points=6', '--queue=…', '--only=…', '--seed=1', '--write'])
    expect(stdout).toContain(`\n  ${option} `)
})

test.each([
  ['--nope', "Unknown option '--nope'"],
  ['word', "Unexpected argument 'word'"],
])('%s is told in a line', async (word, problem) => {
  const stderr = `${problem}; --help tells what there is\n`
  expect(await matrix(word)).toEqual({ code: 2, stdout: '', stderr })
})
