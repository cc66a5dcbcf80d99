import { spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { doomedWriter } from './doomed-writer.ts'
import { bad, type Finding, good } from './finding.ts'
import { readRecords } from './record-files.ts'

/** Milliseconds in which a writer is killed after its first answer. */
const longestLife = 300

/** Kills writers in the middle of their work, so many times, and looks for everything that they said was durable. */
export async function checkKills(folder: string, kills: number): Promise<Finding> {
  const subject = 'kill -9'
  let promised = 0
  for (let kill = 0; kill < kills; kill++) {
    const place = join(folder, `kill-${kill}`)
    await mkdir(place)
    const run = randomBytes(8).toString('hex')
    const said = await killedAt(place, run, randomInt(longestLife))
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

/** Lets a writer live for some milliseconds; answers the last number that it said. */
async function killedAt(folder: string, run: string, life: number): Promise<number> {
  const child = spawn(process.execPath, [doomedWriter, folder, run], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    if (text === '') setTimeout(() => child.kill('SIGKILL'), life)
    text = (text + chunk).slice(-64)
  })
  await once(child, 'close')
  // The last line may be half a line.
  return Number(/(\d+)\n[^\n]*$/.exec(text)?.[1] ?? 0)
}
