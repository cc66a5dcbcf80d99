import type { QueueItem, QueueManagement, QueueSelection } from '../../services/queue.ts'
import type { Output } from '../output.ts'

/** A part of a list. */
export interface ListedPage {
  readonly items: readonly QueueItem[]
  readonly isLast: boolean
  /** Of the last one: the place after which there are more. */
  readonly next?: string
}

const pageSize = 500

/** What a queue lists, page by page, up to a limit: memory holds one page, however much waits. */
export async function* listedPages(
  service: Pick<QueueManagement, 'list'>,
  selection: QueueSelection,
  limit: number,
  after: string | undefined,
): AsyncGenerator<ListedPage> {
  let [left, place] = [limit, after]
  for (;;) {
    // One more than is wanted tells whether there are more.
    const wanted = Math.min(left + 1, pageSize)
    const found = await service.list(selection, wanted, place)
    const items = found.slice(0, left)
    place = items.at(-1)?.place ?? place
    left -= items.length
    const hasMore = found.length > items.length
    const isLast = hasMore || found.length < wanted
    yield { items, isLast, ...(hasMore && place !== undefined ? { next: place } : {}) }
    if (isLast) return
  }
}

/** Writes at the pace of whoever reads. */
export function writerTo(output: Output): (text: string) => Promise<void> {
  const { octets } = output
  if (octets === undefined) return async (text) => output.stdout(text)
  return (text) => octets(Buffer.from(text))
}

/** Writes something for a reader who may leave before its end, as `head` does. */
export async function untilClosed(write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
