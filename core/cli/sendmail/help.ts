/** The options that do something; those of sendmail(1) that are not here are read and do nothing. */
const sendmailOptions: readonly { readonly flags: string; readonly summary: string }[] = [
  { flags: '-t', summary: 'recipients are in To, Cc and Bcc, too' },
  { flags: '-i, -oi', summary: 'a line with a dot alone does not end the message' },
  { flags: '-f <address>', summary: 'the reverse-path; "" or "<>" for none. -r is the same' },
  { flags: '-F <name>', summary: "the sender's name, for a From field that is missing" },
  { flags: '-N <words>', summary: 'what the sender wants to hear of: never, or success, failure, delay' },
  { flags: '-R <what>', summary: 'how much of the message comes back then: hdrs or full' },
  { flags: '-V <id>', summary: 'the envelope id of these notifications' },
  { flags: '-B <type>', summary: '7BIT or 8BITMIME' },
  { flags: '-bs', summary: 'speak SMTP on standard input and output' },
  { flags: '-bp', summary: 'list the queue; also by the name mailq' },
  { flags: '-q', summary: 'try what waits now; -qI<id> and -qR<domain>: some of it' },
  { flags: '--drop <folder>', summary: 'the drop folder' },
  { flags: '--config <file>', summary: 'the config; -C is the same' },
]

/** What the command is for. */
export const sendmailSummary =
  'queue a message from a program of this machine, as sendmail(1) does, also while the server is down'

/** What `sendmail --help` prints. */
export function helpText(): string {
  const rows = sendmailOptions.map(({ flags, summary }) => `  ${flags.padEnd(16)} ${summary}\n`)
  return `Usage: mailwright sendmail [options] [--] [recipient...]

${sendmailSummary}

${rows.join('')}
Exit codes are those of sysexits.h: 0 queued, 64 wrong words, 65 no address, 67 no recipient, 69 no drop folder,
74 the message cannot be read, 75 not now, 77 this user may not.
`
}
