import { spawnSync } from 'node:child_process'
import { parseArguments, type SendmailArguments } from './arguments.ts'
import { findDropFolder, pointerFile } from './drop-location.ts'
import type { DropWriter } from './drop-writer.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'
import { helpText } from './help.ts'
import { localUser } from './local-user.ts'
import { speakSmtp } from './smtp-dialogue.ts'
import { type SubmissionSurroundings, submitMessage } from './submission.ts'

/** What the command uses of its process. */
export interface SendmailSurroundings {
  readonly stdin: AsyncIterable<Buffer>
  stdout(text: string): void
  stderr(text: string): void
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The words that run `mailwright` in another process. */
  readonly mailwright: readonly string[]
  /** `/etc/mailwright/drop` where absent. */
  readonly pointerFile?: string
  /** Told of each file that is being written, so that a signal can remove it. */
  writing?(writer: DropWriter): void
}

/**
 * Runs `sendmail`, `mailq` or `newaliases`; answers the exit code, one of sysexits.h. Nothing but what is needed to queue a message is
 * loaded for it: cron and web servers run it all the time.
 */
export async function runSendmail(
  name: string,
  words: readonly string[],
  surroundings: SendmailSurroundings,
): Promise<number> {
  try {
    const given = parseArguments(name, words)
    for (const warning of given.warnings) surroundings.stderr(`${name}: ${warning}\n`)
    return await run(given, surroundings)
  } catch (error) {
    const known = error instanceof SendmailError ? error : undefined
    surroundings.stderr(`${name}: ${printable(known?.message ?? String(error))}\n`)
    return known?.exitCode ?? exitCodes.temporary
  }
}

async function run(given: SendmailArguments, surroundings: SendmailSurroundings): Promise<number> {
  switch (given.mode) {
    case 'help':
      surroundings.stdout(helpText())
      return exitCodes.ok
    case 'nothing':
      return exitCodes.ok
    case 'list-queue':
      return otherCommand(['queue', 'list'], given, surroundings)
    case 'flush-queue':
      return otherCommand(['queue', 'flush', ...given.flush], given, surroundings)
    case 'smtp':
      await speakSmtp(surroundings.stdin, surroundings.stdout, submissionSurroundings(given, surroundings))
      return exitCodes.ok
    case 'message':
      await submitMessage(given, surroundings.stdin, submissionSurroundings(given, surroundings))
      return exitCodes.ok
  }
}

function submissionSurroundings(
  { dropFolder, configFile }: SendmailArguments,
  surroundings: SendmailSurroundings,
): SubmissionSurroundings {
  const { environment, mailwright, writing } = surroundings
  return {
    dropFolder: findDropFolder({
      dropFolder,
      configFile,
      environment,
      mailwright,
      pointerFile: surroundings.pointerFile ?? pointerFile,
    }),
    user: localUser(),
    environment,
    writing: (writer) => writing?.(writer),
  }
}

/** The queue is another command's, which loads the config and all plugins. */
function otherCommand(
  command: readonly string[],
  { configFile }: SendmailArguments,
  { mailwright }: SendmailSurroundings,
): number {
  const [program = '', ...words] = mailwright
  const config = configFile === undefined ? [] : ['--config', configFile]
  const { status } = spawnSync(program, [...words, ...config, ...command], { stdio: 'inherit' })
  return status === 0 ? exitCodes.ok : exitCodes.unavailable
}

/** Foreign text made fit for a terminal and for one line. */
function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}
