import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from './config-file.ts'
import { originStack } from './error-stack.ts'
import { errorText } from './errors.ts'

let folder = ''

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'mailwright-config-')))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, text)
  return file
}

describe('loadConfig', () => {
  test('finds the config upwards', async () => {
    const file = await write('mailwright.config.mjs', "export default { hostname: 'a.example', plugins: [] }")
    await mkdir(join(folder, 'below/it'), { recursive: true })
    const loaded = await loadConfig(join(folder, 'below/it'))
    expect(loaded).toEqual({ config: { hostname: 'a.example', plugins: [] }, file, folder })
  })

  test('says that a file is empty, and looks for none above it', async () => {
    await write('mailwright.config.mjs', 'export default { plugins: [] }')
    const file = await write('below/mailwright.config.ts', ' \n')
    const empty = { code: 'MAIL_E_CONFIG_LOAD', message: `the config file ${file} is empty` }
    await expect(loadConfig(join(folder, 'below'))).rejects.toMatchObject(empty)
    await expect(loadConfig(folder, file)).rejects.toMatchObject(empty)
  })

  test.each(['config.json', 'config.yaml', 'config'])('says that %s is no module', async (name) => {
    const file = await write(name, '{}')
    await expect(loadConfig(folder, name)).rejects.toMatchObject({
      code: 'MAIL_E_CONFIG_LOAD',
      message: `the config file ${file} is no module: a config is code, in a file that ends in one of .ts, .mts, .js, .mjs, .cjs`,
    })
  })

  test.runIf(process.geteuid?.() === 0)('tells a folder that it may not look into from none', async () => {
    const file = await write('closed/mailwright.config.ts', 'export default { plugins: [] }')
    await mkdir(join(folder, 'closed/below'))
    await chmod(folder, 0o755)
    await chmod(join(folder, 'closed'), 0)
    process.seteuid?.(65_534)
    try {
      await expect(loadConfig(folder, file)).rejects.toMatchObject({
        code: 'MAIL_E_CONFIG_LOAD',
        message: `the config file ${file} cannot be read`,
      })
      await expect(loadConfig(join(folder, 'closed/below'))).rejects.toMatchObject({
        code: 'MAIL_E_CONFIG_NOT_FOUND',
        message: expect.stringContaining(
          `; ${join(folder, 'closed/below')} cannot be looked into (EACCES)`,
        ) as unknown,
      })
    } finally {
      process.seteuid?.(0)
    }
  })

  test('where a module that a config imports threw can be told', async () => {
    await write('plugin.mjs', 'const failing = () => { throw new TypeError("of the plugin") }\nfailing()')
    await write('mailwright.config.mjs', "import './plugin.mjs'\nexport default { plugins: [] }")
    const error = await loadConfig(folder).catch((thrown: unknown) => thrown)
    expect(originStack(error)?.[0]).toMatch(/^failing .*plugin\.mjs:1:/)
    expect(errorText(error)).toMatch(/^the config file .* failed: TypeError: of the plugin$/)
  })

  test('says that a file cannot be read, and looks for none above it', async () => {
    await write('mailwright.config.mjs', 'export default { plugins: [] }')
    const file = await write('below/mailwright.config.ts', 'export default { plugins: [] }')
    await chmod(folder, 0o755)
    await chmod(file, 0)
    const unreadable = { code: 'MAIL_E_CONFIG_LOAD', message: `the config file ${file} cannot be read` }
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      await expect(loadConfig(join(folder, 'below'))).rejects.toMatchObject(unreadable)
      await expect(loadConfig(folder, file)).rejects.toMatchObject(unreadable)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  test('takes TypeScript and CommonJS', async () => {
    const typed = await write(
      'a.ts',
      "const hostname: string = 'ts.example'\nexport default { hostname, plugins: [] }",
    )
    const common = await write('b.cjs', "module.exports = { hostname: 'cjs.example', plugins: [] }")
    expect((await loadConfig(folder, typed)).config.hostname).toBe('ts.example')
    expect((await loadConfig(folder, common)).config.hostname).toBe('cjs.example')
  })

  test('sees what was edited since the last time', async () => {
    const file = await write('c.mjs', "export default { hostname: 'one.example', plugins: [] }")
    expect((await loadConfig(folder, 'c.mjs')).config.hostname).toBe('one.example')
    await writeFile(file, "export default { hostname: 'two.example', plugins: [] }")
    expect((await loadConfig(folder, 'c.mjs')).config.hostname).toBe('two.example')
  })

  test('the example is only taken where there is no config', async () => {
    await write('config.example.ts', "export default { hostname: 'example.example', plugins: [] }")
    expect((await loadConfig(folder)).config.hostname).toBe('example.example')
    await write('mailwright.config.ts', "export default { hostname: 'own.example', plugins: [] }")
    expect((await loadConfig(folder)).config.hostname).toBe('own.example')
  })

  test('says which files it looked for', async () => {
    await expect(loadConfig(folder)).rejects.toMatchObject({ code: 'MAIL_E_CONFIG_NOT_FOUND' })
    await expect(loadConfig(folder, 'not-there.ts')).rejects.toMatchObject({
      code: 'MAIL_E_CONFIG_NOT_FOUND',
      message: `there is no config file ${join(folder, 'not-there.ts')}`,
    })
  })

  test.each([
    [
      'thrown.mjs',
      '\n\nthrow new TypeError("the secret is missing")',
      'TypeError: the secret is missing (line 3, column 7)',
    ],
    [
      'awaited.mjs',
      'await 0\nthrow new Error("after a wait")\nexport default {}',
      'Error: after a wait (line 2, column 7)',
    ],
    ['import.mjs', "import 'no-such-package'\nexport default {}", "Cannot find package 'no-such-package'"],
  ])('shows an error inside the file as itself: %s', async (name, text, expected) => {
    await write(name, text)
    const failure = loadConfig(folder, name)
    await expect(failure).rejects.toMatchObject({ code: 'MAIL_E_CONFIG_LOAD' })
    await expect(failure).rejects.toThrow(expected)
    await expect(failure).rejects.toThrow(name)
  })

  test.each([
    'export const config = {}',
    'export default 7',
    'export default [1]',
    'export default undefined',
  ])('wants a config as default export: %s', async (text) => {
    await write('wrong.mjs', text)
    await expect(loadConfig(folder, 'wrong.mjs')).rejects.toMatchObject({ code: 'MAIL_E_CONFIG_LOAD' })
    await expect(loadConfig(folder, 'wrong.mjs')).rejects.toThrow('default export')
  })
})
