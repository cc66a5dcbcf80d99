import { createReadStream, fstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runSendmail } from './command.ts'
import type { DropWriter } from './drop-writer.ts'
import { exitCodes } from './exit-codes.ts'

/** Runs the command as this process: its standard streams, its signals, its exit code. */
export async function sendmailProcess(name: string, words: readonly string[]): Promise<void> {
  const writers = new Set<DropWriter>()
  // What is not whole is not queued, and the caller is told to try again.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      for (const writer of writers) writer.abandon()
      process.exit(exitCodes.temporary)
    })
  // A warning that nobody takes must not cost the message.
  process.stderr.on('error', () => undefined)
  process.exitCode = await runSendmail(name, words, {
    stdin: standardInput(),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    environment: process.env,
    mailwright: mailwright(),
    writing: (writer) => void writers.add(writer),
  })
  // A pipe that nobody closes would keep the process alive.
  process.stdin.destroy()
}

/** The words that run `mailwright`. The program is in the same place of the package for compiled sources and others. */
export function mailwright(): readonly string[] {
  const folder = dirname(fileURLToPath(import.meta.resolve('mailwright/package.json')))
  return [process.execPath, join(folder, 'core/cli/launch.mjs')]
}

/** Node.js takes a folder for an input without octets; reading it fails, as it should. */
function standardInput(): AsyncIterable<Buffer> {
  return fstatSync(0).isDirectory() ? createReadStream('', { fd: 0 }) : process.stdin
}
