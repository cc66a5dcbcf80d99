import { type FileIdentity, removeSocketFile } from '../host/socket-file.ts'
import { isFromWorker } from './messages.ts'
import type { AskedWorker } from './rounds.ts'

interface SharedFile {
  readonly file: FileIdentity
  readonly sharers: Set<AskedWorker>
}

/** The files of Unix sockets that several workers listen on: each is removed when the last of them has left it. */
export class SharedFiles {
  readonly #shared = new Map<string, SharedFile>()
  #removing: Promise<unknown> = Promise.resolve()

  /** Listens to a worker until it ends. */
  attend(worker: AskedWorker): void {
    worker.on('message', (message) => {
      if (!isFromWorker(message)) return
      if (message.mailwright === 'shares') this.#share(worker, message.path, message.file)
      else if (message.mailwright === 'leaves') this.#leave(worker, message.path)
    })
    worker.on('exit', () => {
      for (const path of this.#shared.keys()) this.#leave(worker, path)
    })
  }

  /** Resolves when what nobody listens on any more is gone. */
  async settled(): Promise<void> {
    await this.#removing
  }

  #share(worker: AskedWorker, path: string, file: FileIdentity): void {
    const shared = this.#shared.get(path) ?? { file, sharers: new Set() }
    shared.sharers.add(worker)
    this.#shared.set(path, shared)
  }

  #leave(worker: AskedWorker, path: string): void {
    const shared = this.#shared.get(path)
    if (!shared?.sharers.delete(worker) || shared.sharers.size > 0) return
    this.#shared.delete(path)
    // One that cannot be removed is replaced at the next start.
    this.#removing = this.#removing.then(() => removeSocketFile(path, shared.file)).catch(() => undefined)
  }
}
