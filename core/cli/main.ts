import { errorCode } from '../errors.ts'
import type { Log } from '../log.ts'
import { isWorker } from '../workers/worker.ts'
import { UsageError } from './context.ts'
import { type Output, printError } from './output.ts'
import { endProcess } from './process-end.ts'
import { runCommandLine, wantsJson } from './program.ts'

const argv = process.argv.slice(2)
const asJson = wantsJson(argv)
let isUnwritten = false
let log: Log | undefined

const output: Output = {
  stdout: (text: string) => void process.stdout.write(text, hear),
  notice: (text: string) => void process.stdout.write(text),
  stderr: (text: string) => void process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
  ...(process.stdout.isTTY === true ? {} : { octets }),
}

/** Resolves when the reader at the other end can take more. */
function octets(chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(chunk, (error) => (error ? reject(error) : resolve()))
  })
}

/** A result that is not where it should be is a failure. A reader who leaves early, such as `head`, is no fault of ours. */
function hear(error?: NodeJS.ErrnoException | null): void {
  if (!error || error.code === 'EPIPE' || isUnwritten) return
  isUnwritten = true
  printError(output, asJson, new Error(`standard output cannot be written: ${error.message}`))
  process.exitCode ||= 1
}

// Who writes hears of it from that; of standard error there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  const exitCode = await runCommandLine(argv, {
    output,
    stdin: process.stdin,
    folder: process.cwd(),
    logTo: (opened) => {
      log = opened
    },
  })
  process.exitCode = isUnwritten ? exitCode || 1 : exitCode
} catch (error) {
  // Between the lines of a log nothing else is to stand: whoever keeps the worker has been told.
  if (!isWorker) printError(output, asJson, error)
  process.exitCode = error instanceof UsageError || errorCode(error) === 'MAIL_E_CONFIG_NOT_FOUND' ? 2 : 1
}

endProcess((open) => {
  const resources = open.join(', ')
  if (log === undefined) output.stderr(`mailwright: ended although something is still open: ${resources}\n`)
  else log.warn('left-open', { resources: open })
})
