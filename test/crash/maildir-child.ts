// A process that works on a Maildir until it is done or dies. Each line it prints is true when it is printed.
import { writeSync } from 'node:fs'
import { systemClock } from 'mailwright'
import { nodeFileSystem } from '../../plugins/maildir/files/file-system.ts'
import { interferedFiles } from '../support/faults/failing-files.ts'
import { isLogged, openMaildir, tasks } from './maildir-tasks.ts'

const [task = '', root = '', name = ''] = process.argv.slice(2)
const dieAt = Number(process.env.DIE_AT)
const files = interferedFiles(nodeFileSystem, ({ number }) => {
  if (number === dieAt) process.kill(process.pid, 'SIGKILL')
})
const run = Object.entries(tasks).find(([each]) => each === task)?.[1]
await run?.(await openMaildir(root, files, systemClock, isLogged(task)), say, name)

/** Lines are whole, or not there: they are shorter than what a pipe takes at once. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`)
      return
    } catch (error) {
      // Who reads them is slower at the moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}
