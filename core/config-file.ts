import { spawnSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { cosmiconfig } from 'cosmiconfig'
import type { Config } from './config.ts'
import { toldBy } from './error-origin.ts'
import { MailwrightError } from './errors.ts'
import { unknownPlugin } from './unknown-plugin.ts'

/** A config with the place it came from. */
export interface LoadedConfig {
  readonly config: Config
  /** Absolute. */
  readonly file: string
  /** The file's folder, where relative paths of the config start. */
  readonly folder: string
}

const endings = ['ts', 'mts', 'js', 'mjs', 'cjs'] as const
/** Looked for in the working folder, then upwards. The last one is for a clone that has no config of its own yet. */
const configNames: readonly string[] = [
  ...endings.map((ending) => `mailwright.config.${ending}`),
  'config.example.ts',
]

/**
 * Finds and loads a config: the named file, or the first one upwards from `from`. Loads anew at each call, so that a
 * reload sees what was edited. MAIL_E_CONFIG_NOT_FOUND, or MAIL_E_CONFIG_LOAD with the error of the file as it is.
 */
export async function loadConfig(from: string, file?: string): Promise<LoadedConfig> {
  const loaders = Object.fromEntries(endings.map((ending) => [`.${ending}`, importFresh]))
  const path = file === undefined ? await nearest(from) : await existing(resolve(from, file))
  const explorer = cosmiconfig('mailwright', { loaders, cache: false })
  const found = await explorer.load(path).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EACCES' ? unreadable(path, error) : error
  })
  if (found === null || found.isEmpty)
    throw new MailwrightError('MAIL_E_CONFIG_LOAD', `the config file ${path} is empty`)
  return { config: configOf(found.config, path), file: path, folder: dirname(path) }
}

/** The first one upwards counts, also where it is empty or cannot be read: one above it is for something else. */
async function nearest(from: string): Promise<string> {
  let closed = ''
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    for (const name of configNames) {
      const file = join(folder, name)
      const seen = await lookAt(file)
      if (seen === true) return file
      if (seen !== false && closed === '') closed = `; ${folder} cannot be looked into (EACCES)`
    }
    if (folder === dirname(folder)) break
  }
  const names = `mailwright.config.{${endings.join(',')}}`
  throw new MailwrightError(
    'MAIL_E_CONFIG_NOT_FOUND',
    `no ${names} in ${from} or above it; name one with --config${closed}`,
  )
}

async function existing(file: string): Promise<string> {
  const seen = await lookAt(file)
  if (seen === true) return requireModule(file)
  if (seen !== false) throw unreadable(file, seen)
  throw new MailwrightError('MAIL_E_CONFIG_NOT_FOUND', `there is no config file ${file}`)
}

/** What is no module cannot hold plugins. */
function requireModule(file: string): string {
  if (endings.some((ending) => extname(file) === `.${ending}`)) return file
  const names = endings.map((ending) => `.${ending}`).join(', ')
  throw new MailwrightError(
    'MAIL_E_CONFIG_LOAD',
    `the config file ${file} is no module: a config is code, in a file that ends in one of ${names}`,
  )
}

/** Whether it is a file; the error where this user may not look. */
async function lookAt(file: string): Promise<boolean | NodeJS.ErrnoException> {
  try {
    return (await stat(file)).isFile()
  } catch (caught) {
    const error = caught as NodeJS.ErrnoException
    return error.code === 'EACCES' && error
  }
}

function unreadable(file: string, cause: unknown): MailwrightError {
  return new MailwrightError('MAIL_E_CONFIG_LOAD', `the config file ${file} cannot be read`, { cause })
}

/** Modules are cached by their address, so a changed file needs a new one. */
async function importFresh(file: string): Promise<unknown> {
  try {
    return await import(`${pathToFileURL(file).href}?loaded=${process.hrtime.bigint()}`)
  } catch (error) {
    const words = (await unknownPlugin(error)) ?? ownWords(error, file)
    throw toldBy(new MailwrightError('MAIL_E_CONFIG_LOAD', `the config file ${file} failed: ${words}`), [
      error,
    ])
  }
}

/** The error's own words, and where in the config file it arose. */
function ownWords(error: unknown, file: string): string {
  if (!(error instanceof Error)) return String(error)
  const lines = (error.stack ?? '').split('\n')
  const frame = lines.find((line) => line.trim().startsWith('at ') && line.includes(file))
  const [, row, column] = /:(\d+):(\d+)\)?$/.exec(frame ?? '') ?? []
  const where =
    row === undefined ? syntaxPlace(error, lines[0] ?? '', file) : ` (line ${row}, column ${column})`
  return `${error.name}: ${error.message}${where}${isNoModule(error, file) ? noModuleHint(file) : ''}`
}

/** Node's own hints for that go to the command line alone. */
function isNoModule({ name, message }: Error, file: string): boolean {
  return (
    name === 'SyntaxError' &&
    /\.[jt]s$/.test(file) &&
    /^(?:Cannot use import statement outside a module|Unexpected token 'export')/.test(message)
  )
}

function noModuleHint(file: string): string {
  const named = basename(file).replace(/[jt]s$/, 'm$&')
  return `; its package.json says "type": "commonjs": make that "type": "module" there, or name the file ${named}`
}

/** Node puts the line of a TypeScript syntax error on top of the stack, and that of others on the command line alone. */
function syntaxPlace(error: Error, top: string, file: string): string {
  if (error.name !== 'SyntaxError') return ''
  const check = () =>
    spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: 10_000 }).stderr
  const text = top.includes(file) || /\.m?ts$/.test(file) ? top : check()
  const [, row] = /:(\d+)$/m.exec(text) ?? []
  return row === undefined ? '' : ` (line ${row})`
}

function configOf(loaded: unknown, file: string): Config {
  const { default: exported } = (loaded ?? {}) as { default?: unknown }
  const config = (exported as { default?: unknown } | undefined)?.default ?? exported
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Config
  throw new MailwrightError(
    'MAIL_E_CONFIG_LOAD',
    `the config file ${file} must have a config as its default export, as in: export default defineConfig({ … })`,
  )
}
