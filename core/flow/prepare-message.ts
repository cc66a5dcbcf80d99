import type { HookSubject } from '../host/hook-point.ts'
import { applyEdits } from '../message/apply-edits.ts'
import type { MessageEdit } from '../model/edit.ts'
import type { Message } from '../model/message.ts'
import type { Transaction } from '../model/transaction.ts'
import { editText } from './edit-text.ts'
import type { FlowContext } from './surroundings.ts'

/** The message as all that follows sees it; undefined where a tap failed. */
export async function prepareMessage(
  context: FlowContext,
  transaction: Transaction,
  message: Message,
  subject: HookSubject,
): Promise<Message | undefined> {
  const { prepareMessage: hook } = context.hooks.data
  const edited = await hook.rewrite<readonly MessageEdit[]>([], [transaction, message], subject)
  if (edited.kind === 'fault') return undefined
  for (const edit of edited.value) context.record('edited', subject, { text: editText(edit) })
  return edited.value.length === 0 ? message : applyEdits(message, edited.value)
}
