import { readdir, readFile, realpath } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { didYouMean } from './suggest.ts'

const plugins = fileURLToPath(new URL('../plugins', import.meta.url))

/** What to say of an import of `mailwright/plugins/…` that there is none of; undefined for any other error. */
export async function unknownPlugin(error: unknown): Promise<string | undefined> {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string }
  const [, file = '', importer = ''] = /^Cannot find module '(.+)' imported from (.+)$/.exec(message) ?? []
  const folder = dirname(file)
  if (code !== 'ERR_MODULE_NOT_FOUND') return undefined
  // What is not there is told by the path of a link that leads to it.
  if ((await realpath(dirname(folder)).catch(() => undefined)) !== plugins) return undefined
  const name = basename(folder)
  const there = (await readdir(plugins).catch(() => [])).sort()
  if (there.includes(name)) return undefined
  const line = await lineOf(importer, `mailwright/plugins/${name}`)
  const hint = didYouMean(name, there) ?? `there are ${there.join(', ')}`
  return `there is no plugin "mailwright/plugins/${name}"${line}; ${hint}`
}

async function lineOf(file: string, text: string): Promise<string> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  const index = lines.findIndex((line) => line.includes(text))
  return index < 0 ? '' : ` (${basename(file)}, line ${index + 1})`
}
