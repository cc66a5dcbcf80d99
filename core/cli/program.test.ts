import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCommandLine } from './program.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-program-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A config of one plugin in plain JavaScript with these commands. */
async function withCommands(commands: string): Promise<void> {
  const definition = `{ name: 'p', parseOptions: () => ({}), setup: () => undefined, commands: () => [${commands}] }`
  const plugins = `[{ definition: ${definition}, options: {}, as: undefined }]`
  await writeFile(join(folder, 'mailwright.config.mjs'), `export default { plugins: ${plugins} }`)
}

async function run(...words: readonly string[]): Promise<string> {
  let said = ''
  const say = (text: string): void => {
    said += text
  }
  await runCommandLine(words, { output: { stdout: say, stderr: say }, stdin: Readable.from([]), folder })
  return said
}

const says = (name: string): string =>
  `{ name: '${name}', summary: '', beforeStart: true, run: async () => ({ json: ['${name}'], text: '${name}' }) }`

test.each([
  ['spam', 'spam list'],
  ['spam list', 'spam'],
])('%s and %s stand beside each other', async (one, other) => {
  await withCommands(`${says(one)}, ${says(other)}`)
  expect(await run('spam')).toBe('spam\n')
  expect(await run('spam', 'list')).toBe('spam list\n')
})

test('a group of the core gets more commands', async () => {
  await withCommands(says('user mail'))
  expect(await run('user', 'mail')).toBe('user mail\n')
})

test('what a command answers is named where it cannot be printed, and is JSON where it is nothing', async () => {
  await withCommands(`
    { name: 'odd', summary: '', beforeStart: true, run: async () => 5 },
    { name: 'dumb', summary: '', beforeStart: true, run: async () => ({ text: 'x' }) }`)
  await expect(run('odd', '--json')).rejects.toThrow('the command "odd" of p answered no { json, text }')
  expect(await run('dumb', '--json')).toBe('null\n')
})
