import { mkdtemp, open, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkKills } from './kill-check.ts'
import { checkFolderSync, checkRename } from './name-checks.ts'
import { proofFolder, verifyCut, writeUntilCut } from './power-cut.ts'
import { recordSize } from './record.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-proof-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test('names and renames are good on a file system that is', async () => {
  expect(await checkFolderSync(folder)).toMatchObject({ level: 'good' })
  expect(await checkRename(folder)).toMatchObject({ level: 'good' })
})

test('folders whose names cannot be synced are bad', async () => {
  expect(await checkFolderSync(join(folder, 'not there'))).toMatchObject({ level: 'bad' })
})

test('processes that are killed have everything that they confirmed', async () => {
  expect(await checkKills(folder, 2)).toMatchObject({
    level: 'good',
    text: expect.stringMatching(/^2 /) as unknown,
  })
})

describe('a power cut', () => {
  /** Writes so many records and more, as if the power went then; answers what was told last. */
  async function cutAfter(records: number): Promise<number> {
    let safe = 0
    const told: number[] = []
    await writeUntilCut(
      folder,
      (number) => {
        safe = number
        told.push(number)
      },
      () => safe >= records || told.length > 1_000,
    )
    return safe
  }

  test('that took nothing: what was told is there, and the proof is removed', async () => {
    const told = await cutAfter(10)
    expect(await verifyCut(folder, told)).toMatchObject({ level: 'good' })
    expect(await readdir(folder)).toEqual([])
  })

  test('that took the last record, or half of it', async () => {
    const told = await cutAfter(10)
    const log = join(proofFolder(folder), 'log')
    await truncate(log, told * recordSize - 1)
    expect(await verifyCut(folder, told)).toMatchObject({
      level: 'bad',
      text: `records were lost: ${told} were told to be safe, and only the first ${told - 1} are there`,
    })
    // The proof stays for whoever wants to look.
    expect(await verifyCut(folder, told - 1)).toMatchObject({ level: 'good' })
  })

  test('that took octets in the middle, or a file', async () => {
    const told = await cutAfter(10)
    const file = await open(join(proofFolder(folder), 'log'), 'r+')
    await file.write(Buffer.alloc(recordSize), 0, recordSize, 4 * recordSize)
    await file.close()
    expect((await verifyCut(folder, told)).text).toContain('only the first 4 are there')
  })

  test('that took the name of a file', async () => {
    let safe = 0
    await writeUntilCut(
      folder,
      () => undefined,
      () => ++safe > 8,
    )
    await rm(join(proofFolder(folder), 'new/50'))
    expect(await verifyCut(folder, 60)).toMatchObject({
      level: 'bad',
      text: expect.stringContaining('50') as unknown,
    })
  })

  test('of which there is no proof is not taken for one; one that was not looked at is not written over', async () => {
    expect(await verifyCut(folder, 1)).toMatchObject({ level: 'bad' })
    await cutAfter(1)
    await expect(writeUntilCut(folder, () => undefined)).rejects.toMatchObject({ code: 'MAIL_E_EXISTS' })
  })
})
