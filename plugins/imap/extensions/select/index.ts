import { errorCode, hasAllRights } from 'mailwright'
import type {
  ImapCall,
  ImapCommand,
  ImapExtension,
  ImapResult,
  ImapSelected,
  ImapSelectRequest,
  ImapSession,
} from 'mailwright/imap'
import { entriesMarkedDeleted } from '../../engine/deleted-entries.ts'
import { mailboxFacts } from '../../engine/keywords.ts'
import { isTrouble, ok, Refusal, resultOf, resultText } from '../../engine/result.ts'

type WhenOpen = (selected: ImapSelected) => void | Promise<void>

/** SELECT, EXAMINE, CLOSE and UNSELECT (RFC 9051 §6.3.2, §6.3.3, §6.4.1, §6.4.2), with parameters (RFC 4466 §2.1). */
export const select: ImapExtension = {
  name: 'select',
  capabilities: ({ state }) => (state === 'not authenticated' ? [] : ['UNSELECT']),
  commands: {
    SELECT: opening(false),
    EXAMINE: opening(true),
    CLOSE: {
      states: ['selected'],
      async run({ args, session }) {
        args.end()
        try {
          await expungeSilently(session)
        } catch (error) {
          tellFailure(session, error)
        } finally {
          await session.unselect()
        }
        return ok('Closed')
      },
    },
    UNSELECT: {
      states: ['selected'],
      async run({ args, session }) {
        args.end()
        await session.unselect()
        return ok('Closed')
      },
    },
  },
}

function opening(examine: boolean): ImapCommand {
  return {
    states: ['authenticated', 'selected'],
    async run(call) {
      call.args.space()
      const name = await mailboxOf(call)
      const tasks = readParameters(call)
      call.args.end()
      return open(call.session, name, examine, tasks)
    },
  }
}

function readParameters({ args, session }: ImapCall): readonly WhenOpen[] {
  const tasks: WhenOpen[] = []
  if (!args.takes(' ')) return tasks
  const request: ImapSelectRequest = { session, whenOpen: (task) => tasks.push(task) }
  const names = args.list(() => {
    const name = args.word()
    const parameter = session.server.vocabulary.selectParameters.get(name)
    if (parameter === undefined) return args.fail(`The parameter ${name} is unknown`)
    parameter(args, request)
    return name
  }, 1)
  if (new Set(names).size < names.length) args.fail('A parameter is given twice')
  return tasks
}

/** No mailbox is selected behind a SELECT that fails (RFC 9051 §6.3.2), for a name that is none as well. */
async function mailboxOf({ args, session }: ImapCall): Promise<string> {
  try {
    return args.mailbox()
  } catch (error) {
    if (error instanceof Refusal && error.result.status === 'NO') await leave(session)
    throw error
  }
}

async function leave(session: ImapSession): Promise<void> {
  if (session.selected === undefined) return
  await session.unselect()
  // RFC 9051 §7.1, RFC 7162 §3.2.11.
  session.out.untagged('OK [CLOSED] The mailbox before is closed')
}

async function open(
  session: ImapSession,
  name: string,
  examine: boolean,
  tasks: readonly WhenOpen[],
): Promise<ImapResult> {
  await leave(session)
  const selected = await session.select(name, examine)
  try {
    await describe(session, selected)
    for (const extension of session.server.extensions) await extension.opened?.(session, selected)
    for (const task of tasks) await task(selected)
  } catch (error) {
    await session.unselect()
    throw error
  }
  return selected.isReadOnly ? ok('Opened for reading', 'READ-ONLY') : ok('Opened', 'READ-WRITE')
}

async function describe(session: ImapSession, selected: ImapSelected): Promise<void> {
  const { out, enabled, server } = session
  const { mailbox, messages } = selected
  out.untagged(`FLAGS (${selected.flagNames().join(' ')})`)
  out.untagged(`OK [PERMANENTFLAGS (${(await selected.permanentFlags()).join(' ')})] Flags permitted`)
  out.untagged(`${messages.length} EXISTS`)
  if (!enabled.has('IMAP4REV2')) {
    out.untagged(`${selected.recentCount} RECENT`)
    const { firstUnseen } = mailboxFacts(messages)
    // RFC 9586 §3: that is a message number.
    if (firstUnseen > 0 && !enabled.has('UIDONLY')) out.untagged(`OK [UNSEEN ${firstUnseen}] First unseen`)
  }
  out.untagged(`OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`)
  out.untagged(`OK [UIDNEXT ${mailbox.uidNext}] Next UID`)
  if (server.store.supports.modSequences)
    out.untagged(`OK [HIGHESTMODSEQ ${mailbox.highestModSequence}] Highest`)
  // RFC 7162 §3.1.2.2: a mailbox without mod-sequences says so.
  else out.untagged('OK [NOMODSEQ] No mod-sequences here')
  if (enabled.has('IMAP4REV2')) out.untagged(`LIST () "/" ${out.mailbox(selected.name)}`)
}

/** CLOSE removes what is marked, without a word (RFC 9051 §6.4.1); where the account may not, nothing is removed. */
async function expungeSilently(session: ImapSession): Promise<void> {
  const { selected } = session
  if (selected === undefined || selected.isReadOnly) return
  const marked = await entriesMarkedDeleted(selected)
  if (marked.length === 0) return
  if (!hasAllRights(await session.mail.myRights(selected.name), 'e')) return
  await selected.mailbox.expunge(
    marked.map(({ uid }) => uid),
    { onlyDeleted: true },
  )
}

/** RFC 9051 §6.4.1 has no NO for CLOSE, which leaves the mailbox in any case: messages that stay are told of before. */
function tellFailure({ out, server, flow }: ImapSession, error: unknown): void {
  const result = resultOf(error)
  if (result === undefined) throw error
  if (isTrouble(error)) server.log.warn('unavailable', { session: flow.session.id, error })
  // Without the mailbox nothing stays.
  if (errorCode(error) !== 'MAIL_E_NOT_FOUND') out.untagged(resultText(result))
}
