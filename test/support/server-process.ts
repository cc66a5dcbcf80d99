import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { projectFolder } from './project-files.ts'
import { environment } from './run-process.ts'

/** A server that runs as a user's does: the command in a process of its own. */
export interface ServerProcess {
  readonly pid: number
  /** The port of a listener by its plugin's name. */
  port(plugin: string): number
  /** What it has printed for people so far. */
  output(): string
  /** The log so far, and whatever else has come by standard error. */
  errors(): string
  /** SIGTERM, and waits for the end; answers the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL: as if the power had gone, but for what the system still writes. */
  kill(): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Resolves when so many log lines of this event have come (one), with the last; sees only what comes after the call. */
  logged(event: string, count?: number): Promise<Record<string, unknown>>
}

interface LogLine {
  readonly event: string
  readonly listeners?: readonly { readonly plugin: string; readonly port: number }[]
}

/** What `mailwright` gives Node by itself. */
export const memory: readonly string[] = ['--max-semi-space-size=8', '--initial-old-space-size=64']

/** Starts `mailwright start` in a folder with a config, and waits until it is ready. */
export async function startServer(
  folder: string,
  words: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const main = join(projectFolder, 'core/cli/main.ts')
  const argv = [...memory, '--conditions=mailwright-source', main, 'start', ...words]
  const child = spawn(process.execPath, argv, {
    cwd: folder,
    env: environment({ UV_THREADPOOL_SIZE: '20', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const watchers = new Set<(line: LogLine) => void>()
  let output = ''
  let errors = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (text) => {
      errors += `${text}\n`
      const line = parseLine(text)
      if (line !== undefined) for (const watch of watchers) watch(line)
    })
  }
  const logged = (event: string, count = 1) =>
    new Promise<LogLine>((resolve) => {
      let left = count
      const watch = (line: LogLine) => {
        if (line.event === event) left -= 1
        if (left > 0) return
        watchers.delete(watch)
        resolve(line)
      }
      watchers.add(watch)
    })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const ready = await Promise.race([logged('ready'), ended])
  if (Array.isArray(ready)) throw new Error(`the server ended at its start:\n${output}${errors}`)
  return {
    pid: child.pid ?? 0,
    port: (plugin) => ready.listeners?.find((listener) => listener.plugin === plugin)?.port ?? 0,
    output: () => output,
    errors: () => errors,
    stop: () => end(child, ended, 'SIGTERM'),
    kill: async () => {
      await end(child, ended, 'SIGKILL')
    },
    signal: (name) => void child.kill(name),
    logged: async (event, count) => ({ ...(await logged(event, count)) }),
  }
}

async function end(
  child: ChildProcess,
  ended: Promise<[number | null]>,
  signal: NodeJS.Signals,
): Promise<number | null> {
  child.kill(signal)
  const [code] = await ended
  return code
}

function parseLine(text: string): LogLine | undefined {
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return undefined
  }
}
