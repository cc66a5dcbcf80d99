import { type FileHandle, mkdir, open, readFile, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../disk/sync-folder.ts'
import { countRecords, decodeRecord, encodeRecord, recordSize } from './record.ts'

/** Of so many records one is a file of its own, made as a mail in a Maildir is. */
const fileEvery = 50
/** Files of the newest so many records are kept. */
const filesKept = 5_000
/** Of those, so many are asked for: more may have been written than anybody was told. */
const filesAsked = 2_500

/** Appends numbered records, several with one sync, and now and then a file; tells how many are durable. */
export class RecordFiles {
  readonly #folder: string
  readonly #run: string
  readonly #log: FileHandle
  #written = 0

  private constructor(folder: string, run: string, log: FileHandle) {
    this.#folder = folder
    this.#run = run
    this.#log = log
  }

  /** A new run in a folder that is there and empty. */
  static async create(folder: string, run: string): Promise<RecordFiles> {
    await mkdir(join(folder, 'tmp'))
    await mkdir(join(folder, 'new'))
    const log = await open(join(folder, 'log'), 'wx', 0o600)
    await syncFolder(folder)
    return new RecordFiles(folder, run, log)
  }

  /** Writes so many more; answers how many are durable in all. */
  async write(count: number): Promise<number> {
    const numbers = Array.from({ length: count }, (_, index) => this.#written + index + 1)
    const octets = Buffer.concat(numbers.map((number) => encodeRecord(number, this.#run)))
    await this.#log.write(octets)
    await this.#log.datasync()
    for (const number of numbers) if (number % fileEvery === 0) await this.#file(number)
    this.#written += count
    return this.#written
  }

  close(): Promise<void> {
    return this.#log.close()
  }

  async #file(number: number): Promise<void> {
    const [staged, final] = [join(this.#folder, 'tmp', String(number)), fileOf(this.#folder, number)]
    const file = await open(staged, 'wx', 0o600)
    try {
      await file.write(encodeRecord(number, this.#run))
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(staged, final)
    await syncFolder(join(this.#folder, 'new'))
    if (number > filesKept) await unlink(fileOf(this.#folder, number - filesKept))
  }
}

/** What is left of a run. */
export interface Left {
  /** Records that are whole, from the first one on. */
  readonly records: number
  /** Records up to the number asked for whose own file is not there, or not whole. */
  readonly missingFiles: readonly number[]
}

/** Looks for the records up to a number that was said to be durable. */
export async function readRecords(folder: string, run: string, promised: number): Promise<Left> {
  const records = countRecords(await readFile(join(folder, 'log')), run)
  const missingFiles: number[] = []
  const oldest = Math.max(fileEvery, promised - filesAsked)
  for (let number = oldest - (oldest % fileEvery); number <= promised; number += fileEvery) {
    const octets = await readFile(fileOf(folder, number)).catch(() => Buffer.alloc(0))
    if (octets.length !== recordSize || decodeRecord(octets, run) !== number) missingFiles.push(number)
  }
  return { records, missingFiles }
}

function fileOf(folder: string, number: number): string {
  return join(folder, 'new', String(number))
}

/** Removes what a run has left. */
export function removeRecords(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true })
}
