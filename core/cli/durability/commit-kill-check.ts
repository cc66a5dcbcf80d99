import { randomInt } from 'node:crypto'
import type { Database } from '../../services/database.ts'
import { doomedCommitter } from './doomed-committer.ts'
import { bad, doubt, type Finding, good } from './finding.ts'
import { killedWriter } from './killed-writer.ts'
import { rowsOf } from './proof-table.ts'

const subject = 'database, kill -9'
/** Milliseconds in which a process is killed after its first commit. */
const longestLife = 300

/**
 * Kills processes that commit rows to the database of a config, so many times, and looks for every row that had been acknowledged. The
 * table has to be there.
 */
export async function checkCommitKills(
  database: Database,
  configFile: string,
  kills: number,
): Promise<Finding> {
  let promised = 0
  for (let run = 1; run <= kills; run++) {
    const words = [...process.execArgv, doomedCommitter, configFile, String(run)]
    const { number, complaint } = await killedWriter(words, randomInt(longestLife))
    if (number === 0) return doubt(subject, `could not be tried: ${complaint || 'nothing was committed'}`)
    const rows = await rowsOf(database, run, number)
    if (rows < number)
      return bad(
        subject,
        `a process that was killed had committed ${number} rows, and ${rows} of them are there`,
      )
    promised += number
  }
  return good(
    subject,
    `${kills} processes killed while they committed; all ${promised} rows that had been acknowledged are there`,
  )
}
