import type { HookSubject } from '../host/hook-point.ts'
import { createMessage } from '../message/create-message.ts'
import { formatAddress } from '../model/address/address.ts'
import type { Content } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import type { Finding } from '../model/finding.ts'
import type { Message } from '../model/message.ts'
import { notWithoutOthers } from '../model/outcome.ts'
import { formatReply, isRefusal, isTransient, localError, type Reply, reply } from '../model/reply.ts'
import type { Transaction } from '../model/transaction.ts'
import { queue, type RecipientAnswer } from '../services/queue.ts'
import type { Delivery } from './delivery.ts'
import { editText } from './edit-text.ts'
import { prepareMessage } from './prepare-message.ts'
import { queueAnswers } from './queue-answers.ts'
import { recipientsAfter } from './recipients-after.ts'
import { refusal } from './refusal.ts'
import type { FlowContext } from './surroundings.ts'
import { makeVariants } from './variants.ts'

/** From the end of DATA to the answer: prepare, inspect, check, rewrite, and the queue's word for each recipient. */
export async function processMessage(
  context: FlowContext,
  delivery: Delivery,
  transaction: Transaction,
  subject: HookSubject,
  content: Content,
): Promise<readonly RecipientAnswer[]> {
  const received = await createMessage(content)
  const prepared = await prepareMessage(context, transaction, received, subject)
  const message = prepared ?? received
  const decided = prepared === undefined ? localError : await decide(context, transaction, message, subject)
  const answers =
    'code' in decided
      ? everyone(transaction, decided)
      : await handOver(context, delivery, transaction, message, decided, subject)
  conclude(context, transaction, message, subject, answers)
  return answers
}

/** The edits to apply, or the reply that refuses the message. */
async function decide(
  context: FlowContext,
  transaction: Transaction,
  message: Message,
  subject: HookSubject,
): Promise<readonly Edit[] | Reply> {
  const { hooks } = context
  const inspected = await hooks.data.inspect.collect<Finding>([transaction, message], subject)
  const failed = inspected.failed.map((by) => ({
    test: `${by.split('/')[0]}/failed`,
    score: 0,
    text: `${by} failed`,
  }))
  const findings = Object.freeze([...inspected.answers, ...failed].map(frozenFinding))
  for (const { test, score, text } of findings)
    context.record('finding', subject, { by: test, text, facts: { score } })
  const refused = refusal(
    await hooks.data.checkMessage.decide<Reply>([transaction, message, findings], subject),
  )
  if (refused !== undefined) return refused
  const edited = await hooks.data.rewriteMessage.rewrite<readonly Edit[]>(
    [],
    [transaction, message, findings],
    subject,
  )
  if (edited.kind === 'fault') return localError
  for (const edit of edited.value) context.record('edited', subject, { text: editText(edit) })
  return edited.value
}

/** All taps that decide on a message see the same. */
function frozenFinding({ test, score, text, data }: Finding): Finding {
  return Object.freeze({ test, score, text, ...(data === undefined ? {} : { data }) })
}

async function handOver(
  context: FlowContext,
  delivery: Delivery,
  transaction: Transaction,
  message: Message,
  edits: readonly Edit[],
  subject: HookSubject,
): Promise<readonly RecipientAnswer[]> {
  const recipients = await recipientsAfter(context, delivery, transaction, edits, subject)
  const service = context.services.find(queue)
  if (recipients === undefined || service === undefined) return everyone(transaction, localError)
  if (recipients.length === 0) return everyone(transaction, taken(transaction))
  const variants = await makeVariants(message, recipients, edits)
  const atomic = transaction.session.role !== 'lmtp'
  const answered = await service.accept({ transaction, variants, atomic })
  const handedOver = variants.flatMap((variant) => variant.recipients)
  const answers = queueAnswers(context, handedOver, answered, subject)
  return atomic ? oneForAll(transaction, answers) : eachTheirs(transaction, answers)
}

/**
 * SMTP's one answer. A refusal wins over an acceptance and "later" over "never": better twice than not at all.
 * RFC 5321 §4.1.1.4.
 */
function oneForAll(
  transaction: Transaction,
  answers: readonly RecipientAnswer[],
): readonly RecipientAnswer[] {
  return everyone(transaction, refusalAmong(answers) ?? taken(transaction))
}

function refusalAmong(answers: readonly RecipientAnswer[]): Reply | undefined {
  const refusals = answers.map((answer) => answer.reply).filter(({ code }) => code >= 400)
  // Who waits for the others has no reason to come back where they never can.
  const own = refusals.filter((answer) => answer !== notWithoutOthers.reply)
  return own.find(isTransient) ?? own[0] ?? refusals[0]
}

/**
 * LMTP's answers (RFC 2033 §4.2): one for each RCPT. Whom an edit removed shares the answer of those whom edits added: they may
 * stand in its place.
 */
function eachTheirs(
  transaction: Transaction,
  answers: readonly RecipientAnswer[],
): readonly RecipientAnswer[] {
  const byAddress = new Map(answers.map((answer) => [formatAddress(answer.recipient), answer.reply]))
  const named = new Set(transaction.recipients.map(({ forwardPath }) => formatAddress(forwardPath)))
  const added = answers.filter(({ recipient }) => !named.has(formatAddress(recipient)))
  const inTheirPlace = refusalAmong(added) ?? taken(transaction)
  return transaction.recipients.map(({ forwardPath }) => {
    const answer = byAddress.get(formatAddress(forwardPath)) ?? inTheirPlace
    // Whoever asks later what became of it has the queue id from here, as by SMTP.
    return { recipient: forwardPath, reply: isRefusal(answer) ? answer : taken(transaction) }
  })
}

function everyone({ recipients }: Transaction, answer: Reply): readonly RecipientAnswer[] {
  return recipients.map(({ forwardPath }) => ({ recipient: forwardPath, reply: answer }))
}

function taken({ id }: Transaction): Reply {
  return reply(250, '2.0.0', `Taken as ${id}`)
}

function conclude(
  context: FlowContext,
  transaction: Transaction,
  message: Message,
  subject: HookSubject,
  answers: readonly RecipientAnswer[],
): void {
  const [first] = answers
  const accepted = answers.some((answer) => answer.reply.code < 400)
  const text = first === undefined ? 'nobody' : formatReply(first.reply).replaceAll('\r\n', ' / ')
  const facts = {
    size: message.size,
    recipients: transaction.recipients.map((one) => formatAddress(one.forwardPath)),
  }
  context.record(accepted ? 'accepted' : 'refused', subject, { text, facts })
  const sender = transaction.reversePath === null ? '<>' : formatAddress(transaction.reversePath)
  const { session, transaction: id } = subject
  context.log.info(accepted ? 'accepted' : 'refused', { session, transaction: id, sender, ...facts, text })
  if (accepted) context.inBackground(context.hooks.data.accepted.notify([transaction, message], subject))
}
