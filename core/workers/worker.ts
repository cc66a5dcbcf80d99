import cluster from 'node:cluster'
import { errorText } from '../errors.ts'
import type { FileIdentity } from '../host/socket-file.ts'
import type { Server } from '../server.ts'
import { type FromWorker, isToWorker } from './messages.ts'

/** Whether this process is one of several that another one keeps. */
export const isWorker: boolean = cluster.isWorker

/** Tells the process that keeps this one that it serves, reloads when that one says so, and answers what other workers ask. */
export function serveAsWorker(server: Server): void {
  process.on('message', (message) => {
    if (!isToWorker(message)) return
    if (message.mailwright === 'reload')
      void server.reload().then((done) => tell({ mailwright: 'reloaded', done }))
    if (message.mailwright === 'ping') tell({ mailwright: 'pong' })
    if (message.mailwright !== 'asked') return
    const { number, question } = message
    void server.answer(question).then((answer) => tell({ mailwright: 'answer', number, answer }))
  })
  tell({ mailwright: 'ready', listeners: server.listeners })
}

/**
 * Resolves when the ports of all workers are open, and the process that keeps them has given up the rights for that: what is
 * opened there for us from now on belongs to the same user.
 */
export function allAreBound(): Promise<void> {
  return new Promise((resolve) => {
    const hear = (message: unknown): void => {
      if (!isToWorker(message) || message.mailwright !== 'begin') return
      process.off('message', hear)
      resolve()
    }
    process.on('message', hear)
    tell({ mailwright: 'bound' })
  })
}

/** Tells the process that keeps this one of a Unix socket that all workers serve: who is the last removes its file. */
export function sharesFile(path: string, { ino, dev }: FileIdentity): void {
  tell({ mailwright: 'shares', path, file: { ino, dev } })
}

export function leavesFile(path: string): void {
  tell({ mailwright: 'leaves', path })
}

/** Tells the process that keeps this one why this one ends: the log of all is written there. */
export function fail(error: unknown): never {
  tell({ mailwright: 'failed', reason: errorText(error) })
  throw error
}

/** Ends what keeps this process alive for the other one: it has nothing left to do. */
export function leave(): void {
  cluster.worker?.disconnect()
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
