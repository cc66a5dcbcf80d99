import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { type LoadedConfig, loadConfig } from '../config-file.ts'
import { MailwrightError } from '../errors.ts'
import { becomeUser } from '../host/privileges.ts'
import { createHost, type Host } from '../host.ts'
import { createLog, type Log } from '../log.ts'
import { type Address, parseAddress } from '../model/address/address.ts'
import { UsageError } from '../plugin.ts'
import type { Output } from './output.ts'

export { UsageError } from '../plugin.ts'

/** What a command works with. */
export interface CliContext {
  readonly output: Output
  readonly stdin: Readable
  readonly folder: string
  /** `--config`. */
  readonly configFile: string | undefined
  readonly json: boolean
  /** From now on the log is told what is to be told of the process, and not standard error. */
  logTo?(log: Log): void
}

export function configOf(context: CliContext): Promise<LoadedConfig> {
  return loadConfig(context.folder, context.configFile)
}

/**
 * A host with every plugin set up and none started. Only warnings are logged. The process becomes the user of the config:
 * what root would write, the server could not read.
 */
export async function hostOf(context: CliContext): Promise<Host> {
  const { config, folder } = await configOf(context)
  const host = createHost(config, { folder, log: createLog('warn') })
  becomeUser(host.settings)
  return host
}

/** Runs something with every plugin started and none serving, then stops them. */
export async function withHost<T>(context: CliContext, run: (host: Host) => Promise<T>): Promise<T> {
  return whileStarted(await hostOf(context), run)
}

/** Runs something between a host's start and its stop. Where both fail, why it failed itself is what counts. */
export async function whileStarted<T>(host: Host, run: (host: Host) => Promise<T>): Promise<T> {
  await host.start()
  let result: T
  try {
    result = await run(host)
  } catch (error) {
    await host.stop().catch((stopError) => host.log.error('plugin-failed', { error: stopError }))
    throw error
  }
  await host.stop()
  return result
}

/** An address from the command line; a wrong one is wrong use. */
export function addressArgument(text: string): Address {
  const address = parseAddress(text)
  if (address !== undefined) return address
  throw new UsageError(`"${text}" is not an address such as someone@example.org`)
}

/** The first line of standard input, for `--password-stdin`. MAIL_E_INVALID for too much, or what is not UTF-8. */
export async function firstLine(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    const octets = Buffer.from(chunk as Uint8Array | string)
    size += octets.length
    if (size > 65_536)
      throw new MailwrightError('MAIL_E_INVALID', 'the password on standard input is too long')
    chunks.push(octets)
  }
  const octets = Buffer.concat(chunks)
  const end = octets.indexOf('\n')
  const line = end === -1 ? octets : octets.subarray(0, end)
  if (!isUtf8(line))
    throw new MailwrightError('MAIL_E_INVALID', 'the password on standard input is not UTF-8')
  return end === -1 ? line.toString() : line.toString().replace(/\r$/, '')
}
