import { randomInt } from 'node:crypto'
import type { Database } from '../../services/database.ts'
import { doomedCommitter } from './doomed-committer.ts'
import { bad, doubt, type Finding, good } from './finding.ts'
import { killedWriter } from './killed-writer.ts'
import { rowsOf } from './proof-table.ts'

const subject = 'database, kill -9'
/** Milliseconds in which a process is killed after its first commit. */
const longestLife = 300

export interface CommitKills {
  readonly configFile: string
  readonly table: string
  readonly kills: number
  readonly signal?: AbortSignal
}

/**
 * Kills processes that commit rows to the database of a config, so many times, and looks for every row that had been acknowledged. The
 * table of the proof has to be there.
 */
export async function checkCommitKills(
  database: Database,
  { configFile, table, kills, signal }: CommitKills,
): Promise<Finding> {
  let promised = 0
  for (let run = 1; run <= kills; run++) {
    signal?.throwIfAborted()
    const argv = [...process.execArgv, doomedCommitter, configFile, table, String(run)]
    const { number, complaint } = await killedWriter(argv, randomInt(longestLife))
    if (number === 0) return doubt(subject, `could not be tried: ${complaint || 'nothing was committed'}`)
    const rows = await rowsOf(database, table, { run, most: number })
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
