import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../clock.ts'
import { type LoadedConfig, loadConfig } from '../../config-file.ts'
import { type OpenListener, placeOf } from '../../host/listeners.ts'
import { becomeUser } from '../../host/privileges.ts'
import { type HostSettings, readSettings } from '../../host/settings.ts'
import { createHost } from '../../host.ts'
import type { Log } from '../../log.ts'
import type { CommandOutput } from '../../plugin.ts'
import { Server } from '../../server.ts'
import { fail, isWorker, leave, serveAsWorker } from '../../workers/worker.ts'
import { Workers } from '../../workers/workers.ts'
import type { CliContext } from '../context.ts'
import { ignoreForeignSignals } from '../foreign-signals.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'
import { ServiceManager } from '../service-manager.ts'

export const startCommand: CoreCommand = {
  usage: 'start',
  summary:
    'run in the foreground; SIGTERM and Ctrl-C finish the sessions and stop, SIGHUP takes the changed config',
  // Whatever a worker fails in, it ends: another one takes its place.
  action: (context) => (isWorker ? start(context).catch(fail).finally(leave) : start(context)),
}

async function start(context: CliContext): Promise<CommandOutput | undefined> {
  const hasLog = ignoreForeignSignals()
  const loaded = await loadConfig(context.folder, context.configFile)
  // What is wrong with the config is told by whoever uses it.
  const { workers } = readSettings(loaded.config, loaded.folder, [])
  return isWorker || workers === 1 ? serve(context, loaded, hasLog) : keepWorkers(context, loaded, hasLog)
}

/** This process is the server, or one of several that are. */
async function serve(
  context: CliContext,
  loaded: LoadedConfig,
  hasLog: (log: Log) => void,
): Promise<undefined> {
  const manager = new ServiceManager(process.env)
  const server = new Server(context.folder, context.configFile)
  // A worker is told to reload by the process that keeps it, in its turn.
  reloadAtSignal(isWorker ? undefined : server, manager)
  const host = await server.start(loaded)
  surviveStrays(host.log)
  hasLog(host.log)
  const stopped = stopSignal()
  if (isWorker) serveAsWorker(server)
  else if (!context.json) context.output.notice?.(await welcome(host.settings, server.listeners))
  await manager.ready(host.log)
  await stopped
  await manager.stopping()
  await server.stop()
  return undefined
}

/** This process keeps those that are the server. */
async function keepWorkers(
  context: CliContext,
  { config, file, folder }: LoadedConfig,
  hasLog: (log: Log) => void,
): Promise<CommandOutput | undefined> {
  // All faults are told once, before there is a worker.
  const { settings, log } = createHost(config, { folder })
  hasLog(log)
  const manager = new ServiceManager(process.env)
  // Ports are opened here, for all of them, and with them go the rights for it.
  const bound = settings.user === undefined ? undefined : () => void becomeUser(settings)
  const workers = new Workers({ count: settings.workers, config: file, log, clock: systemClock, bound })
  reloadAtSignal(workers, manager)
  const listeners = await workers.start()
  // Whoever reads that it is ready may stop it at once.
  const stopped = stopSignal()
  log.info('ready', { listeners, workers: settings.workers })
  if (!context.json) context.output.notice?.(await welcome(settings, listeners))
  await manager.ready(log, () => workers.isAlive)
  await stopped
  await manager.stopping()
  const exitCode = await workers.stop()
  return exitCode === 0
    ? undefined
    : { json: { exitCode }, text: 'a worker could not stop in peace', exitCode }
}

// A signal may come twice: from the terminal, and passed on by a program in between.
const echo = 1_000

/** From the start on: a signal that nobody hears would end the process. */
function reloadAtSignal(reloading: Pick<Server, 'reload'> | undefined, manager: ServiceManager): void {
  process.on('SIGHUP', () => {
    if (reloading !== undefined) void manager.reloading(() => reloading.reload())
  })
}

/** Resolves when the process is asked to stop. Asked again later, the process ends at once. */
function stopSignal(): Promise<void> {
  // Keeps the process alive also where no listener does.
  const hold = setInterval(() => undefined, 2 ** 30)
  return new Promise((resolve) => {
    let asked: number | undefined
    const stop = (_signal: NodeJS.Signals, number: number) => {
      const now = performance.now()
      if (asked !== undefined && now - asked > echo) process.exit(128 + number)
      asked ??= now
      clearInterval(hold)
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

/**
 * An error that a plugin throws in a timer, or a promise that it forgets, belongs to no session. It is logged, and the
 * others' sessions go on: what is durable changes in steps that hold by themselves, not in the process's memory.
 */
function surviveStrays(log: Log): void {
  const note = (error: unknown): void => {
    try {
      log.error('internal-error', { error })
    } catch {
      // What is thrown here would end the process.
    }
  }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
}

/** What runs where, and how to send and read a first mail. */
async function welcome(
  { hostname, dataDir }: HostSettings,
  listeners: readonly OpenListener[],
): Promise<string> {
  const rows = listeners.map((listener) => [listener.role, placeOf(listener), listener.plugin])
  const lines = [`Mailwright is ready as ${hostname}; data is in ${dataDir}.`]
  lines.push(
    '',
    ...table(['what', 'where', 'plugin'], rows)
      .split('\n')
      .map((row) => `  ${row}`),
  )
  const first = await firstAccount(dataDir)
  if (first !== undefined) lines.push('', ...tryIt(first, listeners))
  return `${lines.join('\n')}\n\n`
}

/** The account that was made at the first run, as the accounts plugin wrote it down. */
async function firstAccount(dataDir: string): Promise<{ address: string; password: string } | undefined> {
  const text = await readFile(join(dataDir, 'first-account.txt'), 'utf8').catch(() => '')
  const [, address] = /^address: (.+)$/m.exec(text) ?? []
  const [, password] = /^password: (.+)$/m.exec(text) ?? []
  return address === undefined || password === undefined ? undefined : { address, password }
}

export function tryIt(
  first: { address: string; password: string },
  listeners: readonly OpenListener[],
): readonly string[] {
  const find = (role: string) =>
    listeners.find((listener) => listener.role === role && listener.path === undefined)
  const at = ({ host = '', port }: OpenListener) => `${host.includes(':') ? `[${host}]` : host}:${port}`
  const lines = [`Your first account is ${first.address} with the password ${first.password}`]
  const [transfer, imap, pop3] = [find('transfer'), find('imap'), find('pop3')]
  const curl = `curl -k --ssl-reqd --user '${first.address}:${first.password}'`
  if (transfer !== undefined) lines.push(`  send  swaks --server ${at(transfer)} --to ${first.address}`)
  const scheme = ({ role, implicitTls }: OpenListener) => (implicitTls ? `${role}s` : role)
  if (imap !== undefined) lines.push(`  read  ${curl} '${scheme(imap)}://${at(imap)}/INBOX;MAILINDEX=1'`)
  else if (pop3 !== undefined) lines.push(`  read  ${curl} ${scheme(pop3)}://${at(pop3)}/1`)
  return lines
}
