import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { isWorker, leavesFile, sharesFile } from '../workers/worker.ts'

// A socket's path has room for 108 octets on Linux and 104 elsewhere, and is 10 longer while it is made.
const maxPath = 90

/** Which file it is; no other one gets its number as long as it is there, or open. */
export interface FileIdentity {
  readonly ino: number
  readonly dev: number
}

/** A Unix socket in the file system that this process listens on. */
export interface SocketFile {
  /** Changes its permissions, unless something else has taken its place. */
  setMode(mode: number): Promise<void>
  /** Removes it, unless something else has taken its place. A worker's siblings may listen there: it goes with the last of them. */
  remove(): Promise<void>
}

/**
 * Listens on a Unix socket. It is made in a folder that nobody else can enter, gets its permissions there and is moved
 * into its place, so that at no moment more people can connect than may, and that who connects while an old one is
 * replaced meets either. Rejects with EADDRINUSE where somebody listens, ENOTSOCK where something else is there, ENAMETOOLONG.
 */
export async function openSocketFile(server: Server, path: string, mode: number): Promise<SocketFile> {
  if (Buffer.byteLength(path) > maxPath) throw fault('ENAMETOOLONG')
  // Before anything is made; a worker's own siblings may listen there.
  if (!isWorker) await checkPlace(path)
  const folder = await makingFolder(path)
  try {
    const made = join(folder, 's')
    server.listen({ path: made, exclusive: !isWorker })
    await once(server, 'listening')
    await putInPlace(made, path, mode)
    // What workers share may outlast its file: a new one of them serves then with what else it has.
    const own = await lstat(path).catch(isWorker ? unlessCode('ENOENT') : undefined)
    if (isWorker && own !== undefined) sharesFile(path, own)
    return {
      async setMode(other) {
        if (own !== undefined && (await isStill(path, own))) await chmod(path, other)
      },
      async remove() {
        if (isWorker) leavesFile(path)
        else if (own !== undefined) await removeSocketFile(path, own)
      },
    }
  } catch (error) {
    server.close()
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Removes a socket, unless something else has taken its place. */
export async function removeSocketFile(path: string, own: FileIdentity): Promise<void> {
  if (await isStill(path, own)) await rm(path, { force: true })
}

/** Workers share a socket by the name under which it is made, so it has to be the same for all of them. */
async function makingFolder(path: string): Promise<string> {
  if (!isWorker) return mkdtemp(`${dirname(path)}/.`)
  const name = createHash('sha256').update(`${process.ppid} ${path}`).digest('hex').slice(0, 6)
  const folder = join(dirname(path), `.${name}`)
  await mkdir(folder, { mode: 0o700 }).catch(unlessCode('EEXIST'))
  return folder
}

/** Where another worker was faster, it is there already. */
async function putInPlace(made: string, path: string, mode: number): Promise<void> {
  try {
    await chmod(made, mode)
    if (isWorker) await checkPlace(path)
    await rename(made, path)
  } catch (error) {
    if (!isWorker || (await lstat(made).catch(unlessCode('ENOENT'))) !== undefined) throw error
  }
}

/** Resolves where a socket may be put: nothing is there, or a socket that nobody listens on. */
async function checkPlace(path: string): Promise<void> {
  const there = await lstat(path).catch(unlessCode('ENOENT'))
  if (there === undefined) return
  if (!there.isSocket()) throw fault('ENOTSOCK')
  if (await isAnswered(path)) throw fault('EADDRINUSE')
}

/** Rejects where that cannot be known, such as with EACCES. */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Its listener has gone; or it has just been removed.
    if (code === 'ECONNREFUSED' || code === 'ENOENT') return false
    // Its listener has no room left for one more.
    if (code === 'EAGAIN') return true
    throw error
  } finally {
    socket.destroy()
  }
}

async function isStill(path: string, { ino, dev }: FileIdentity): Promise<boolean> {
  const there = await lstat(path).catch(unlessCode('ENOENT'))
  return there?.ino === ino && there.dev === dev
}

function unlessCode(expected: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (error.code !== expected) throw error
    return undefined
  }
}

function fault(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code })
}
