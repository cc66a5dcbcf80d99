import { errorCode } from '../errors.ts'
import { UsageError } from './context.ts'
import { printError } from './output.ts'
import { runCommandLine } from './program.ts'

const output = {
  stdout: (text: string) => void process.stdout.write(text),
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

// A reader who leaves early, such as `head`, is no fault of ours. Who waits for a write hears of it from that.
process.stdout.on('error', () => undefined)

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    output,
    stdin: process.stdin,
    folder: process.cwd(),
  })
} catch (error) {
  printError(output, process.argv.includes('--json'), error)
  process.exitCode = error instanceof UsageError || errorCode(error) === 'MAIL_E_CONFIG_NOT_FOUND' ? 2 : 1
}
