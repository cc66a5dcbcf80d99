import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { exitCodes, SendmailError } from './exit-codes.ts'

/** Where a postmaster writes down where the drop folder is: the path alone, in one line. */
export const pointerFile = '/etc/mailwright/drop'

/** What the command is told of places. */
export interface Places {
  /** `--drop`. */
  readonly dropFolder: string | undefined
  /** `--config`. */
  readonly configFile: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly pointerFile: string
  /** The words that run `mailwright`, to which a command is added. */
  readonly mailwright: readonly string[]
}

/**
 * The drop folder: as said on the command line or in MAILWRIGHT_DROP, as the pointer file says, or as the config says, which another
 * process loads since that takes a second. EX_UNAVAILABLE where nobody knows one.
 */
export function findDropFolder(places: Places): string {
  const { dropFolder, configFile, environment } = places
  if (dropFolder !== undefined) return absolute(dropFolder, '--drop')
  if (configFile !== undefined) return ofConfig(places)
  const { MAILWRIGHT_DROP: fromEnvironment = '' } = environment
  if (fromEnvironment !== '') return absolute(fromEnvironment, 'MAILWRIGHT_DROP')
  const pointed = readPointer(places.pointerFile)
  return pointed === undefined ? ofConfig(places) : absolute(pointed, places.pointerFile)
}

function absolute(path: string, where: string): string {
  if (isAbsolute(path)) return path
  throw new SendmailError(exitCodes.usage, `${where} does not name an absolute path`)
}

function readPointer(file: string): string | undefined {
  try {
    const path = readFileSync(file, 'utf8').trim()
    return path === '' ? undefined : path
  } catch {
    return undefined
  }
}

function ofConfig({ configFile, mailwright, pointerFile: pointer }: Places): string {
  const [program = '', ...words] = mailwright
  const config = configFile === undefined ? [] : ['--config', configFile]
  const { status, stdout, stderr } = spawnSync(program, [...words, ...config, 'pickup', 'folder'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const path = stdout?.trim() ?? ''
  if (status === 0 && isAbsolute(path)) return path
  const [said = ''] = (stderr ?? '').trim().split('\n')
  const reason = said.includes("unknown command 'pickup'") ? 'it does not have the plugin pickup' : said
  const help = `name the drop folder with --drop, in MAILWRIGHT_DROP or in ${pointer}`
  throw new SendmailError(exitCodes.unavailable, `${help}; the config does not say where it is: ${reason}`)
}
