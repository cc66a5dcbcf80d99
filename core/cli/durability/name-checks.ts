import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../disk/sync-folder.ts'
import { errorText } from '../../errors.ts'
import { bad, type Finding, good } from './finding.ts'

const rounds = 300
const size = 65_536

/** Whether the names of new files can be made durable. */
export async function checkFolderSync(folder: string): Promise<Finding> {
  const subject = 'sync of folders'
  try {
    await mkdir(join(folder, 'names'))
    const file = await open(join(folder, 'names/file'), 'wx')
    await file.close()
    await syncFolder(join(folder, 'names'))
    return good(subject, 'works')
  } catch (error) {
    // That says nothing of syncs.
    if (isFull(error)) throw error
    return bad(subject, `does not work: ${errorText(error)}. Names of new files may be lost`)
  }
}

/** Whether a file that is put in the place of another one is seen whole by whoever reads meanwhile: the old one, or the new one. */
export async function checkRename(folder: string): Promise<Finding> {
  const subject = 'rename'
  const path = join(folder, 'renamed')
  await writeFile(path, content(0))
  let isDone = false
  const writing = replaceOften(path).finally(() => {
    isDone = true
  })
  // It is waited for below; until then nobody else hears of it.
  writing.catch(() => undefined)
  let reads = 0
  while (!isDone) {
    const octets = await readFile(path).catch(() => undefined)
    if (octets === undefined || !isWhole(octets)) {
      await writing
      return bad(subject, 'readers see a file that is replaced half or not at all')
    }
    reads++
  }
  await writing
  return good(
    subject,
    `a file that was replaced ${rounds} times was read ${reads} times meanwhile, and whole each time`,
  )
}

async function replaceOften(path: string): Promise<void> {
  for (let round = 1; round <= rounds; round++) {
    await writeFile(`${path}.new`, content(round))
    await rename(`${path}.new`, path)
  }
}

function content(round: number): Buffer {
  return Buffer.alloc(size, round % 256)
}

function isWhole(octets: Buffer): boolean {
  return octets.length === size && octets.equals(Buffer.alloc(size, octets[0]))
}

function isFull(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT'
}
