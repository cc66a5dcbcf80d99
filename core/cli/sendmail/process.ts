import { join } from 'node:path'
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
  process.exitCode = await runSendmail(name, words, {
    stdin: process.stdin,
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    environment: process.env,
    mailwright: [process.execPath, launcher()],
    writing: (writer) => void writers.add(writer),
  })
  // A pipe that nobody closes would keep the process alive.
  process.stdin.destroy()
}

/** The program that finds compiled sources and others; it is in the same place of the package for both. */
function launcher(): string {
  return join(fileURLToPath(import.meta.resolve('mailwright/package.json')), '../core/cli/launch.mjs')
}
