import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { environment, type Finished, runProcess } from '../run-process.ts'
import type { UnpackedPeer } from './peers.ts'
import { libraryFolders } from './unpacked-machine.ts'

/** A real Courier with one account, on 127.0.0.1. It knows who calls: IMAP greets with PREAUTH, POP3 with a maildrop. */
export interface Courier extends AsyncDisposable {
  readonly imapPort: number
  readonly pop3Port: number
  /** The account's Maildir. */
  readonly maildir: string
  /** Runs one of Courier's programs, by its path such as `usr/bin/deliverquota.courier`, in the account's folder. */
  run(program: string, words: readonly string[], stdin?: string): Promise<Finished>
}

/**
 * Makes a Maildir in a folder and serves it. There is no daemon: each connection gets a process of its own, as Courier's
 * own listener would start it after the login; all have ended when it is disposed of.
 */
export async function startCourier({ root }: UnpackedPeer, folder: string): Promise<Courier> {
  const home = join(folder, 'courier')
  await mkdir(home)
  const env = { ...librariesIn(root), ...account(home) }
  const run = (program: string, words: readonly string[], stdin = ''): Promise<Finished> =>
    runProcess(join(root, program), words, { folder: home, env, stdin })
  const { code, stderr } = await run('usr/bin/maildirmake.courier', ['Maildir'])
  if (code !== 0) throw new Error(stderr)
  const serve = (program: string): Promise<ProcessServer> =>
    startProcessServer(() => spawn(join(root, program), ['Maildir'], { cwd: home, env: environment(env) }))
  const imap = await serve('usr/bin/imapd')
  const pop3 = await serve('usr/lib/courier/courier/courierpop3d')
  return {
    imapPort: imap.port,
    pop3Port: pop3.port,
    maildir: join(home, 'Maildir'),
    run,
    async [Symbol.asyncDispose]() {
      await imap[Symbol.asyncDispose]()
      await pop3[Symbol.asyncDispose]()
    },
  }
}

/** Where the programs find what was unpacked with them. */
function librariesIn(root: string): Readonly<Record<string, string>> {
  return { LD_LIBRARY_PATH: libraryFolders(root).join(':') }
}

/** What Courier's own login tells the server in its environment, and its configuration. */
function account(home: string): Readonly<Record<string, string>> {
  return {
    AUTHENTICATED: 'ann',
    AUTHADDR: 'ann@example.org',
    HOME: home,
    TCPREMOTEIP: '127.0.0.1',
    IMAP_CAPABILITY: 'IMAP4rev1 UIDPLUS CHILDREN NAMESPACE QUOTA IDLE',
    IMAP_KEYWORDS: '1',
    // Locks wait for a daemon that tells of changed files.
    IMAP_USELOCKS: '0',
    IMAP_UMASK: '022',
  }
}

interface ProcessServer extends AsyncDisposable {
  readonly port: number
}

/** Listens, and joins each connection to a process's standard input and output. */
async function startProcessServer(start: () => ChildProcess): Promise<ProcessServer> {
  const running = new Set<Promise<unknown>>()
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    const child = start()
    child.stdin?.on('error', () => undefined)
    socket.on('error', () => undefined)
    socket.on('close', () => child.stdin?.end())
    if (child.stdin !== null) socket.pipe(child.stdin)
    child.stdout?.pipe(socket)
    child.stderr?.resume()
    const end = once(child, 'close').finally(() => {
      running.delete(end)
      sockets.delete(socket)
      socket.destroy()
    })
    running.add(end)
    sockets.add(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await Promise.all(running)
    },
  }
}
