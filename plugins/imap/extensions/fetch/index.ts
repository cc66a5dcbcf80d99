import type { ImapCommand, ImapExtension } from 'mailwright/imap'
import { bad } from '../../engine/result.ts'
import { fetchItems } from './items.ts'
import { FetchRequest } from './request.ts'
import { runFetch } from './run.ts'

const command: ImapCommand = {
  states: ['selected'],
  keepsNumbers: true,
  async run(call) {
    const { selected } = call.session
    if (selected === undefined) return bad('No mailbox is selected')
    return runFetch(new FetchRequest(call, selected))
  },
}

/** FETCH and UID FETCH (RFC 9051 §6.4.5, §6.4.9), with modifiers (RFC 4466 §2.4) and BINARY (RFC 3516). */
export const fetch: ImapExtension = {
  name: 'fetch',
  capabilities: ({ state }) => (state === 'not authenticated' ? [] : ['BINARY']),
  commands: { FETCH: command, 'UID FETCH': command },
  fetchItems,
}
