import { demand } from './protocol-violation.ts'
import type { DataResponse } from './response.ts'
import { returnOptions, type SentCommand } from './sent-command.ts'

type SearchResponse = Extract<DataResponse, { readonly kind: 'esearch' }>

/** What is told for each option of RETURN; nothing else may be. */
const shownFor: Readonly<Record<string, string>> = {
  MIN: 'MIN',
  MAX: 'MAX',
  COUNT: 'COUNT',
  ALL: 'ALL',
  PARTIAL: 'PARTIAL',
  RELEVANCY: 'RELEVANCY',
}

/** Demands that an ESEARCH response answers one of these commands. */
export function demandAnswersSearch(
  response: SearchResponse,
  running: readonly SentCommand[],
  isContext: boolean,
): void {
  const command = running.find(({ tag }) => tag === response.tag)
  // RFC 5267 §4.3: changes of what an earlier search has found.
  if (command === undefined || response.updates.length > 0) {
    demand(isContext || command !== undefined, `ESEARCH for the tag ${response.tag}, which searches nothing`)
    return
  }
  // RFC 4731 §3.1: UID where UID SEARCH asked. RFC 7377 §2.1: always UIDs.
  const wantsUids = command.name.startsWith('UID ') || command.name === 'ESEARCH'
  demand(response.uid === wantsUids, `ESEARCH ${response.uid ? 'with' : 'without'} UID after ${command.name}`)
  demandAsked(response, command)
  demandConsistent(response, /SORT$/.test(command.name))
  if (command.name !== 'ESEARCH') return
  // RFC 7377 §2.1
  demand(
    response.mailbox !== undefined && response.uidValidity !== undefined,
    'ESEARCH without the correlators MAILBOX and UIDVALIDITY',
  )
}

function demandAsked(response: SearchResponse, command: SentCommand): void {
  const options = returnOptions(command) ?? []
  const asked = options.map((option) => shownFor[option]).filter((name) => name !== undefined)
  // RFC 4731 §3.1 and RFC 9051 §6.4.4: without an option ALL is meant.
  const isPlain = options.every((option) => !(option in shownFor) && option !== 'SAVE')
  const shown = response.names.filter((name) => name !== 'MODSEQ')
  for (const name of shown)
    demand(
      asked.includes(name) || (isPlain && name === 'ALL'),
      `ESEARCH tells ${name}, which nobody asked for`,
    )
  // COUNT and PARTIAL are told whatever was found.
  for (const name of ['COUNT', 'PARTIAL'])
    demand(!asked.includes(name) || shown.includes(name), `ESEARCH tells no ${name}`)
}

function demandConsistent(response: SearchResponse, isSorted: boolean): void {
  const { min, max, count, all, modSequence, names } = response
  const found = [min, max, all].filter((each) => each !== undefined).length
  if (count !== undefined) {
    // RFC 4731 §3.1: MIN, MAX and ALL are not told where nothing was found.
    demand(
      count > 0 || (found === 0 && modSequence === undefined),
      'ESEARCH tells of nothing, and of something',
    )
    if (all !== undefined)
      demand(
        all.reduce((sum, [low, high]) => sum + high - low + 1, 0) === count,
        `ESEARCH tells ${count} in COUNT and others in ALL`,
      )
  }
  // RFC 5267 §3.1: of what is sorted, MIN is the first, whatever its number.
  if (isSorted) return
  if (min !== undefined && max !== undefined) demand(min <= max, 'ESEARCH with MIN above MAX')
  if (all === undefined) return
  const lowest = Math.min(...all.map(([low]) => low))
  const highest = Math.max(...all.map(([, high]) => high))
  demand(
    min === undefined || min === lowest,
    `ESEARCH with a MIN that is not the first of ${names.join(', ')}`,
  )
  demand(
    max === undefined || max === highest,
    `ESEARCH with a MAX that is not the last of ${names.join(', ')}`,
  )
}
