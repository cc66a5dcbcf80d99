import { randomBytes, randomInt } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { doomedWriter } from './doomed-writer.ts'
import { bad, type Finding, good, untried } from './finding.ts'
import { killedWriter } from './killed-writer.ts'
import { readRecords } from './record-files.ts'

/** Milliseconds in which a writer is killed after its first answer. */
const longestLife = 300

/** Kills writers in the middle of their work, so many times, and looks for everything that they said was durable. */
export async function checkKills(folder: string, kills: number, signal?: AbortSignal): Promise<Finding> {
  const subject = 'kill -9'
  let promised = 0
  for (let kill = 0; kill < kills; kill++) {
    signal?.throwIfAborted()
    const place = join(folder, `kill-${kill}`)
    await mkdir(place)
    const run = randomBytes(8).toString('hex')
    const words = [doomedWriter, place, run]
    const { number: said, complaint } = await killedWriter(words, randomInt(longestLife))
    if (said === 0) return untried(subject, `could not be tried: ${complaint || 'nothing was written'}`)
    const { records, missingFiles } = await readRecords(place, run, said)
    if (records < said || missingFiles.length > 0) {
      const lost =
        records < said ? `records from ${records + 1} to ${said}` : `files ${missingFiles.join(', ')}`
      return bad(
        subject,
        `a process that was killed had said that they were safe, and they are not there: ${lost}`,
      )
    }
    promised += said
  }
  return good(
    subject,
    `${kills} processes killed in the middle of writing; all ${promised} records that they had confirmed are there`,
  )
}
