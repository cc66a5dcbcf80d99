import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  type DropEnvelope,
  dropHeadSize,
  formatDropEnvelope,
  formatDropHead,
  newDropNames,
} from '../../formats/drop-file.ts'
import { dropFailure } from './exit-codes.ts'

// Others cannot know the file's name; the server has to read it, and is another user.
const fileMode = 0o644

/**
 * One message on its way into a drop folder. What fails is a SendmailError, and leaves no file behind.
 *
 * Each step is made at once, not by a thread: a signal is heard between steps only, and {@link abandon} meets a file that is there or a
 * message that is queued, never one that is just being made. The process has nothing else to do meanwhile.
 */
export class DropWriter {
  readonly #folder: string
  readonly #names: ReturnType<typeof newDropNames>
  readonly #descriptor: number
  #envelope = 0
  #content = 0
  #isOpen = true

  private constructor(folder: string, names: ReturnType<typeof newDropNames>, descriptor: number) {
    this.#folder = folder
    this.#names = names
    this.#descriptor = descriptor
  }

  /** Makes the file, under a name that the server does not take yet. */
  static create(folder: string, envelope: DropEnvelope): DropWriter {
    const names = newDropNames(Date.now())
    const octets = formatDropEnvelope(envelope)
    const writer = new DropWriter(folder, names, newFile(folder, names.temporary))
    writer.#envelope = octets.length
    writer.#write(Buffer.concat([Buffer.alloc(dropHeadSize), octets]))
    return writer
  }

  /** Adds octets of the message. */
  write(chunk: Buffer): void {
    this.#content += chunk.length
    this.#write(chunk)
  }

  #write(chunk: Buffer): void {
    this.#attempt(() => {
      for (let at = 0; at < chunk.length; ) at += writeSync(this.#descriptor, chunk, at)
    })
  }

  /** The message is whole: it is durable, and the server's, when this has returned. */
  finish(): void {
    this.#attempt(() => {
      const head = formatDropHead({ envelope: this.#envelope, content: this.#content })
      writeSync(this.#descriptor, head, 0)
      // Whatever the umask of the program says.
      fchmodSync(this.#descriptor, fileMode)
      fsyncSync(this.#descriptor)
      renameSync(join(this.#folder, this.#names.temporary), join(this.#folder, this.#names.whole))
    })
    this.#isOpen = false
    try {
      this.#syncName()
    } catch (error) {
      // What is not durable was not queued, unless the server has it already.
      if (hasUnlinked(join(this.#folder, this.#names.whole))) throw dropFailure(this.#folder, error)
    } finally {
      closeSync(this.#descriptor)
    }
  }

  /**
   * Makes the new name durable. Only the folder's owner may open it. For everybody else a second sync of the file does the same, on file
   * systems with a journal (ext4, XFS, Btrfs): a rename changes the inode, too.
   */
  #syncName(): void {
    fsyncSync(this.#descriptor)
    const folder = folderOf(this.#folder)
    if (folder === undefined) return
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  }

  #attempt(step: () => void): void {
    try {
      if (!this.#isOpen) throw new Error('the message was given up')
      step()
    } catch (error) {
      this.abandon()
      throw dropFailure(this.#folder, error)
    }
  }

  /** Removes the file, where it is not whole yet. */
  abandon(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    // The server removes what is left, after a while.
    hasUnlinked(join(this.#folder, this.#names.temporary))
    closeSync(this.#descriptor)
  }
}

function newFile(folder: string, name: string): number {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
  try {
    return openSync(join(folder, name), flags, 0o600)
  } catch (error) {
    throw dropFailure(folder, error)
  }
}

function folderOf(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  } catch {
    return undefined
  }
}

function hasUnlinked(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}
