// A program that writes records until it is killed: `doomed-writer FOLDER RUN`. Each number that it writes to
// its descriptor 3 is durable.
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { words } from './killed-writer.ts'
import { RecordFiles } from './record-files.ts'

/** Its path. */
export const doomedWriter: string = fileURLToPath(import.meta.url)

async function writeUntilKilled(folder: string, run: string): Promise<void> {
  const files = await RecordFiles.create(folder, run)
  for (let group = 1; ; group = (group % 20) + 1) writeSync(words, `${await files.write(group)}\n`)
}

const [, program, folder = '', run = ''] = process.argv
if (program === doomedWriter) await writeUntilKilled(folder, run)
