import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { unknownPlugin } from './unknown-plugin.ts'

const plugins = fileURLToPath(new URL('../plugins', import.meta.url))
let folder: string
let config: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-unknown-'))
  config = join(folder, 'mailwright.config.ts')
  await writeFile(config, "\nimport x from 'mailwright/plugins/frobnicate'\n")
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** As Node throws it. */
const notFound = (file: string, importer = config) =>
  Object.assign(new Error(`Cannot find module '${file}' imported from ${importer}`), {
    code: 'ERR_MODULE_NOT_FOUND',
  })

test('the line of the import, and the plugins that there are', async () => {
  expect(await unknownPlugin(notFound(join(plugins, 'frobnicate/index.ts')))).toMatch(
    /^there is no plugin "mailwright\/plugins\/frobnicate" \(mailwright\.config\.ts, line 2\); there are accounts-existing, .*, transports$/,
  )
})

test('the one that may have been meant', async () => {
  expect(await unknownPlugin(notFound(join(plugins, 'smpt/index.ts'), join(folder, 'gone.ts')))).toBe(
    'there is no plugin "mailwright/plugins/smpt"; did you mean "smtp"?',
  )
})

test('where the package is a link', async () => {
  const link = join(folder, 'mailwright')
  await symlink(join(plugins, '..'), link)
  expect(await unknownPlugin(notFound(join(link, 'plugins/smpt/index.ts'), join(folder, 'gone.ts')))).toBe(
    'there is no plugin "mailwright/plugins/smpt"; did you mean "smtp"?',
  )
})

test.each([
  ['another module', () => notFound(join(folder, 'frobnicate/index.ts'))],
  ['a file of a plugin that is there', () => notFound(join(plugins, 'smtp/index.ts'))],
  ['another error', () => new Error('x')],
  ['no error', () => undefined],
])('nothing of %s', async (_, error) => {
  expect(await unknownPlugin(error())).toBeUndefined()
})
