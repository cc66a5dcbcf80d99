import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../../disk/sync-folder.ts'
import { MailwrightError } from '../../errors.ts'
import { bad, type Finding, good } from './finding.ts'
import { RecordFiles, readRecords, removeRecords } from './record-files.ts'

/** Records after which there is no use in writing more: 800 MB. */
const mostRecords = 10_000_000
/** Milliseconds between two lines. */
const tellEvery = 200

/** Where both phases find what the first one writes. */
export function proofFolder(folder: string): string {
  return join(folder, 'mailwright-power-cut-proof')
}

/**
 * The first phase: writes until the power goes, or `isOver`, and tells how many records are safe. MAIL_E_EXISTS where an earlier
 * proof has not been looked at.
 */
export async function writeUntilCut(
  folder: string,
  tell: (safe: number) => void,
  isOver: () => boolean = () => false,
): Promise<number> {
  const place = proofFolder(folder)
  try {
    await mkdir(place)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new MailwrightError('MAIL_E_EXISTS', `${place} is there: verify that proof first, or remove it`)
  }
  const run = randomBytes(8).toString('hex')
  await writeFile(join(place, 'run'), run, { flush: true })
  const files = await RecordFiles.create(place, run)
  await syncFolder(dirname(place))
  let [safe, told] = [0, Number.NEGATIVE_INFINITY]
  try {
    while (!isOver() && safe < mostRecords) {
      safe = await files.write(10)
      if (performance.now() - told < tellEvery) continue
      told = performance.now()
      tell(safe)
    }
  } finally {
    await files.close()
  }
  tell(safe)
  return safe
}

/** The second phase, after the power came back: looks for all records up to a number that was told. Removes the proof where they are there. */
export async function verifyCut(folder: string, told: number): Promise<Finding> {
  const place = proofFolder(folder)
  const subject = 'power cut'
  const run = await readFile(join(place, 'run'), 'latin1').catch(() => '')
  if (run === '')
    return bad(subject, `there is nothing in ${place}: no --power-cut has run here, or all of it is gone`)
  const { records, missingFiles } = await readRecords(place, run, told)
  if (records < told)
    return bad(
      subject,
      `records were lost: ${told} were told to be safe, and only the first ${records} are there`,
    )
  if (missingFiles.length > 0)
    return bad(
      subject,
      `files were lost that had been told to be safe: records ${missingFiles.slice(0, 20).join(', ')}`,
    )
  await removeRecords(place)
  return good(subject, `all ${told} records that were told to be safe are there, and ${records - told} more`)
}
