import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type OpenListener, placeOf } from '../../host/listeners.ts'
import type { Host } from '../../host.ts'
import type { Log } from '../../log.ts'
import { Server } from '../../server.ts'
import { table } from '../output.ts'
import type { CoreCommand } from '../program.ts'

export const startCommand: CoreCommand = {
  usage: 'start',
  summary:
    'run in the foreground; SIGTERM and Ctrl-C finish the sessions and stop, SIGHUP takes the changed config',
  action: async (context) => {
    const server = new Server(context.folder, context.configFile)
    const host = await server.start()
    if (!context.json) context.output.stdout(await welcome(host, server.listeners))
    surviveStrays(host.log)
    await stopSignal(server)
    await server.stop()
    return undefined
  },
}

// A signal may come twice: from the terminal, and passed on by a program in between.
const echo = 1_000

/** Resolves when the process is asked to stop; reloads meanwhile. Asked again later, the process ends at once. */
function stopSignal(server: Server): Promise<void> {
  // Keeps the process alive also where no listener does.
  const hold = setInterval(() => undefined, 2 ** 30)
  process.on('SIGHUP', () => void server.reload())
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
  process.on('uncaughtException', (error) => log.error('internal-error', { error }))
  process.on('unhandledRejection', (error) => log.error('internal-error', { error }))
}

/** What runs where, and how to send and read a first mail. */
async function welcome(host: Host, listeners: readonly OpenListener[]): Promise<string> {
  const rows = listeners.map((listener) => [listener.role, placeOf(listener), listener.plugin])
  const lines = [`Mailwright is ready as ${host.settings.hostname}; data is in ${host.settings.dataDir}.`]
  lines.push(
    '',
    ...table(['what', 'where', 'plugin'], rows)
      .split('\n')
      .map((row) => `  ${row}`),
  )
  const first = await firstAccount(host.settings.dataDir)
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

function tryIt(
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
  if (imap !== undefined) lines.push(`  read  ${curl} 'imap://${at(imap)}/INBOX;MAILINDEX=1'`)
  else if (pop3 !== undefined) lines.push(`  read  ${curl} pop3://${at(pop3)}/1`)
  return lines
}
