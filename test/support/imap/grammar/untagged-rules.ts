import { demand } from './protocol-violation.ts'
import type { DataResponse } from './response.ts'
import { isSearch, returnOptions, type SentCommand, wantsExtendedSearch } from './sent-command.ts'

/** What a session is at, as far as it decides which untagged responses may come. */
export interface SessionState {
  phase: 'greeting' | 'not authenticated' | 'authenticated' | 'selected' | 'logout'
  rev2: boolean
  condstore: boolean
  qresync: boolean
  uidOnly: boolean
  metadata: boolean
  /** What NOTIFY SET asked for, in upper case; undefined for none. */
  notify: string | undefined
  /** Tags of searches that asked for UPDATE (RFC 5267 §4.3). */
  readonly contexts: Set<string>
}

type Rule = (running: readonly SentCommand[], state: SessionState, response: DataResponse) => boolean

const during =
  (...names: readonly string[]): Rule =>
  (running) =>
    running.some(({ name }) => names.includes(name))

/** Of a mailbox that is selected or is being selected. */
const whileSelected: Rule = (running, { phase }) =>
  phase === 'selected' || running.some(({ name }) => name === 'SELECT' || name === 'EXAMINE')

const listReturning =
  (option: string): Rule =>
  (running) =>
    running.some((command) => command.name === 'LIST' && returnOptions(command)?.includes(option) === true)

const any =
  (...rules: readonly Rule[]): Rule =>
  (running, state, response) =>
    rules.some((rule) => rule(running, state, response))

const withNotify: Rule = (running, { notify }) =>
  notify !== undefined || running.some(({ name }) => name === 'NOTIFY')

// RFC 9051 §6.3.4 and those around it: LIST tells of a name that the server has changed, or that it has a new attribute.
const naming: Rule = (running, { rev2 }) =>
  rev2 &&
  running.some(({ name }) =>
    /^(SELECT|EXAMINE|CREATE|DELETE|RENAME|SUBSCRIBE|UNSUBSCRIBE|STATUS)$/.test(name),
  )

/** An EXPUNGE may come (RFC 9051 §7.5.1, RFC 7162 §3.2.10, RFC 5465 §5.3). */
const whereNumbersMayShift: Rule = (running, { notify }) => {
  if (notify !== undefined && /\(SELECTED \((?:[^()]|\([^()]*\))*MESSAGEEXPUNGE/.test(notify)) return true
  return running.some(({ name }) => !/^(FETCH|STORE|SEARCH|CLOSE|UNSELECT|SELECT|EXAMINE)$/.test(name))
}

const whereShown: Readonly<Record<DataResponse['kind'], Rule>> = {
  capability: () => true,
  enabled: during('ENABLE'),
  flags: whileSelected,
  exists: whileSelected,
  recent: whileSelected,
  fetch: (running, state, response) =>
    whileSelected(running, state, response) && response.kind === 'fetch' && response.byUid === state.uidOnly,
  expunge: (running, state, response) =>
    whileSelected(running, state, response) &&
    whereNumbersMayShift(running, state, response) &&
    !state.qresync &&
    !state.uidOnly,
  vanished: (running, state, response) => {
    if (response.kind !== 'vanished' || !whileSelected(running, state, response)) return false
    if (response.earlier) return running.some(({ text }) => /\b(QRESYNC|VANISHED)\b/.test(text))
    return (state.qresync || state.uidOnly) && whereNumbersMayShift(running, state, response)
  },
  list: any(during('LIST', 'XLIST'), withNotify, naming),
  lsub: during('LSUB'),
  'status-data': any(during('STATUS'), listReturning('STATUS'), withNotify),
  search: (running, { rev2 }) =>
    running.some((command) => isSearch(command) && !wantsExtendedSearch(command, rev2)),
  sort: during('SORT', 'UID SORT'),
  thread: during('THREAD', 'UID THREAD'),
  esearch: (running, state, response) =>
    running.some((command) => wantsExtendedSearch(command, state.rev2)) ||
    (response.kind === 'esearch' && state.contexts.has(response.tag?.toUpperCase() ?? '')),
  namespace: during('NAMESPACE'),
  id: during('ID'),
  acl: during('GETACL'),
  listrights: during('LISTRIGHTS'),
  myrights: any(during('MYRIGHTS'), listReturning('MYRIGHTS')),
  quota: during('GETQUOTA', 'GETQUOTAROOT', 'SETQUOTA'),
  quotaroot: during('GETQUOTAROOT'),
  metadata: (running, state, response) =>
    during('GETMETADATA')(running, state, response) ||
    listReturning('METADATA')(running, state, response) ||
    (response.kind === 'metadata' &&
      response.values === undefined &&
      (state.metadata || state.notify !== undefined)),
  language: during('LANGUAGE'),
  comparator: during('COMPARATOR'),
  jmapaccess: during('GETJMAPACCESS'),
}

/** What may be told before the login (RFC 9051 §11.3). */
const beforeLogin: readonly DataResponse['kind'][] = ['capability', 'id', 'language']

/** Demands that a server may send an untagged response now, while these commands run. */
export function demandAllowed(
  response: DataResponse,
  running: readonly SentCommand[],
  state: SessionState,
): void {
  const names = running.map(({ name }) => name).join(', ') || 'no command'
  const what = `an untagged response (${response.kind}) while ${names} runs, ${state.phase}`
  const isKnownEarly = beforeLogin.includes(response.kind)
  demand(state.phase !== 'greeting' && state.phase !== 'logout', what)
  demand(state.phase !== 'not authenticated' || isKnownEarly, what)
  demand(whereShown[response.kind](running, state, response), what)
  if (response.kind === 'fetch') demandComplete(response, running, state)
}

type FetchResponse = Extract<DataResponse, { readonly kind: 'fetch' }>

/** Demands what every FETCH response tells, whatever was asked for. */
function demandComplete(
  { items, byUid }: FetchResponse,
  running: readonly SentCommand[],
  { condstore, qresync, rev2 }: SessionState,
): void {
  demand(items.modSequence === undefined || condstore, 'MODSEQ, and nobody asked for any')
  // RFC 9051 §6.4.9: FETCH responses that a UID command causes have the UID.
  const isByUid = running.length > 0 && running.every(({ name }) => /^UID (FETCH|STORE)$/.test(name))
  demand(!isByUid || byUid || items.uid !== undefined, 'FETCH by a UID command, and it tells no UID')
  // RFC 9051 §7.5.2: so have those that nobody asked for.
  const isAsked = running.some(({ name }) => /(FETCH|STORE)$/.test(name))
  demand(
    !rev2 || isAsked || byUid || items.uid !== undefined,
    'FETCH that nobody asked for, and it tells no UID',
  )
  // RFC 7162 §3.1, §3.2.4: of changes, whoever made them, the mod-sequence is told, and the UID by a server with QRESYNC.
  if (!condstore || items.flags === undefined || running.some(({ name }) => name.endsWith('FETCH'))) return
  demand(items.modSequence !== undefined, 'FETCH tells of a change, and no MODSEQ')
  demand(!qresync || byUid || items.uid !== undefined, 'FETCH tells of a change, and no UID')
}
