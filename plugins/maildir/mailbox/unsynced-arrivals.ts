import { parseMaildirFileName } from 'mailwright/formats'
import type { IndexTable } from '../index/index-table.ts'

/** What the index says is to be done. */
type Pending = Pick<IndexTable, 'arriving' | 'leaving'>

// All of them are looked at with each change.
const many = 1000

/**
 * Messages that the index calls arriving and that are in `cur` already. A power cut may put them back into `tmp`, so that
 * the index goes on saying it until `cur` was synced; that is done for many of them together, and nobody waits for it.
 */
export class UnsyncedArrivals {
  readonly #fileNames = new Set<string>()
  readonly #namesInTmp: () => Promise<readonly string[]>
  readonly #later: () => void

  /** `later` is called when `cur` should be synced soon. */
  constructor(namesInTmp: () => Promise<readonly string[]>, later: () => void) {
    this.#namesInTmp = namesInTmp
    this.#later = later
  }

  /** Whether `cur` is to be synced without waiting for a better moment. */
  get areMany(): boolean {
    return this.#fileNames.size > many
  }

  /** They are in `cur` now. */
  add(fileNames: readonly string[]): void {
    for (const fileName of fileNames) this.#fileNames.add(fileName)
    this.#later()
  }

  /** Whether nothing else is left to be done in the mailbox. */
  areAll({ arriving, leaving }: Pending): boolean {
    return leaving.length === 0 && arriving.every((fileName) => this.#fileNames.has(fileName))
  }

  /** The same, with what another process has moved into `cur`. */
  async areSettled(pending: Pending): Promise<boolean> {
    if (this.areAll(pending)) return true
    const { arriving, leaving } = pending
    if (leaving.length > 0 || !haveArrived(arriving, await this.#namesInTmp())) return false
    this.add(arriving)
    return true
  }

  /** `cur` was synced, or somebody looks at all of them again. */
  forget(): void {
    this.#fileNames.clear()
  }
}

/** Whether none of the messages that are arriving is in `tmp` any more, where these are the names there. */
function haveArrived(arriving: readonly string[], inTmp: readonly string[]): boolean {
  if (inTmp.length === 0) return true
  const waiting = new Set(inTmp)
  return !arriving.some((fileName) => waiting.has(parseMaildirFileName(fileName)?.base ?? ''))
}
