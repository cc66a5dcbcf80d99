import type { DropEnvelope } from '../../formats/drop-file.ts'
import type { SendmailArguments } from './arguments.ts'
import { DropWriter } from './drop-writer.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'
import type { LocalUser } from './local-user.ts'
import { messageText } from './message-text.ts'
import {
  checkedRecipients,
  readHeaderFirst,
  recipientsOfHeader,
  recipientsOfList,
  senderOf,
} from './recipients.ts'
import { withoutNul } from './without-nul.ts'

/** What a submission needs of the surroundings. */
export interface SubmissionSurroundings {
  readonly dropFolder: string
  readonly user: LocalUser
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Told of each file that is being written, so that a signal can remove it. */
  writing(writer: DropWriter): void
}

/** Takes one message from standard input into the drop folder. SendmailError where it was not queued. */
export async function submitMessage(
  given: SendmailArguments,
  input: AsyncIterable<Buffer>,
  surroundings: SubmissionSurroundings,
): Promise<void> {
  const named = given.recipients.flatMap(recipientsOfList)
  const { recipientsInHeader } = given
  if (!recipientsInHeader) checkedRecipients(named, 'on the command line')
  const sender = senderOf(given.sender ?? surroundings.user.login)
  const text = readable(messageText(input, given))
  const begun = recipientsInHeader ? await readHeaderFirst(text) : undefined
  const inHeader = begun === undefined ? [] : recipientsOfHeader(begun)
  const recipients = checkedRecipients([...named, ...inHeader], 'on the command line or in To, Cc and Bcc')
  const envelope = { sender, recipients, ...given.envelope, ...nameOf(given, surroundings) }
  const writer = DropWriter.create(surroundings.dropFolder, envelope)
  surroundings.writing(writer)
  try {
    if (begun !== undefined) writer.write(withoutNul(begun.octets))
    for await (const chunk of begun === undefined ? text : { [Symbol.asyncIterator]: () => begun.rest })
      writer.write(withoutNul(chunk))
  } catch (error) {
    writer.abandon()
    throw error
  }
  writer.finish()
}

/** `-F`, the variable NAME, or what the system says of the user, as Postfix has it. */
function nameOf(
  { fullName }: SendmailArguments,
  { environment, user }: SubmissionSurroundings,
): Pick<DropEnvelope, 'fullName'> {
  const name = fullName ?? environment.NAME ?? user.fullName
  return name === undefined || name === '' ? {} : { fullName: name }
}

/** Standard input may be a folder, or a disk that fails: EX_IOERR. */
async function* readable(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* input
  } catch (error) {
    if (error instanceof SendmailError) throw error
    throw new SendmailError(exitCodes.input, 'the message cannot be read from standard input', {
      cause: error,
    })
  }
}
