import { DropWriter } from '../../../core/cli/sendmail/drop-writer.ts'
import type { DropEnvelope } from '../../../core/formats/drop-file.ts'

/** Puts a message into a drop folder, as the command does. */
export async function dropMessage(
  folder: string,
  { sender = 'jo@example.org', recipients = ['anna@example.org'], ...more }: Partial<DropEnvelope>,
  text: string | Buffer = 'Subject: x\n\nhello\n',
): Promise<void> {
  const writer = await DropWriter.create(folder, { sender, recipients, ...more })
  await writer.write(Buffer.from(text))
  await writer.finish()
}
