import { appendFileSync, readFileSync } from 'node:fs'
import {
  bufferContent,
  createMessage,
  definePlugin,
  notQueued,
  type PluginFactory,
  type Queue,
  type QueueDestination,
  type QueueGroup,
  type QueueItem,
  type QueueManagement,
  type QueueTotal,
  queue,
  readOptions,
} from 'mailwright'

/** What a queue is said to hold; as JSON in a file, so that commands in any process see it. */
export interface ListedQueue {
  readonly items: readonly QueueItem[]
  readonly total: QueueTotal
  readonly destinations: readonly QueueDestination[]
  /** What it is spread over. */
  readonly groups?: readonly QueueGroup[]
  /** Ids of those of whom nobody can tell anything. */
  readonly damaged?: readonly string[]
  /** Ids of those that cannot be read now. */
  readonly unread?: readonly string[]
  /** Messages by id, one character an octet. */
  readonly messages: Readonly<Record<string, string>>
}

/** Provides `queue` from what a file lists, and notes each call, one JSON array a line, in the file `<file>.calls`. */
export const listedQueue: PluginFactory<{ file: string }> = definePlugin({
  name: 'listed-queue',
  provides: [queue],
  parseOptions(input) {
    const read = readOptions(input)
    return read.done({ file: read.string('file') })
  },
  setup({ provide }, { file }) {
    const supports = { retries: true, manageable: true }
    provide(queue, { supports, accept: async () => [], ...managementOf(file) } satisfies Queue)
  },
})

function managementOf(file: string): QueueManagement {
  const listed = (): ListedQueue => JSON.parse(readFileSync(file, 'utf8'), revive) as ListedQueue
  const note = (...call: readonly unknown[]): void =>
    appendFileSync(`${file}.calls`, `${JSON.stringify(call)}\n`)
  const known = (id: string): QueueItem => listed().items.find((item) => item.id === id) ?? notQueued(id)
  const change =
    (name: string): QueueManagement['hold'] =>
    async (selection = {}, reason) => {
      note(name, selection, ...(reason === undefined ? [] : [reason]))
      if (selection.id === undefined) return listed().items.length
      known(selection.id)
      return 1
    }
  return {
    async list(selection = {}, limit, after) {
      note('list', selection, limit, ...(after === undefined ? [] : [after]))
      const { id, state } = selection
      const isSelected = (item: QueueItem): boolean =>
        (id === undefined || item.id === id) && (state === undefined || item.state === state)
      const { items } = listed()
      const from = after === undefined ? 0 : items.findIndex(({ place }) => place === after) + 1
      return items.slice(from).filter(isSelected).slice(0, limit)
    },
    show: async (id) => listed().items.find((item) => item.id === id),
    async message(id) {
      const text = listed().messages[known(id).id] ?? notQueued(id)
      return createMessage(bufferContent(Buffer.from(text, 'latin1')))
    },
    statistics: async (limit) => {
      const { total, destinations } = listed()
      return { total, destinations: destinations.slice(0, limit) }
    },
    distribution: async (by, selection, limit) => {
      note('distribution', by, selection, limit)
      const { total, groups = [] } = listed()
      return { total, found: groups.length, groups: groups.slice(0, limit) }
    },
    flush: change('flush'),
    requeue: change('requeue'),
    hold: change('hold'),
    release: change('release'),
    remove: change('remove'),
    async bounce(selection, untold) {
      const count = await change('bounce')(selection)
      const { damaged = [], unread = [] } = listed()
      const meant = damaged.filter((id) => selection.id === undefined || selection.id === id)
      for (const id of meant) untold?.(id, 'damaged')
      for (const id of unread) untold?.(id, 'unread')
      return count - meant.length
    },
    async redirect(id, from, to) {
      known(id)
      note('redirect', id, from, to)
    },
  }
}

/** Times come back as what they were. */
function revive(_name: string, value: unknown): unknown {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value
}
