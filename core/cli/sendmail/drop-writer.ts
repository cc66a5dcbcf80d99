import { unlinkSync } from 'node:fs'
import { constants, type FileHandle, open, rename, unlink } from 'node:fs/promises'
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

/** One message on its way into a drop folder. What fails is a SendmailError, and leaves no file behind. */
export class DropWriter {
  readonly #folder: string
  readonly #names: ReturnType<typeof newDropNames>
  readonly #file: FileHandle
  readonly #envelope: number
  #content = 0
  #isOpen = true

  private constructor(
    folder: string,
    names: ReturnType<typeof newDropNames>,
    file: FileHandle,
    envelope: number,
  ) {
    this.#folder = folder
    this.#names = names
    this.#file = file
    this.#envelope = envelope
  }

  /** Makes the file, under a name that the server does not take yet. */
  static async create(folder: string, envelope: DropEnvelope): Promise<DropWriter> {
    const names = newDropNames(Date.now())
    const octets = formatDropEnvelope(envelope)
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
    const file = await open(join(folder, names.temporary), flags, 0o600).catch((error: unknown) => {
      throw dropFailure(folder, error)
    })
    const writer = new DropWriter(folder, names, file, octets.length)
    await writer.#write(Buffer.concat([Buffer.alloc(dropHeadSize), octets]))
    return writer
  }

  /** Adds octets of the message. */
  async write(chunk: Buffer): Promise<void> {
    this.#content += chunk.length
    await this.#write(chunk)
  }

  async #write(chunk: Buffer): Promise<void> {
    try {
      for (let at = 0; at < chunk.length; ) at += (await this.#file.write(chunk, at)).bytesWritten
    } catch (error) {
      throw await this.#failure(error)
    }
  }

  /** The message is whole: resolves when it is durable, and the server's from then on. */
  async finish(): Promise<void> {
    try {
      const head = formatDropHead({ envelope: this.#envelope, content: this.#content })
      await this.#file.write(head, 0)
      // Whatever the umask of the program says.
      await this.#file.chmod(fileMode)
      await this.#file.sync()
      await rename(join(this.#folder, this.#names.temporary), join(this.#folder, this.#names.whole))
    } catch (error) {
      throw await this.#failure(error)
    }
    this.#isOpen = false
    try {
      await this.#syncName()
    } catch (error) {
      await this.#takeBack(error)
    }
    await this.#file.close()
  }

  /**
   * Makes the new name durable. Only the folder's owner may open it. For everybody else a second sync of the file does the same, on file
   * systems with a journal (ext4, XFS, Btrfs): a rename changes the inode, too.
   */
  async #syncName(): Promise<void> {
    await this.#file.sync()
    const folder = await open(this.#folder, constants.O_RDONLY | constants.O_DIRECTORY).catch(() => undefined)
    try {
      await folder?.sync()
    } finally {
      await folder?.close()
    }
  }

  /** What is not durable was not queued, unless the server has it already. */
  async #takeBack(error: unknown): Promise<void> {
    const isBack = await unlink(join(this.#folder, this.#names.whole)).then(
      () => true,
      () => false,
    )
    if (isBack) throw await this.#failure(error)
  }

  async #failure(error: unknown): Promise<Error> {
    this.abandon()
    await this.#file.close().catch(() => undefined)
    return dropFailure(this.#folder, error)
  }

  /** Removes the file, where it is not whole yet. At once, so that a signal can do it. */
  abandon(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    try {
      unlinkSync(join(this.#folder, this.#names.temporary))
    } catch {
      // The server removes what is left, after a while.
    }
    void this.#file.close().catch(() => undefined)
  }
}
