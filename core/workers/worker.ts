import cluster from 'node:cluster'
import type { Server } from '../server.ts'
import { type FromWorker, isToWorker } from './messages.ts'

/** Whether this process is one of several that another one keeps. */
export const isWorker: boolean = cluster.isWorker

/** Tells the process that keeps this one that it serves, and reloads when that one says so. */
export function serveAsWorker(server: Server): void {
  process.on('message', (message) => {
    if (!isToWorker(message)) return
    void server.reload().then((done) => tell({ mailwright: 'reloaded', done }))
  })
  tell({ mailwright: 'ready', listeners: server.listeners })
}

/** Ends what keeps this process alive for the other one: it has nothing left to do. */
export function leave(): void {
  cluster.worker?.disconnect()
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
