import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { environment, runProcess } from '../run-process.ts'
import { administer, mariadbUser } from './mariadb-admin.ts'
import { type Peer, requirePeer } from './peers.ts'

/** A MariaDB of one's own in a temporary folder. */
export interface Mariadb extends AsyncDisposable {
  readonly folder: string
  readonly socketPath: string
  /** On 127.0.0.1, where it was asked for; stays the same over a restart. */
  readonly port: number | undefined
  /** Resident memory and the like can be read from its process. */
  readonly pid: number
  setReadOnly(readOnly: boolean): Promise<void>
  /** SIGSTOP: connections stay, and nothing answers. */
  pause(): void
  resume(): void
  /** SIGKILL, and waits for the end. */
  kill9(): Promise<void>
  /** SIGTERM, and waits for the end. */
  shutDown(): Promise<void>
  /** Starts it again after `kill9` or `shutDown`. */
  restart(): Promise<void>
}

export interface MariadbOptions {
  /** Listens on a free port of 127.0.0.1 too. */
  readonly tcp?: boolean
  /** More arguments of mariadbd. */
  readonly words?: readonly string[]
}

/** Whether the program is here. */
export function requireMariadb(): Peer {
  return requirePeer('mariadbd')
}

// Debian has the server where only root looks.
const path = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []

/** Installs and starts a server; takes about two seconds. */
export async function startMariadb(options: MariadbOptions = {}): Promise<Mariadb> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-mariadb-'))
  await install(folder)
  const port = options.tcp === true ? await freePort() : undefined
  const server = new Server(folder, port, options.words ?? [])
  await server.restart()
  return server
}

class Server implements Mariadb {
  readonly folder: string
  readonly socketPath: string
  readonly port: number | undefined
  readonly #words: readonly string[]
  #child: ChildProcess | undefined

  constructor(folder: string, port: number | undefined, words: readonly string[]) {
    this.folder = folder
    this.socketPath = join(folder, 'mariadb.sock')
    this.port = port
    this.#words = [
      '--no-defaults',
      ...asRoot,
      `--datadir=${join(folder, 'data')}`,
      `--socket=${this.socketPath}`,
      `--pid-file=${join(folder, 'mariadb.pid')}`,
      `--init-file=${join(folder, 'users.sql')}`,
      ...(port === undefined ? ['--skip-networking'] : ['--bind-address=127.0.0.1', `--port=${port}`]),
      ...modest,
      ...words,
    ]
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async restart(): Promise<void> {
    const child = spawn('mariadbd', this.#words, {
      env: environment({ PATH: path }),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    const orphan = (): void => void child.kill('SIGKILL')
    process.once('exit', orphan)
    child.once('exit', () => process.removeListener('exit', orphan))
    let errors = ''
    const ready = new Promise<void>((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => reject(new Error(`mariadbd ended at its start:\n${errors}`)))
      if (child.stderr === null) return
      createInterface({ input: child.stderr }).on('line', (line) => {
        errors += `${line}\n`
        if (line.includes('ready for connections')) resolve()
      })
    })
    await ready
  }

  async setReadOnly(readOnly: boolean): Promise<void> {
    await administer(this.socketPath, `set global read_only = ${readOnly ? 1 : 0}`)
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  kill9(): Promise<void> {
    return this.#end('SIGKILL')
  }

  shutDown(): Promise<void> {
    return this.#end('SIGTERM')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill9()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    // One that was stopped gets a signal when it goes on.
    child.kill('SIGCONT')
    await ended
  }
}

// As durable as in real life, and no larger than a test needs.
const modest = [
  '--innodb-flush-log-at-trx-commit=1',
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--innodb-data-file-path=ibdata1:12M:autoextend',
  '--performance-schema=OFF',
  '--skip-log-bin',
  '--skip-name-resolve',
  '--max-connections=500',
]

async function install(folder: string): Promise<void> {
  await mkdir(join(folder, 'data'))
  await chmod(folder, 0o755)
  const words = [
    '--no-defaults',
    ...asRoot,
    `--datadir=${join(folder, 'data')}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--innodb-log-file-size=16M',
  ]
  const { code, stdout, stderr } = await runProcess('mariadb-install-db', words, {
    folder,
    env: { PATH: path },
  })
  if (code !== 0) throw new Error(`mariadb-install-db failed:\n${stdout}${stderr}`)
  const { user, password } = mariadbUser
  await writeFile(
    join(folder, 'users.sql'),
    `create user if not exists '${user}'@'%' identified by '${password.replaceAll('\\', '\\\\')}';\n`,
  )
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
