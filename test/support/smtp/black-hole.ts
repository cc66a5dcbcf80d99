import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { environment } from '../run-process.ts'

/** An address and port that answer nobody: whoever connects waits until it gives up. */
export interface BlackHole extends AsyncDisposable {
  readonly address: string
}

// It listens, and never comes to accept anybody: what its backlog does not hold the system drops, as a firewall would.
const program = `
const { createServer } = require('node:net')
const [address, port] = process.argv.slice(1)
createServer().listen({ host: address, port: Number(port), backlog: 1 }, () => {
  require('node:fs').writeSync(1, 'listening')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})`

/** Starts one on an address of this machine, such as 127.9.0.1. */
export async function startBlackHole(address: string, port: number): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', program, address, String(port)], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), ended])
  const filling = await filled(address, port)
  return {
    address,
    async [Symbol.asyncDispose]() {
      for (const socket of filling) socket.destroy()
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Takes the room in the backlog, until a connection does not come about. */
async function filled(address: string, port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = []
  for (let isOpen = true; isOpen; ) {
    const socket = connect(port, address)
    socket.on('error', () => undefined)
    sockets.push(socket)
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), 300)
    isOpen = await Promise.race([once(socket, 'connect').then(() => true), late])
    clearTimeout(timer)
  }
  return sockets
}
