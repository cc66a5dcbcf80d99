import { demand } from './protocol-violation.ts'
import type { DataResponse, StatusResponse } from './response.ts'
import { isSearch, returnOptions, type SentCommand, wantsExtendedSearch } from './sent-command.ts'

/** What was told while a command ran: kinds of data, and `OK CODE` for responses with codes. */
export type Told = ReadonlySet<string>

/** What a command that succeeds must have told, by its name. */
const requiredData: Readonly<Record<string, DataResponse['kind']>> = {
  CAPABILITY: 'capability',
  ENABLE: 'enabled',
  NAMESPACE: 'namespace',
  ID: 'id',
  STATUS: 'status-data',
  GETACL: 'acl',
  LISTRIGHTS: 'listrights',
  MYRIGHTS: 'myrights',
  GETQUOTA: 'quota',
  GETQUOTAROOT: 'quotaroot',
  GETJMAPACCESS: 'jmapaccess',
}

/** Demands that a command is answered in a way that is permitted: UNAUTHENTICATE never NO (RFC 8437 §3). */
export function demandAnswered({ name }: SentCommand, { condition }: StatusResponse): void {
  demand(name !== 'UNAUTHENTICATE' || condition !== 'NO', 'UNAUTHENTICATE is answered NO')
}

/** Demands that a command which succeeded has told what it must. */
export function demandTold(command: SentCommand, told: Told, rev2: boolean): void {
  const { name } = command
  const required = requiredData[name]
  demand(required === undefined || told.has(required), `${name} told nothing`)
  if (isSearch(command)) demandSearched(command, told, rev2)
  // RFC 9051 §6.1.3: BYE comes before the tagged OK.
  if (name === 'LOGOUT') demand(told.has('BYE '), 'LOGOUT without BYE')
}

function demandSearched(command: SentCommand, told: Told, rev2: boolean): void {
  const { name } = command
  if (!wantsExtendedSearch(command, rev2))
    demand(told.has(name.replace('UID ', '').toLowerCase()), `${name} told nothing`)
  // RFC 7377 §2.1: nothing where nothing was found. RFC 5182 §2.1: SAVE alone is answered by nothing.
  else if (name !== 'ESEARCH' && returnOptions(command)?.join() !== 'SAVE')
    demand(told.has('esearch'), `${name} told nothing`)
}

/** Demands the mod-sequences of a session with QRESYNC (RFC 7162 §3.2.7, §3.2.8, §3.2.9). */
export function demandModSequence(command: SentCommand, { code }: StatusResponse, told: Told): void {
  const isTold = code?.name === 'HIGHESTMODSEQ'
  if (command.name === 'CLOSE') demand(!isTold, 'CLOSE tells HIGHESTMODSEQ')
  if (/^(UID )?EXPUNGE$/.test(command.name) && told.has('vanished'))
    demand(isTold, `${command.name} told VANISHED, and no HIGHESTMODSEQ in its tagged response`)
}
