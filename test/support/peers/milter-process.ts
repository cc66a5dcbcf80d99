import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { environment } from '../run-process.ts'

/** A milter that we did not write, in a process of its own. */
export interface MilterProcess {
  stop(): Promise<void>
}

export interface MilterProcessOptions {
  readonly folder: string
  readonly port: number
  /** It has processes of its own, and ends them where it is asked to. One on libmilter takes five seconds over that. */
  readonly hasProcesses?: boolean
}

const attempts = 800

/** Starts it, and waits until it takes connections at its port. */
export async function startMilterProcess(
  program: string,
  words: readonly string[],
  { folder, port, hasProcesses = false }: MilterProcessOptions,
): Promise<MilterProcess> {
  const path = `${process.env.PATH}:/usr/sbin`
  const child = spawn(program, words, {
    cwd: folder,
    env: environment({ PATH: path, PYTHONDONTWRITEBYTECODE: '1' }),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill(hasProcesses ? 'SIGTERM' : 'SIGKILL')
    await ended
  }
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${errors}`)
    if (await takesConnections(port)) return { stop }
    await pause(25)
  }
  await stop()
  throw new Error(`${program} does not listen: ${errors}`)
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
