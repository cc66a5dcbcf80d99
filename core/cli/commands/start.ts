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
import { ReloadSignal } from '../reload-signal.ts'
import { ServiceManager } from '../service-manager.ts'
import { StopSignal } from '../stop-signal.ts'
import { surviveStrays } from '../strays.ts'

export const startCommand: CoreCommand = {
  usage: 'start',
  summary:
    'run in the foreground; SIGTERM and Ctrl-C finish the sessions and stop, SIGHUP takes the changed config',
  // Whatever a worker fails in, it ends: another one takes its place.
  action: (context) => (isWorker ? start(context).catch(fail).finally(leave) : start(context)),
}

async function start(context: CliContext): Promise<CommandOutput | undefined> {
  const hasLog = ignoreForeignSignals()
  const signal = new StopSignal()
  const begun: Begun = {
    ...context,
    signal,
    reloadSignal: new ReloadSignal(),
    hasLog: (log) => {
      hasLog(log)
      context.logTo?.(log)
    },
  }
  try {
    const loaded = await signal.unlessAsked(loadConfig(context.folder, context.configFile))
    if (loaded === undefined) return undefined
    // What is wrong with the config is told by whoever uses it.
    const { workers } = readSettings(loaded.config, loaded.folder, [])
    return await (isWorker || workers === 1 ? serve(begun, loaded) : keepWorkers(begun, loaded))
  } finally {
    signal.release()
  }
}

/** What a start has from its beginning on. */
interface Begun extends CliContext {
  readonly signal: StopSignal
  readonly reloadSignal: ReloadSignal
  readonly hasLog: (log: Log) => void
}

/** This process is the server, or one of several that are. */
async function serve(context: Begun, loaded: LoadedConfig): Promise<undefined> {
  const manager = new ServiceManager(process.env)
  const server = new Server(context.folder, context.configFile)
  // A worker is told to reload by the process that keeps it, in its turn.
  if (!isWorker) context.reloadSignal.isTakenBy(() => void manager.reloading(() => server.reload()))
  await begin(context, server, loaded, manager)
  await context.signal.asked
  await manager.stopping()
  await server.stop()
  return undefined
}

/** Until the server is ready, or the process is asked to stop before. */
async function begin(
  { signal, hasLog, json, output }: Begun,
  server: Server,
  loaded: LoadedConfig,
  manager: ServiceManager,
): Promise<void> {
  surviveStrays(() => server.log)
  const starting = signal.unlessAsked(server.start(loaded))
  if (server.log !== undefined) hasLog(server.log)
  const host = await starting
  if (host === undefined) return
  if (isWorker) serveAsWorker(server)
  else if (!json) output.notice?.(await welcome(host.settings, server.listeners))
  await manager.ready(host.log)
}

/** This process keeps those that are the server. */
async function keepWorkers(
  { signal, reloadSignal, hasLog, json, output }: Begun,
  { config, file, folder }: LoadedConfig,
): Promise<CommandOutput | undefined> {
  // All faults are told once, before there is a worker.
  const { settings, log, warnings } = createHost(config, { folder })
  hasLog(log)
  for (const text of warnings) log.warn('starting', { text })
  const manager = new ServiceManager(process.env)
  // Ports are opened here, for all of them, and with them go the rights for it.
  const bound = settings.user === undefined ? undefined : () => void becomeUser(settings)
  const workers = new Workers({ count: settings.workers, config: file, log, clock: systemClock, bound })
  reloadSignal.isTakenBy(() => void manager.reloading(() => workers.reload()))
  const listeners = await signal.unlessAsked(workers.start())
  if (listeners !== undefined) {
    log.info('ready', { listeners, workers: settings.workers })
    if (!json) output.notice?.(await welcome(settings, listeners))
    await manager.ready(log, () => workers.isAlive)
  }
  await signal.asked
  await manager.stopping()
  const exitCode = await workers.stop()
  return exitCode === 0
    ? undefined
    : { json: { exitCode }, text: 'a worker could not stop in peace', exitCode }
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
