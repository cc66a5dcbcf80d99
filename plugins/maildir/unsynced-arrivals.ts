import { parseMaildirFileName } from 'mailwright'
import type { IndexTable } from './index-table.ts'

/**
 * Messages that the index calls arriving and that are in `cur` already. A power cut may put them back into `tmp`, so that
 * the index goes on saying it until `cur` was synced; that is done for many of them together, and nobody waits for it.
 */
export class UnsyncedArrivals {
  readonly #fileNames = new Set<string>()

  get size(): number {
    return this.#fileNames.size
  }

  /** They are in `cur` now. */
  add(fileNames: readonly string[]): void {
    for (const fileName of fileNames) this.#fileNames.add(fileName)
  }

  /** Whether nothing else is left to be done in the mailbox. */
  areAll({ arriving, leaving }: Pick<IndexTable, 'arriving' | 'leaving'>): boolean {
    return leaving.length === 0 && arriving.every((fileName) => this.#fileNames.has(fileName))
  }

  /** `cur` was synced, or somebody looks at all of them again. */
  forget(): void {
    this.#fileNames.clear()
  }
}

/** Whether none of the messages that are arriving is in `tmp` any more, where these are the names there. */
export function haveArrived(arriving: readonly string[], inTmp: readonly string[]): boolean {
  if (inTmp.length === 0) return true
  const waiting = new Set(inTmp)
  return !arriving.some((fileName) => waiting.has(parseMaildirFileName(fileName)?.base ?? ''))
}
