import type { CliContext } from '../context.ts'
import type { CoreCommand } from '../program.ts'
import { sendmailSummary } from '../sendmail/help.ts'

type Surroundings = Pick<CliContext, 'output' | 'stdin'>

/** The words behind `sendmail`, with the config that is named before; undefined for other commands. Its words are not like theirs. */
export function sendmailWords(argv: readonly string[]): readonly string[] | undefined {
  const [first, file, third] = argv
  if (first === 'sendmail') return argv.slice(1)
  return first === '--config' && third === 'sendmail' ? ['--config', file ?? '', ...argv.slice(3)] : undefined
}

/** Runs it within this process, which has loaded everything; `launch.mjs` takes a shorter way. Answers the exit code. */
export async function runSendmailWords(
  words: readonly string[],
  { output, stdin }: Surroundings,
): Promise<number> {
  const { runSendmail } = await import('../sendmail/command.ts')
  const { mailwright } = await import('../sendmail/process.ts')
  return runSendmail('sendmail', words, {
    ...output,
    stdin,
    environment: process.env,
    mailwright: mailwright(),
  })
}

export const sendmailCommand: CoreCommand = {
  usage: 'sendmail [recipient...]',
  summary: sendmailSummary,
  examples: [
    'mailwright sendmail -t -i < message.eml',
    'ln -s "$(command -v mailwright)" /usr/sbin/sendmail',
  ],
  action: async ({ output, stdin }, words) => ({
    json: {},
    text: '',
    exitCode: await runSendmailWords(words, { output, stdin }),
  }),
}
