import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryProject } from './support/project.ts'
import { projectFolder, readText } from './support/project-files.ts'
import { type Finished, runProcess } from './support/run-process.ts'

// One folder a fault. expected.txt is the whole of standard error, with <folder> for the config's own folder and
// <project> for the project's.
const faults = readdirSync(join(projectFolder, 'test/bad-configs'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
const launcher = join(projectFolder, 'core/cli/launch.mjs')

let empty: string
beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'mailwright-no-config-'))
})
afterAll(() => rm(empty, { recursive: true, force: true }))

function mailwright(words: readonly string[], folder: string): Promise<Finished> {
  return runProcess(process.execPath, [launcher, ...words], { folder })
}

function configOf(fault: string): string {
  return join(projectFolder, 'test/bad-configs', fault, 'mailwright.config.ts')
}

describe.concurrent('a config with a fault', () => {
  test.for(faults)('%s', async (fault, { expect }) => {
    const { code, stdout, stderr } = await mailwright(['check', '--config', configOf(fault)], empty)
    const message = stderr
      .replaceAll(join(projectFolder, 'test/bad-configs', fault), '<folder>')
      .replaceAll(projectFolder, '<project>')
    expect(message).toBe(readText(`test/bad-configs/${fault}/expected.txt`))
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })
})

test('start tells the same faults as check and opens nothing', async () => {
  const { code, stdout, stderr } = await mailwright(['start', '--config', configOf('several-faults')], empty)
  expect(stderr).toBe(readText('test/bad-configs/several-faults/expected.txt'))
  expect(stdout).toBe('')
  expect(code).toBe(1)
})

test('--json gives the faults as data', async () => {
  const { code, stderr } = await mailwright(
    ['check', '--json', '--config', configOf('unknown-option')],
    empty,
  )
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'MAIL_E_CONFIG',
      message: 'plugins[1] (pop3).prot: is not an option here (did you mean "port"?)',
      faults: [
        {
          path: 'plugins[1] (pop3).prot',
          problem: 'is not an option here',
          suggestion: 'did you mean "port"?',
        },
      ],
    },
  })
  expect(code).toBe(1)
})

test('a config file that is not there is wrong use', async () => {
  const file = join(empty, 'other.config.ts')
  const { code, stderr } = await mailwright(['check', '--config', file], empty)
  expect(stderr).toBe(`mailwright: there is no config file ${file} [MAIL_E_CONFIG_NOT_FOUND]\n`)
  expect(code).toBe(2)
})

test('no config here and above is wrong use', async () => {
  const { code, stderr } = await mailwright(['check'], empty)
  expect(stderr).toBe(
    `mailwright: no mailwright.config.{ts,mts,js,mjs,cjs} in ${empty} or above it; name one with --config [MAIL_E_CONFIG_NOT_FOUND]\n`,
  )
  expect(code).toBe(2)
})

describe.concurrent('a config that package.json makes no module of', () => {
  test.for([
    ['import.ts', "import 'node:fs'\nexport default { plugins: [] }", 'import.mts'],
    ['import.js', "\nimport 'node:fs'\nexport default { plugins: [] }", 'import.mjs'],
    ['export.ts', 'export default { plugins: [] }', 'export.mts'],
  ] as const)('%s: the message says what to do', async ([name, text, better], { expect }) => {
    await using project = await temporaryProject({
      [`below/${name}`]: text,
      [`below/${better}`]: text,
      'below/typo.ts': 'export defualt {}',
      'below/package.json': '{ "type": "commonjs" }',
    })
    const told = async (file: string) =>
      (await mailwright(['check', '--config', join(project.folder, 'below', file)], empty)).stderr
    expect(await told(name)).toContain(
      `; its package.json says "type": "commonjs": make that "type": "module" there, or name the file ${better} [`,
    )
    expect(await told(better)).toContain('plugins: is empty')
    expect(await told('typo.ts')).not.toContain('"type": "commonjs"')
  })
})
