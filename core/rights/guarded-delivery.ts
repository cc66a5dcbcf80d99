import type { Content } from '../model/content.ts'
import type { Appended, AppendMessage, StagedMessage, StageOptions } from '../services/store.ts'
import { type AccessGuard, denied, refusal } from './access-guard.ts'
import { permittedFlags } from './flag-rights.ts'
import {
  demandParent,
  findNew,
  isMissing,
  mayNeedList,
  requireMakeable,
  stagedWithLists,
} from './mailbox-changes.ts'
import { allows } from './operations.ts'

/**
 * See `AccountStore.stage`. Mail that comes in needs `i` or `p`, everything else `i`; flags beyond the rights are left out
 * (RFC 4314 §4). Rights are asked for here: what is staged can be committed.
 */
export async function stageMessage(
  guard: AccessGuard,
  name: string,
  content: Content,
  options: StageOptions,
): Promise<StagedMessage> {
  const create = options.create === true
  const { lists } = guard.sharing
  const located = create ? await findNew(guard, name) : await guard.find(name)
  const withList = create && (await mayNeedList(lists, located))
  const missing = withList && (await isMissing(located))
  // What is made has the list of the mailbox above it.
  const rights = missing ? await demandParent(guard, located) : await guard.rightsTo(located)
  if (!allows(rights, options.cause === 'delivery' ? 'deliver' : 'append'))
    throw create ? denied() : refusal(rights)
  const flags = permittedFlags(options.flags ?? [], rights)
  const { owner, mailbox } = located
  if (create && mailbox.includes('.') && (await isMissing(located))) requireMakeable(mailbox)
  // Who may put mail into a mailbox of somebody else need not be one who may make it anew.
  const makes = create && (missing || !withList || located.space === 'personal')
  const staged = await owner.store.stage(mailbox, content, { ...options, flags, create: makes })
  return makes && withList ? stagedWithLists(lists, located, staged) : staged
}

/** What `AccountStore.append` is asked for. */
export interface AppendRequest {
  readonly mailbox: string
  readonly messages: readonly AppendMessage[]
  readonly origin: string | undefined
  readonly freed: number | undefined
}

/** See `AccountStore.append`. Flags beyond the rights are left out (RFC 4314 §4). */
export async function appendMessages(
  guard: AccessGuard,
  { mailbox, messages, origin, freed }: AppendRequest,
): Promise<Appended> {
  const located = await guard.find(mailbox)
  const rights = await guard.demand(located, 'append')
  const permitted = messages.map((message) => ({
    ...message,
    flags: permittedFlags(message.flags ?? [], rights),
  }))
  return located.owner.store.append(located.mailbox, permitted, origin, freed)
}
